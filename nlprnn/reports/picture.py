"""The plots of `svg_plot` as PNG pictures, drawn by matplotlib; it is imported in the functions that draw."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from nlprnn.reports.svg_plot import COLOURS, Axis, Plot, Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INCHES = (6.4, 4.2)
DOTS_PER_INCH = 200
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ((0, (5, 3)), (0, (1.5, 3)), (0, (7, 2, 1.5, 2)))
INK, MUTED, GRID = "#1b1e24", "#5b6270", "#d9dde5"
SIDE = 0.05  # room beside the first and the last point, as a share of the axis
BAND = 0.15  # how much of a band's colour is seen
DODGE = 0.002  # of the axis, for each unit that series stand beside each other in the drawing


def png_file(plot: Plot) -> bytes:
    """The plot on white, with a legend below. The same plot, the same file."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"text.usetex": False, "text.parse_math": False, "text.color": INK, "font.size": 10}):
        figure = Figure(figsize=INCHES, dpi=DOTS_PER_INCH, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.set_title(plot.title, loc="left", fontsize=11)
        across = Scale.over(plot.x, plot.places(), 0.0, 1.0)
        _draw_axis(axes, "x", plot.x, across, SIDE)
        _draw_axis(axes, "y", plot.y, Scale.over(plot.y, plot.heights(), 0.0, 1.0), 0.0)
        _draw_frame(axes, plot)
        for place in range(len(plot.series)):
            _draw_series(axes, plot, place, across)
        if len(plot.series) > 1:
            figure.legend(loc="outside lower center", ncols=3, frameon=False, handlelength=3.2)
        stream = io.BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def _draw_axis(axes: Axes, name: str, told: Axis, scale: Scale, side: float) -> None:
    if told.log:
        times = (scale.high / scale.low) ** side
        axes.set(**{f"{name}scale": "log", f"{name}lim": (scale.low / times, scale.high * times)})
    else:
        room = side * (scale.high - scale.low)
        axes.set(**{f"{name}lim": (scale.low - room, scale.high + room)})
    ticks = scale.ticks(8)
    axis = axes.xaxis if name == "x" else axes.yaxis
    axis.set_ticks([value for value, _ in ticks], [label for _, label in ticks])
    axis.set_ticks([], minor=True)  # on a logarithmic axis matplotlib would number them too
    axis.set_label_text(told.label)


def _draw_frame(axes: Axes, plot: Plot) -> None:
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(colors=MUTED)
    axes.set_axisbelow(True)
    for value, told in plot.y.marks:
        axes.axhline(value, color=MUTED, linewidth=0.8, linestyle=(0, (1, 3)))
        at = (0.995, value)
        axes.annotate(told, at, xycoords=("axes fraction", "data"), ha="right", va="bottom", color=MUTED, size=9)


def _draw_series(axes: Axes, plot: Plot, place: int, across: Scale) -> None:
    one, look = plot.series[place], plot.looks()[place]
    colour = MUTED if one.reference else COLOURS[look % len(COLOURS)]
    style = DASHES[look % len(DASHES)] if one.reference else "-"
    points = [point for point in one.points if not plot.y.log or point.y > 0]
    xs = [_aside(across, point.x, DODGE * plot.dodge * (place - (len(plot.series) - 1) / 2)) for point in points]
    axes.plot(
        xs,
        [point.y for point in points],
        label=one.name,
        color=colour,
        linestyle=style if one.line else "none",
        marker="" if one.dense else MARKERS[look % len(MARKERS)],
        markerfacecolor="white" if one.reference else colour,
        clip_on=one.dense,
    )
    ends = [
        (x, point.low, point.high)
        for x, point in zip(xs, points, strict=True)
        if point.low is not None and point.high is not None
    ]
    if one.dense:
        at, lows, highs = ([end[part] for end in ends] for part in range(3))
        axes.fill_between(at, lows, highs, color=colour, alpha=BAND, linewidth=0)
        return
    for x, low, high in ends:
        axes.plot([x, x], [low, high], color=colour, linewidth=1.2, marker="_", markersize=5)


def _aside(across: Scale, value: float, share: float) -> float:
    """A place moved by a share of the axis."""
    if across.axis.log:
        return float(value * (across.high / across.low) ** share)
    return value + share * (across.high - across.low)
