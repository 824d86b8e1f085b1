"""Tables of shares as PNG pictures, drawn by matplotlib; it is imported in the functions that draw."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np

from nlprnn.reports.colours import DEEP, shades
from nlprnn.reports.heat import Heat
from nlprnn.reports.picture import DOTS_PER_INCH, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELL = (0.75, 0.42)  # inches
AROUND = (2.2, 1.2)  # inches, for titles and names
FRAME = "#e8590c"


def heat_file(heat: Heat) -> bytes:
    """The table on white. The same table, the same file."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    size = (AROUND[0] + CELL[0] * len(heat.columns), AROUND[1] + CELL[1] * len(heat.rows))
    with matplotlib.rc_context({"text.usetex": False, "text.parse_math": False, "text.color": INK, "font.size": 10}):
        figure = Figure(figsize=size, dpi=DOTS_PER_INCH, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.set_title(heat.title, loc="left", fontsize=11)
        _draw_heat(axes, heat)
        stream = io.BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def _draw_heat(axes: Axes, heat: Heat) -> None:
    from matplotlib.patches import Rectangle

    shares = np.array([[math.nan if share is None else share for share in row] for row in heat.shares])
    colours = shades(np.nan_to_num(shares).ravel().clip(0, 1)).reshape(*shares.shape, 3)
    axes.imshow(colours, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        told = "–" if math.isnan(share) else f"{100 * share:.0f}"
        ink = "white" if share >= DEEP else "black"
        axes.text(column, row, told, ha="center", va="center", color=ink, fontsize=9)
        if heat.is_framed(row, column):
            corner = (column - 0.46, row - 0.46)
            axes.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, edgecolor=FRAME, linewidth=1.6))
    axes.set_xticks(range(len(heat.columns)), heat.columns)
    axes.set_yticks(range(len(heat.rows)), heat.rows)
    axes.set_xlabel(heat.column_label, color=INK)
    axes.set_ylabel(heat.row_label, color=INK)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
