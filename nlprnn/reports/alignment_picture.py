"""Pictures of maps of weights between the words of a source and of a target, below each other.

matplotlib is imported in the functions that draw, so that this module costs nothing where nobody draws.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nlprnn.reports.colours import shades
from nlprnn.reports.page import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Map = tuple[Sequence[str], Sequence[str], Sequence[Sequence[float]]]  # source, target, weights[target][source]

# Measures, in inches where nothing else is said.
CELL = 0.42  # of a square
LARGEST = 20.0  # of a map: beyond some 48 words its squares shrink, and their words with them
LETTERS = 0.5  # height of the words' font, in squares
GAP = 0.22  # between the words and the map, in squares
MARGIN = 0.15
BETWEEN = 0.45  # from one map to the next
BAR = (0.2, 0.14, 1.3)  # the scale: how far from the first map, its width and height
BESIDE = 0.75  # what it takes beside the map, with its words
SMALL = 9.0  # points, of the scale's words and the note
LONGEST_WORD = 28  # characters, so that an address leaves room for the map
DOTS_PER_INCH = 200
GRID, INK, MUTED = "#dfe3ea", "#1b1e24", "#5b6270"
FONTS = (  # the first comes with matplotlib and has most alphabets; those after it, where installed, fill its gaps
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans",
    "Arial Unicode MS",
)
DIAGONAL = 0.5**0.5  # of a square: how far along a word goes that stands at 45 degrees


def draw_maps(path: Path, kind: str, maps: Sequence[Map], note: str) -> None:
    """Write one picture of all maps and a note below them; `kind` is png, svg or pdf. The same maps, the same file."""
    import matplotlib

    literal = matplotlib.rc_context(
        {"text.usetex": False, "text.parse_math": False, "pdf.fonttype": 42, "svg.hashsalt": "nlprnn"}
    )
    undated: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with literal, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)  # drawn as a box
        _figure(maps, note).savefig(path, format=kind, dpi=DOTS_PER_INCH, metadata=undated.get(kind))


@dataclass(frozen=True)
class _Panel:
    """One map with its words as they are drawn, and the room around it that they take, in inches."""

    source: list[str]
    target: list[str]
    weights: np.ndarray  # (target, source)
    cell: float
    turned: bool  # whether source words stand at 45 degrees, being too long to stand side by side
    left: float
    above: float
    right: float

    @property
    def height(self) -> float:
        return len(self.target) * self.cell


def _figure(maps: Sequence[Map], note: str) -> Figure:
    """Maps below each other, their left edges in line, and the scale beside the first."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    fonts = _fonts()
    panels = [_panel(figure, fonts, *one) for one in maps]
    heights = [panel.above + max(panel.height, 0 if place else BAR[2]) for place, panel in enumerate(panels)]
    rows = [*heights, *([SMALL / 72] if note else [])]
    left = MARGIN + max((panel.left for panel in panels), default=0.0)
    width = left + max((len(panel.source) * panel.cell + panel.right for panel in panels), default=2.0) + MARGIN
    height = sum(rows) + BETWEEN * (len(rows) - 1) + 2 * MARGIN
    figure.set_size_inches(width, height)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))  # its coordinates are inches of the picture
    axes.set_axis_off()
    top = MARGIN
    for place, panel in enumerate(panels):
        _draw_map(axes, fonts, panel, left, top + panel.above)
        if not place:
            _draw_scale(axes, fonts, left + len(panel.source) * panel.cell + BAR[0], top + panel.above)
        top += heights[place] + BETWEEN
    axes.text(left if panels else MARGIN, top, note, fontsize=SMALL, family=fonts, color=MUTED, va="top")
    return figure


def _panel(
    figure: Figure, fonts: list[str], source: Sequence[str], target: Sequence[str], weights: Sequence[Sequence[float]]
) -> _Panel:
    """The words of a map, measured."""
    rows, columns = ([_drawable(word) for word in words] for words in (target, source))
    cell = min(CELL, LARGEST / max(len(rows), len(columns)))
    points = 72 * LETTERS * cell
    widths = _widths(figure, fonts, columns, points)
    turned = max(widths) > 0.9 * cell
    above = (GAP + LETTERS) * cell
    out = 0.0  # how far the words stand out at the end of the map
    if turned:
        above = GAP * cell + DIAGONAL * (max(widths) + LETTERS * cell)
        out = max((place + 0.5 + LETTERS) * cell + DIAGONAL * width for place, width in enumerate(widths))
        out -= len(columns) * cell
    left = max(_widths(figure, fonts, rows, points)) + GAP * cell
    shares = np.array(weights, dtype=np.float64).clip(0, 1)
    return _Panel(columns, rows, shares, cell, turned, left, above, max(out, BESIDE))


def _draw_map(axes: Axes, fonts: list[str], panel: _Panel, left: float, top: float) -> None:
    """The squares, from their left upper corner on, with words above and on the left."""
    cell, (rows, columns) = panel.cell, panel.weights.shape
    colours = shades(panel.weights.ravel()).reshape(rows, columns, 3)
    across, down = left + cell * np.arange(columns + 1), top + cell * np.arange(rows + 1)
    axes.pcolormesh(across, down, colours, edgecolors=GRID, linewidth=1.4 * cell)
    style: dict[str, Any] = {"fontsize": 72 * LETTERS * cell, "family": fonts, "color": INK}
    for place, word in enumerate(panel.target):
        axes.text(left - GAP * cell, top + (place + 0.5) * cell, word, ha="right", va="center_baseline", **style)
    start = 0.5  # of a source word, in squares
    if panel.turned:
        start = 0.42  # what is seen as its start is its lowest letter's foot, further right
        style |= {"rotation": 45, "rotation_mode": "anchor", "ha": "left", "va": "center_baseline"}
    else:
        style |= {"ha": "center", "va": "baseline"}
    for place, word in enumerate(panel.source):
        axes.text(left + (place + start) * cell, top - GAP * cell, word, **style)


def _draw_scale(axes: Axes, fonts: list[str], left: float, top: float) -> None:
    """What the shades mean, from 1 at the top down to 0."""
    _, width, height = BAR
    colours = shades(np.linspace(1, 0, 256))[:, None]  # (256, 1, 3)
    axes.imshow(colours, extent=(left, left + width, top + height, top), aspect="auto", interpolation="bilinear")
    corners = [left, left + width, left + width, left, left], [top, top, top + height, top + height, top]
    axes.plot(*corners, color=GRID, linewidth=0.6)
    style: dict[str, Any] = {"fontsize": SMALL, "family": fonts, "color": MUTED}
    right = left + width + 0.06
    axes.text(right, top, "1", va="top", **style)
    axes.text(right, top + height, "0", va="bottom", **style)
    axes.text(right, top + height / 2, "attention", rotation=90, va="center", **style)


def _widths(figure: Figure, fonts: list[str], words: Iterable[str], points: float) -> list[float]:
    """How wide words are when written, in inches."""
    widths = []
    for word in words:
        text = figure.text(0, 0, word, fontsize=points, family=fonts)
        widths.append(text.get_window_extent().width / figure.dpi)
        text.remove()
    return widths


def _fonts() -> list[str]:
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return [name for name in FONTS if name in installed]


def _drawable(word: str) -> str:
    """The word composed, so that an accent is one sign with its letter, and cut where it is absurdly long."""
    word = visible(unicodedata.normalize("NFC", word))
    return word if len(word) <= LONGEST_WORD else word[: LONGEST_WORD - 1] + "…"
