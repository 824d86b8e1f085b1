"""The page of a diagnosis, read by a parser and shown by a browser."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from nlprnn.reports.diagnosis_html import MOST_ROWS, diagnosis_page, plot_rows
from nlprnn.reports.diagnosis_words import words
from nlprnn.reports.svg_plot import Axis, Plot, Point, Series
from tests.reports.diagnosis_sample import SAMPLE

PAGE = diagnosis_page(SAMPLE)


class Reader(HTMLParser):
    """The text of a page, its headings, and the addresses in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.headings, self.addresses, self.inside = "", [], [], ""
        self.feed(text)

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.inside = name
        self.addresses += [value for key, value in attributes if key in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.inside == "h2":
            self.headings.append(data)
        self.inside = ""


def test_the_page_follows_the_lecture_and_tells_all_that_was_found() -> None:
    read = Reader(PAGE)
    order = ("Unfolding", "How far a gradient", "Two measures", "Short-term", "Truncated", "Are LSTM", "What your")
    assert [heading.startswith(begin) for heading, begin in zip(read.headings[1:], order, strict=True)] == [True] * 7
    assert all(sentence in read.text for sentences in words(SAMPLE).values() for sentence in sentences)
    assert "models/a<b" in read.text and "of 0.01 the one with the best accuracy" in read.text


def test_the_page_loads_nothing() -> None:
    assert Reader(PAGE).addresses == ["data:,"] and "url(" not in PAGE and "@import" not in PAGE


def test_what_was_not_measured_has_no_section() -> None:
    few = {"settings": SAMPLE["settings"], "bptt": SAMPLE["bptt"]}
    assert [heading.split()[0] for heading in Reader(diagnosis_page(few)).headings] == [
        "How",
        "Unfolding,",
        "Truncated",
    ]


def test_the_numbers_of_a_plot_are_all_there_or_said_not_to_be() -> None:
    few = Plot("", Axis("k"), Axis("y"), [Series("a", [Point(0, 0.5, 0.25, 1.0), Point(1, 2.0)])])
    assert plot_rows(few) == ([["k", "a"], ["0", "0.5 [0.25, 1]"], ["1", "2"]], False)
    many = Plot("", Axis("k"), Axis("y"), [Series("a", [Point(k, 1.0) for k in range(101)])])
    rows, left_out = plot_rows(many)
    assert left_out and len(rows) <= MOST_ROWS + 2 and (rows[1][0], rows[-1][0]) == ("0", "100")


@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), [(1200, False), (390, True)])
def test_nothing_is_wider_than_the_screen_and_every_plot_is_seen(
    measured: Callable[..., Any], width: int, dark: bool
) -> None:
    told = measured(
        PAGE,
        width,
        """
        const plots = [...document.querySelectorAll("figure.plot > svg")];
        return {
          wide: document.documentElement.scrollWidth,
          plots: plots.length,
          small: plots.filter(one => one.getBoundingClientRect().width < 300).length,
          lines: plots.every(one => one.querySelector(".stroke").getBoundingClientRect().width > 100),
          paper: window.getComputedStyle(document.body).backgroundColor,
          frames: document.querySelectorAll("td.framed").length,
        };
        """,
        dark,
    )
    assert told["wide"] <= width and told["small"] == 0 and told["lines"]
    assert told["plots"] == PAGE.count("<figcaption>") > 8 and told["frames"] == 3
    assert (told["paper"] == "rgb(255, 255, 255)") is not dark
