"""The page of a probe, read by a parser and shown by a browser without a window."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from nlprnn.reports.probe_html import probe_page
from tests.reports.probe_sample import sample

REPORT = sample()
PAGE = probe_page(REPORT)


class Reader(HTMLParser):
    """Tables as rows of texts, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.text, self.names = "", []
        self.feed(text)

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.append(name)
        if name == "tr":
            self.rows.append([])
        if name in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip("\n")


READ = Reader(PAGE)


def test_it_answers_first_and_shows_three_plots() -> None:
    for answer in ("a follows syntactic recency", "undecided"):
        assert answer in READ.text
    assert READ.names.count("figure") == 3 and READ.names.count("h2") == 1
    assert "The suite is made by hand." in READ.text


def test_figures_stand_in_tables_as_the_json_has_them() -> None:
    suite = REPORT["models"][0]["suites"][0]
    row = next(row for row in READ.rows if row[0] == "all")
    index, (low, high) = suite["recency_index"], suite["recency_interval"]
    assert row[1:3] == [f"{suite['n']}", f"{100 * suite['accuracy']:.1f}"]
    assert row[5:7] == ["100.0", f"{100 * suite['conflict']['accuracy']:.1f}"]
    assert row[7] == f"{100 * index:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
    assert ["nearest noun", "230"] in [row[:2] for row in READ.rows]


def test_comparisons_and_what_was_not_scored_are_told() -> None:
    compared = [row for row in READ.rows if " − " in row[0] and row[0].endswith(": conflict")]
    assert len(compared) == 3
    whole = next(row for row in READ.rows if row[:3] == ["a", "230", "10"])
    assert whole[3:] == ["95.8 %", "unknown word 10", "laughs 10"]
    assert "10 tests" in READ.text.replace(str(len(REPORT["comparisons"])), "10")
    assert "2 seeds of one recipe" in READ.text


def test_names_are_never_taken_for_markup_and_nothing_is_loaded() -> None:
    assert "b" not in READ.names and "script" not in READ.names
    assert "default-src &#x27;none&#x27;" in PAGE
    for word in ("http:", "https:", "url(", "@import", " src="):
        assert word not in PAGE
    assert "None" not in READ.text and "nan" not in READ.text.split("The recency")[0]


def test_one_model_alone_and_a_suite_without_annotation_make_a_page() -> None:
    suite = REPORT["models"][0]["suites"][0] | {"by_attractors": [], "by_distance": [], "number_bias": None}
    alone = {"models": [{"model": "a", "suites": [suite]}], "comparisons": [], "recipes": []}
    read = Reader(probe_page(alone))
    assert "Compared" not in read.text and read.names.count("figure") == 1


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_it_without_scrolling_sideways(measured: Callable[..., Any], dark: bool) -> None:
    asks = """
const page = document.documentElement, plots = [...document.querySelectorAll("figure > svg")];
const boxes = plots.map(plot => plot.getBoundingClientRect());
const texts = [...plots[0].querySelectorAll("text")].map(text => text.getBoundingClientRect());
const inside = texts.every(text => text.left >= 0 && text.right <= page.clientWidth);
const letters = boxes[0].width / 480 * 13;
const names = [...plots[0].querySelectorAll("text.name")].map(name => name.getBoundingClientRect());
const meet = (one, two) => one !== two && one.bottom > two.top && two.bottom > one.top;
const apart = !names.some(one => names.some(two => meet(one, two)));
const stroke = window.getComputedStyle(plots[0].querySelector(".c0 .stroke")).stroke;
const wide = [...document.querySelectorAll(".wide")].map(box => box.getBoundingClientRect().right);
const tables = Math.max(...wide) <= page.clientWidth;
const loaded = window.performance.getEntriesByType("resource").length;
const title = plots[0].querySelector(".point").closest("g").querySelector("title").textContent;
const tall = boxes.every(box => box.height > 150);
return [page.clientWidth, page.scrollWidth, tall, inside, letters, apart, stroke, tables, loaded, title];
"""
    width, whole, tall, inside, letters, apart, stroke, tables, loaded, title = measured(PAGE, 390, asks, dark)
    assert width <= 390 and whole <= width, "the page is no wider than the phone"
    assert tall and inside and tables
    assert letters >= 9, "and its letters can be read"
    assert apart, "names do not cover each other"
    assert stroke == ("rgb(112, 187, 255)" if dark else "rgb(11, 98, 168)")
    assert loaded == 0 and title.startswith("a: 0 attractors, match: 100.0 % of")
