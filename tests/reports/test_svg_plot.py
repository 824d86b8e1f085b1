"""Plots as SVG: where things stand, and what is said of them."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest

from nlprnn.reports.page import STYLE as PAGE
from nlprnn.reports.svg_plot import (
    COLOURS,
    DARK_COLOURS,
    HEIGHT,
    STYLE,
    WIDTH,
    Axis,
    Plot,
    Point,
    Scale,
    Series,
    figure,
    svg_file,
)

SHARE = Axis("share", 0.0, 1.0, percent=True, marks=((0.5, "half"),))


def plot(*series: Series, x: Axis | None = None, y: Axis = SHARE, dodge: float = 0.0) -> Plot:
    return Plot("A & <b>", x or Axis("steps"), y, series, dodge)


def drawn(one: Plot) -> ElementTree.Element:
    return ElementTree.fromstring(svg_file(one))


def named(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in root.iter() if element.get("class", "").split()[:1] == [name]]


def place(mark: ElementTree.Element) -> tuple[float, float]:
    x, y = re.findall(r"-?[\d.]+", mark.get("transform", ""))
    return float(x), float(y)


def test_points_stand_where_their_numbers_say() -> None:
    root = drawn(plot(Series("a", [Point(0, 0.0), Point(1, 0.5), Point(4, 1.0)])))
    (x0, y0), (x1, y1), (x4, y4) = map(place, named(root, "point"))
    assert (x4 - x0) == pytest.approx(4 * (x1 - x0), abs=0.5) and y1 == pytest.approx((y0 + y4) / 2, abs=0.1)
    assert y4 < y0, "what is more stands higher"
    grid = {
        element.text: float(element.get("y", "0")) for element in named(root, "tick") if "%" in (element.text or "")
    }
    assert grid["0 %"] == pytest.approx(y0, abs=0.1) and grid["100 %"] == pytest.approx(y4, abs=0.1)


def test_bars_reach_over_the_interval_and_points_tell_what_they_are() -> None:
    root = drawn(plot(Series("a", [Point(0, 0.5, 0.25, 1.0, "50 % [25, 100]")])))
    (bar,), (point,) = named(root, "bar"), named(root, "point")
    low, high = (float(value) for value in re.findall(r"^M[\d.]+,([\d.]+)V([\d.]+)", bar.get("d", ""))[0])
    _, middle = place(point)
    assert (low - middle) == pytest.approx((middle - high) / 2, abs=0.1)
    titles = [element.text for element in root.iter() if element.tag.endswith("title")]
    assert titles == ["50 % [25, 100]"]


def test_a_logarithmic_axis_has_equal_steps_for_equal_ratios_and_leaves_out_nothings() -> None:
    y = Axis("norm", log=True)
    root = drawn(plot(Series("a", [Point(0, 1e-6), Point(1, 1e-3), Point(2, 1.0), Point(3, 0.0)]), y=y))
    heights = [place(mark)[1] for mark in named(root, "point")]
    assert len(heights) == 3 and heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.2)
    told = [element.text for element in named(root, "tick")]
    assert "10⁻⁶" in told and "1" in told


def test_series_of_one_place_stand_beside_each_other_in_the_middle_of_it() -> None:
    series = [Series(name, [Point(0, 0.1), Point(1, 0.9)]) for name in "abc"]
    xs = [place(mark)[0] for mark in named(drawn(plot(*series, dodge=5)), "point")][::2]
    assert xs[1] - xs[0] == xs[2] - xs[1] == 5
    ticks = [float(element.get("x", "0")) for element in named(drawn(plot(*series, dodge=5)), "tick")[6:]]
    assert xs[1] == pytest.approx(ticks[0], abs=0.1)


def test_names_at_the_ends_do_not_cover_each_other_and_stay_inside() -> None:
    series = [Series(f"a model with a very long name {i}", [Point(0, 0.5), Point(1, 0.5 + i / 500)]) for i in range(6)]
    names = named(drawn(plot(*series)), "name")
    heights = sorted(float(name.get("y", "0")) for name in names)
    assert all(b - a > 14 for a, b in pairwise(heights))
    assert min(heights) > 0 and max(heights) < HEIGHT
    assert all(float(name.get("x", "0")) + 7.0 * len(name.text or "") <= WIDTH for name in names)
    assert len({name.text for name in names}) == 6, "and can be told apart though they are clipped"


def test_references_are_dashed_and_hollow_and_take_no_colour_from_the_others() -> None:
    one = plot(
        Series("a", [Point(0, 0), Point(1, 1)]),
        Series("r", [Point(0, 1), Point(1, 0)], True),
        Series("b", [Point(0, 1)]),
    )
    root = drawn(one)
    assert one.looks() == [0, 0, 1]
    strokes = named(root, "stroke")
    assert [stroke.get("stroke-dasharray") is not None for stroke in strokes] == [False, True]
    assert {"c0", "c1", "reference"} <= {element.get("class") for element in root.iter()}


def test_the_legend_has_whole_names_and_one_series_has_none() -> None:
    long = "a model with a name <that> is long"
    assert "&lt;that&gt; is long</li>" in figure(plot(Series(long, []), Series("b", [])))
    assert "<ul" not in figure(plot(Series(long, [Point(0, 1)])))


@pytest.mark.parametrize(
    "points", [[], [Point(3, 0.5)], [Point(0, math.nan), Point(1, 0.5)], [Point(0, 7), Point(1, -7)]]
)
def test_few_and_strange_points_are_drawn_too(points: list[Point]) -> None:
    text = svg_file(plot(Series("a", points)))
    assert not re.search(r"\b(nan|inf)\b", text)
    assert all(0 <= place(mark)[1] <= HEIGHT for mark in named(ElementTree.fromstring(text), "point"))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (3.0, 47.0, [10, 20, 30, 40]),
        (-0.2, 0.3, [-0.2, -0.1, 0, 0.1, 0.2, 0.3]),
        (0.0, 5000.0, [0, 1000, 2000, 3000, 4000, 5000]),
    ],
)
def test_numbers_at_an_axis_are_round(low: float, high: float, expected: list[float]) -> None:
    ticks = Scale.over(Axis("x"), [low, high], 0, 1).ticks(6)
    assert [value for value, _ in ticks] == pytest.approx(expected)


def test_numbers_are_told_shortly() -> None:
    ticks = Scale.over(Axis("x", log=True), [1e-9, 1e6], 0, 1).ticks(20)
    assert [told for _, told in ticks] == [
        *(f"10{power}" for power in ("⁻⁹", "⁻⁸", "⁻⁷", "⁻⁶", "⁻⁵", "⁻⁴")),
        "0.001", "0.01", "0.1", "1", "10", "100", "1000", "10000", "100000", "10⁶",
    ]  # fmt: skip


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("colours", "paper"), [(COLOURS, "#ffffff"), (DARK_COLOURS, "#16191f")])
def test_colours_stand_out_from_the_paper(colours: tuple[str, ...], paper: str) -> None:
    assert f"--paper: {paper}" in PAGE
    for colour in colours:
        light, dark = sorted((luminance(colour), luminance(paper)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, colour
        assert colour in STYLE
