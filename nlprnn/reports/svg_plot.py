"""Plots of points, lines and intervals as inline SVG: for pages, and as files of their own. Knows nothing of what it
shows.

A plot is drawn small, for a phone, and grows with the page. Series differ in colour, in the shape of their points, and
references in dashes too, so that colours need not be told apart; each is named at its end and in the legend. Colours
follow the page's, light, dark or on paper.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nlprnn.reports.page import Html, join, tag
from nlprnn.reports.spacing import spread

WIDTH, HEIGHT = 480.0, 320.0  # units of the drawing; a letter is 13 or 14 high
LEFT, TOP, BOTTOM = 60.0, 14.0, 48.0  # margins
LETTER = 7.0  # mean width of one of the small letters
LINE = 17.0  # from one name at the end of a series to the next
LONGEST_NAME = 17  # letters, at the end of a series; the legend has all
INSIDE = 10.0  # from the frame to the first and the last point
COLOURS = ("#0b62a8", "#c2410c", "#00795a", "#a3347a", "#76590a", "#4d4ab0")  # each 4.5 : 1 or more on white
DARK_COLOURS = ("#70bbff", "#ff9d6b", "#4fcfa5", "#f29bd2", "#dcc05c", "#b0aeff")
MARKS = (  # as paths around the point
    "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",
    "M-3.6,-3.6h7.2v7.2h-7.2z",
    "M0,-4.8L4.8,3.6H-4.8z",
    "M0,-5L5,0L0,5L-5,0z",
    "M0,4.8L4.8,-3.6H-4.8z",
    "M-4.5,-1.5h3v-3h3v3h3v3h-3v3h-3v-3h-3z",
)
DASHES = ("6 4", "2 4", "9 3 2 3")  # of references

INKS = "--paper: #fff; --ink: #1b1e24; --muted: #5b6270; --line: #d9dde5;"  # of a file that stands alone
_CLASSES = " ".join(f".plot .c{place} {{ --c: {colour}; }}" for place, colour in enumerate(COLOURS))
_DARK = " ".join(f".plot .c{place} {{ --c: {colour}; }}" for place, colour in enumerate(DARK_COLOURS))
DRAWN = f"""
.plot text {{ font: 14px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  fill: var(--ink); stroke: none; }}
.plot .tick, .plot .note {{ fill: var(--muted); font-size: 13px; }}
.plot .grid {{ stroke: var(--line); stroke-width: 1; }}
.plot .mark {{ stroke: var(--muted); stroke-width: 1; stroke-dasharray: 1 3; }}
.plot .reference {{ --c: var(--muted); }}
.plot .stroke {{ stroke: var(--c); stroke-width: 2; fill: none; stroke-linejoin: round; }}
.plot .band {{ fill: var(--c); opacity: .15; stroke: none; }}
.plot .bar {{ stroke: var(--c); stroke-width: 1.3; opacity: .75; }}
.plot .point {{ fill: var(--c); stroke: var(--c); stroke-width: 1; }}
.plot .reference .point {{ fill: var(--paper); stroke-width: 1.6; }}
.plot .lead {{ stroke: var(--c); stroke-width: .8; opacity: .6; }}
.plot .name {{ fill: var(--c); font-size: 13px; font-weight: 600; }}
.plot .touch {{ fill: transparent; stroke: none; }}
{_CLASSES}
"""
STYLE = f"""{DRAWN}
figure {{ margin: 0 0 1.25rem; max-width: 38rem; break-inside: avoid; }}
.plot svg {{ display: block; width: 100%; height: auto; overflow: visible; }}
figcaption {{ margin: 0 0 .25rem; font-weight: 600; }}
.legend {{ list-style: none; margin: .25rem 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: .1rem 1.1rem;
  font-size: .9rem; overflow-wrap: anywhere; }}
.legend li {{ display: flex; align-items: center; gap: .4rem; }}
.plot .legend svg {{ flex: none; width: 30px; height: 14px; }}
@media screen and (prefers-color-scheme: dark) {{ {_DARK} }}
@media print {{ .plot {{ -webkit-print-color-adjust: exact; print-color-adjust: exact; }} }}
"""


@dataclass(frozen=True)
class Point:
    """A place in a plot; its interval, where it has one; and what is told of it to who points at it."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    title: str = ""


@dataclass(frozen=True)
class Series:
    """Points with one name, from left to right, and a line through them unless it would mean nothing."""

    name: str
    points: Sequence[Point]
    reference: bool = False  # something to hold the others against: grey, hollow and dashed
    line: bool = True
    dense: bool = False  # so many points that they are drawn as a line, and their intervals as a band


@dataclass(frozen=True)
class Axis:
    """What is measured, from `low` to `high`; None takes what the points need. `ticks` None are round numbers."""

    label: str
    low: float | None = None
    high: float | None = None
    log: bool = False  # what is not above 0 is then left out
    percent: bool = False  # shares, told in per cent
    ticks: Sequence[tuple[float, str]] | None = None
    marks: Sequence[tuple[float, str]] = ()  # lines across the plot, with a word each


@dataclass(frozen=True)
class Plot:
    """Series over two axes."""

    title: str
    x: Axis
    y: Axis
    series: Sequence[Series]
    dodge: float = 0.0  # units by which series stand beside each other where their points have the same x

    def places(self) -> list[float]:
        return [point.x for one in self.series for point in one.points]

    def heights(self) -> list[float]:
        """With the ends of intervals."""
        points = [point for one in self.series for point in one.points]
        return [y for point in points for y in (point.y, point.low, point.high) if y is not None]

    def names(self) -> list[str]:
        """What each series is called where there is little room; two of the same name get their numbers."""
        short = [_clipped(one.name) for one in self.series]
        return [
            name if short.count(name) == 1 else f"{_clipped(name, LONGEST_NAME - 3)} {place}"
            for place, name in enumerate(short, 1)
        ]

    def looks(self) -> list[int]:
        """The number of each series among those of its kind, which decides colour, mark and dashes."""
        seen = {False: 0, True: 0}
        found = []
        for one in self.series:
            found.append(seen[one.reference])
            seen[one.reference] += 1
        return found


@dataclass(frozen=True)
class Scale:
    """Numbers to units of the drawing: `low` to `start`, `high` to `end`."""

    axis: Axis
    low: float
    high: float
    start: float
    end: float

    @staticmethod
    def over(axis: Axis, values: Iterable[float], start: float, end: float) -> Scale:
        there = [value for value in values if math.isfinite(value) and (value > 0 or not axis.log)] or [1.0]
        low = min(there) if axis.low is None else axis.low
        high = max(there) if axis.high is None else axis.high
        if low >= high:
            low, high = (low / 2, high * 2) if axis.log else (low - 0.5, high + 0.5)
        return Scale(axis, low, high, start, end)

    def shows(self, value: float) -> bool:
        return math.isfinite(value) and (value > 0 or not self.axis.log)

    def place(self, value: float) -> float:
        """Where a value is drawn; one outside of the axis at its end."""
        low, high = self.low, self.high
        value = min(max(value, low), high)
        if self.axis.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Where the axis has numbers, and which."""
        if self.axis.ticks is not None:
            return list(self.axis.ticks)
        values = _powers(self.low, self.high, most) if self.axis.log else _round_numbers(self.low, self.high, most)
        return [(value, f"{100 * value:.4g} %" if self.axis.percent else _told(value)) for value in values]


def figure(plot: Plot) -> Html:
    """The plot for a page, with its title and, of more than one series, a legend."""
    names = [tag("li", _sample(one, look), one.name) for one, look in zip(plot.series, plot.looks(), strict=True)]
    legend = [tag("ul", *names, class_="legend")] if len(names) > 1 else []
    return tag("figure", tag("figcaption", plot.title), _drawing(plot), *legend, class_="plot")


def svg_file(plot: Plot) -> str:
    """The plot as a file of its own, on white."""
    style = tag("style", Html(f".plot {{ {INKS} }}{DRAWN}"))
    paper = tag("rect", width="100%", height="100%", style="fill: var(--paper)")
    return _drawing(plot, style, paper, xmlns="http://www.w3.org/2000/svg", class_="plot") + "\n"


def _drawing(plot: Plot, *before: Html, **attributes: str) -> Html:
    names = plot.names() if len(plot.series) > 1 else []
    right = WIDTH - 12 - LETTER * max(map(len, names), default=0) - (14 if names else 0)
    side = (len(plot.series) - 1) / 2 * plot.dodge + INSIDE
    across = Scale.over(plot.x, plot.places(), LEFT + side, right - side)
    up = Scale.over(plot.y, plot.heights(), HEIGHT - BOTTOM, TOP)
    drawn = [_draw_series(plot, place, across, up) for place in range(len(plot.series))]
    content = [*_frame(plot, across, up, right), *drawn, *_names(plot, names, across, up, right)]
    described = f"{plot.title}. {plot.y.label} against {plot.x.label}."
    return tag(
        "svg", *before, join(content, "\n"), viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}", role="img", aria_label=described,
        **attributes,
    )  # fmt: skip


def _frame(plot: Plot, across: Scale, up: Scale, right: float) -> Iterable[Html]:
    """Grid, numbers and labels."""
    for value, told in up.ticks(6):
        y = _unit(up.place(value))
        yield tag("line", class_="grid", x1=_unit(LEFT), x2=_unit(right), y1=y, y2=y)
        yield tag("text", told, class_="tick", x=_unit(LEFT - 6), y=y, text_anchor="end", dominant_baseline="central")
    floor = HEIGHT - BOTTOM
    for value, told in across.ticks(8):
        x = _unit(across.place(value))
        yield tag("line", class_="grid", x1=x, x2=x, y1=_unit(floor), y2=_unit(floor + 4))
        yield tag("text", told, class_="tick", x=x, y=_unit(floor + 17), text_anchor="middle")
    for value, told in plot.y.marks:
        height = up.place(value)
        yield tag("line", class_="mark", x1=_unit(LEFT), x2=_unit(right), y1=_unit(height), y2=_unit(height))
        yield tag("text", told, class_="note", x=_unit(right - 2), y=_unit(height - 4), text_anchor="end")
    middle = _unit((LEFT + right) / 2)
    yield tag("text", plot.x.label, x=middle, y=_unit(HEIGHT - 10), text_anchor="middle")
    centre = f"translate(13 {_unit((TOP + floor) / 2)}) rotate(-90)"
    yield tag("text", plot.y.label, transform=centre, text_anchor="middle")


def _draw_series(plot: Plot, place: int, across: Scale, up: Scale) -> Html:
    one, look = plot.series[place], plot.looks()[place]
    shown = [point for point in one.points if across.shows(point.x) and up.shows(point.y)]
    at = [(_beside(plot, place, across, point.x), up.place(point.y)) for point in shown]
    drawn = [_band(shown, at, up)] if one.dense else []
    if one.line and len(at) > 1:
        path = "M" + "L".join(f"{_unit(x)},{_unit(y)}" for x, y in at)
        drawn.append(tag("path", class_="stroke", d=path, **_dashes(one, look)))
    for point, (x, y) in zip(shown, at, strict=True) if not one.dense else ():
        drawn.append(_draw_point(point, x, y, up, MARKS[look % len(MARKS)]))
    return tag("g", *drawn, class_=_class(one, look))


def _band(points: Sequence[Point], at: Sequence[tuple[float, float]], up: Scale) -> Html:
    """The intervals of many points as one area; what has none takes no room in it."""
    low, high = (
        [
            f"{_unit(x)},{_unit(y if end is None or not up.shows(end) else up.place(end))}"
            for end, (x, y) in zip(ends, at, strict=True)
        ]
        for ends in ([point.low for point in points], [point.high for point in points])
    )
    return tag("path", class_="band", d=f"M{'L'.join([*high, *reversed(low)])}z" if points else "M0,0")


def _draw_point(point: Point, x: float, y: float, up: Scale, mark: str) -> Html:
    parts = [tag("title", point.title)] if point.title else []
    parts.append(tag("circle", class_="touch", cx=_unit(x), cy=_unit(y), r="9"))
    if point.low is not None and point.high is not None:
        low, high = (_unit(up.place(value)) for value in (point.low, point.high))
        ends = "".join(f"M{_unit(x - 3)},{end}h6" for end in (low, high))
        parts.append(tag("path", class_="bar", d=f"M{_unit(x)},{low}V{high}{ends}"))
    parts.append(tag("path", class_="point", d=mark, transform=f"translate({_unit(x)} {_unit(y)})"))
    return tag("g", *parts)


def _names(plot: Plot, names: Sequence[str], across: Scale, up: Scale, right: float) -> Iterable[Html]:
    """Each series' name at its end, moved up or down where two would meet."""
    ends = []
    for place, _ in enumerate(names):
        shown = [point for point in plot.series[place].points if across.shows(point.x) and up.shows(point.y)]
        if shown:
            last = max(shown, key=lambda point: point.x)
            ends.append((up.place(last.y), _beside(plot, place, across, last.x), place))
    ends.sort()
    for (y, x, place), height in zip(ends, spread([y for y, _, _ in ends], LINE, TOP, HEIGHT - BOTTOM), strict=True):
        one, look = plot.series[place], plot.looks()[place]
        bent = f"M{_unit(x + 6)},{_unit(y)}L{_unit(right + 8)},{_unit(height)}"
        lead = tag("path", class_="lead", d=bent, fill="none")
        at = {"x": _unit(right + 10), "y": _unit(height), "dominant_baseline": "central"}
        name = tag("text", names[place], class_="name", **at)
        yield tag("g", lead, name, class_=_class(one, look))


def _beside(plot: Plot, place: int, across: Scale, x: float) -> float:
    return across.place(x) + (place - (len(plot.series) - 1) / 2) * plot.dodge


def _sample(one: Series, look: int) -> Html:
    """How a series looks, for the legend."""
    line = [tag("path", class_="stroke", d="M0,7H30", **_dashes(one, look))] if one.line else []
    path = MARKS[look % len(MARKS)]
    mark = [] if one.dense else [tag("path", class_="point", d=path, transform="translate(15 7)")]
    return tag("svg", *line, *mark, viewBox="0 0 30 14", class_=_class(one, look), aria_hidden="true")


def _class(one: Series, look: int) -> str:
    return "reference" if one.reference else f"c{look % len(COLOURS)}"


def _dashes(one: Series, look: int) -> dict[str, str]:
    return {"stroke_dasharray": DASHES[look % len(DASHES)]} if one.reference else {}


def _round_numbers(low: float, high: float, most: int) -> list[float]:
    """At most `most` multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(power * times for times in (1, 2, 5, 10, 20) if (high - low) / (power * times) <= most - 1)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [step * number for number in range(first, last + 1)]


def _powers(low: float, high: float, most: int) -> list[float]:
    """Powers of ten, not all of them where there are many."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = max(1, math.ceil((last - first + 1) / most))
    return [10.0**power for power in range(first, last + 1, step)] or [low, high]


def _told(value: float) -> str:
    if value and not 1e-3 <= abs(value) < 1e6:
        mantissa, power = f"{value:.0e}".split("e")
        told = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"10{told}" if mantissa == "1" else f"{mantissa}·10{told}"
    return f"{value:.6g}"


def _unit(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _clipped(name: str, most: int = LONGEST_NAME) -> str:
    return name if len(name) <= most else name[: most // 2] + "…" + name[len(name) - (most - most // 2 - 1) :]
