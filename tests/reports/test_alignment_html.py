"""The page of alignments: its text, and what a browser without a window makes of it."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlprnn.reports.alignment import Alignment, write_alignments
from nlprnn.reports.colours import shades

KEY = Alignment(
    ["the", "key", '<b>&"'],
    ["a", "chave", "</script><script>injected=1</script>"],
    [[0.7, 0.2996, 0.0004], [0.125, 0.825, 0.05], [0.0, 0.3, 0.7]],
)
LONG = Alignment([f"source{i}" for i in range(40)], [f"target{i}" for i in range(40)], np.eye(40).tolist())


def made(place: Path, *alignments: Alignment) -> str:
    write_alignments(place / "a.html", alignments)
    return (place / "a.html").read_text(encoding="utf-8")


class Tables(HTMLParser):
    """The cells of all tables, row by row, as (element, text, attributes)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[tuple[str, str, dict[str, str | None]]]] = []
        self.names: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.add(name)
        if name == "tr":
            self.rows.append([])
        if name in ("td", "th"):
            self.rows[-1].append((name, "", dict(attributes)))

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            name, text, attributes = self.rows[-1][-1]
            self.rows[-1][-1] = name, text + data.strip(), attributes


def test_the_weights_stand_in_a_table_whose_headers_are_the_words(tmp_path: Path) -> None:
    read = Tables(made(tmp_path, KEY).split("<script>")[0])
    head, *rows = read.rows
    assert [(name, text, held.get("scope")) for name, text, held in head[1:]] == [
        ("th", word, "col") for word in KEY.source
    ]
    assert [(row[0][0], row[0][1], row[0][2]["scope"]) for row in rows] == [("th", word, "row") for word in KEY.target]
    assert [[text for _, text, _ in row[1:]] for row in rows] == [["70", "30", ""], ["12", "82", "5"], ["", "30", "70"]]
    assert rows[1][2][2]["title"] == "chave ← key: 82.5 %"
    assert rows[0][3][2]["title"] == 'a ← <b>&": 0.0 %'


def test_words_are_never_taken_for_markup(tmp_path: Path) -> None:
    text = made(tmp_path, KEY)
    assert "b" not in Tables(text).names
    assert text.count("<script>") == text.count("</script>") == 1


def test_the_page_says_what_attention_does_not_prove(tmp_path: Path) -> None:
    assert "not proof of what it used" in made(tmp_path, KEY)


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    text = made(tmp_path, KEY)
    assert "default-src &#x27;none&#x27;" in text
    for word in ("http:", "https:", "url(", "@import", " src="):
        assert word not in text


PAINTED = """
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const painted = colour => {
  canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
"""


@pytest.mark.slow
def test_a_browser_shades_as_pictures_are_shaded(tmp_path: Path, measured: Callable[..., Any]) -> None:
    weights = np.linspace(0.01, 1, 34)
    text = made(tmp_path, Alignment(["w"] * 34, ["x"], [weights.tolist()]))
    cells = """
const cells = [...document.querySelectorAll("tbody td")];
return cells.map(cell => painted(window.getComputedStyle(cell).backgroundColor));
"""
    found = np.array(measured(text, 1200, PAINTED + cells))
    shown = np.round(weights, 3)  # the page says thousandths
    np.testing.assert_allclose(found, 255 * shades(shown), atol=1.01)


@pytest.mark.slow
def test_a_word_of_the_translation_shows_what_it_attended_to(tmp_path: Path, measured: Callable[..., Any]) -> None:
    asks = """
const buttons = [...document.querySelectorAll(".target button")], rows = [...document.querySelectorAll("tbody tr")];
const words = [...document.querySelectorAll(".source span")];
const seen = () => [
  document.querySelector(".told").textContent,
  words.map(word => word.style.getPropertyValue("--share")),
  buttons.map(button => button.getAttribute("aria-pressed") === "true"),
  rows.map(row => row.classList.contains("now")),
];
const point = (element, kind, by) => element.dispatchEvent(new window.PointerEvent(kind, { pointerType: by }));
const steps = [
  () => {},
  () => point(buttons[1], "pointerenter", "mouse"),
  () => point(buttons[1], "pointerleave", "mouse"),
  () => buttons[1].click(),
  () => point(rows[0], "pointerenter", "mouse"),
  () => point(rows[0], "pointerleave", "mouse"),
  () => rows[2].click(),
  () => buttons[2].click(),
  () => point(buttons[0], "pointerenter", "touch"),
];
const texts = [words, buttons].map(elements => elements.map(element => element.textContent));
return [...steps.map(step => { step(); return seen(); }), window.injected ?? null, ...texts];
"""
    *steps, injected, source, target = measured(made(tmp_path, KEY), 800, asks)
    nothing = ["", [""] * 3, [False] * 3, [False] * 3]
    chave = ['key 82 % · the 12 % · <b>&" 5 %', ["0.125", "0.825", "0.050"]]
    first = ["the 70 % · key 30 %", ["0.700", "0.300", ""]]
    pressed = [False, True, False]
    assert steps[0] == nothing
    assert steps[1] == [*chave, [False] * 3, pressed], "pointed at"
    assert steps[2] == nothing, "left"
    assert steps[3] == [*chave, pressed, pressed], "clicked"
    assert steps[4] == [*first, pressed, [True, False, False]], "a row of the map pointed at meanwhile"
    assert steps[5] == [*chave, pressed, pressed], "back at what was clicked"
    assert steps[6][2] == [False, False, True] and steps[6][0] == '<b>&" 70 % · key 30 %', "another one clicked"
    assert steps[7] == nothing, "clicked again"
    assert steps[8] == nothing, "a finger does not point before it touches"
    assert injected is None and source == KEY.source and target == KEY.target


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_a_long_map_scrolls_in_its_box_and_not_the_page(
    tmp_path: Path, measured: Callable[..., Any], dark: bool
) -> None:
    asks = """
const page = document.documentElement, box = document.querySelector(".wide");
document.querySelectorAll(".target button")[39].click();
const cell = document.querySelectorAll("tbody tr")[39].cells[40].getBoundingClientRect();
const loaded = window.performance.getEntriesByType("resource").length;
const paper = painted(window.getComputedStyle(document.body).backgroundColor);
const seen = cell.right <= page.clientWidth;
return [page.clientWidth, page.scrollWidth, box.scrollWidth, seen, cell.width, cell.height, loaded, paper];
"""
    width, whole, inside, seen, across, down, loaded, paper = measured(made(tmp_path, LONG), 390, PAINTED + asks, dark)
    assert width <= 390 and whole <= width, "the page is no wider than the phone"
    assert inside > width, "the map is"
    assert seen, "and has gone to where the weight is"
    assert abs(across - down) <= 1 and across > 20, "its cells are squares that a finger finds"
    assert loaded == 0
    assert (sum(paper) < 100) == dark
