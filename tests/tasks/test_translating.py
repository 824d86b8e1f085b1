"""Lines in, translations out, and the pictures beside them."""

from __future__ import annotations

import itertools
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from nlprnn import Sampling, Search
from nlprnn.errors import ConfigError, DataError
from nlprnn.tasks import translating
from nlprnn.tasks.translating import Gallery, translate_file, translate_lines
from nlprnn.tasks.translation_model import TranslationModel, load_translator


@pytest.fixture
def words(word_translator: Path) -> TranslationModel:
    return load_translator(word_translator)


def test_each_line_comes_with_its_translations(words: TranslationModel) -> None:
    lines = ["the bird sleeps .", "", "the dogs are old ."]
    found = list(translate_lines(words, lines, Search(beam=3, n_best=2)))
    assert [line for line, _ in found] == lines
    assert [several for _, several in found] == list(words.translate(lines, Search(beam=3, n_best=2)))
    drawn = list(translate_lines(words, lines, Sampling(0.5), seed=3, draws=2, window=1))
    assert [several for _, several in drawn] == list(words.sample(lines, Sampling(0.5), 3, 2))


def test_lines_are_held_no_longer_than_a_window(words: TranslationModel) -> None:
    taken = itertools.count()
    typed = (f"bird {number}" for number in taken)
    found = translate_lines(words, typed, Search(beam=1), window=4)
    assert [next(found)[0] for _ in range(5)] == [f"bird {number}" for number in range(5)]
    assert next(taken) == 8


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfthe bird sleeps .\n\nthe dogs are old .\n",
        b"the bird sleeps .\r\n\r\nthe dogs are old .\r\n",
        b"the bird sleeps .\n\nthe dogs are old .",
    ],
    ids=["BOM", "CRLF", "no last end"],
)
def test_a_file_is_read_line_for_line(words: TranslationModel, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(data)
    found = list(translate_file(words, path, Search(beam=1)))
    assert [line for line, _ in found] == ["the bird sleeps .", "", "the dogs are old ."]
    assert found == list(translate_lines(words, [line for line, _ in found], Search(beam=1)))


def test_a_fault_at_the_end_of_a_file_is_told_before_anything_is_translated(
    words: TranslationModel, tmp_path: Path
) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(b"\n" * 600_000 + b"caf\xe9\n")  # more than is read at a time
    with pytest.raises(DataError, match=r"lines\.txt:600001: byte 0xe9"):
        next(translate_file(words, path, Search(beam=1)))


@pytest.mark.parametrize("terminal", [False, True])
def test_a_bar_is_shown_only_where_it_does_not_stand_between_the_translations(
    words: TranslationModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    steps: list[tuple[int, int]] = []
    monkeypatch.setattr(translating, "bar", lambda label: nullcontext(lambda done, total: steps.append((done, total))))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    path = tmp_path / "lines.txt"
    path.write_text("the bird\n\nthe dogs\n", encoding="utf-8")
    assert len(list(translate_file(words, path, Search(beam=1)))) == 3
    assert steps == ([] if terminal else [(1, 3), (2, 3), (3, 3)])


def test_a_gallery_draws_the_first_lines_that_have_words(words: TranslationModel, tmp_path: Path) -> None:
    gallery = Gallery(words, tmp_path / "a.html")
    gallery.add(" ", "")
    for number in range(gallery.most + 5):
        gallery.add("the bird sleeps .", f"ave{number} dorme .")
    gallery.draw()
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "ave0" in page and f"ave{gallery.most - 1}" in page
    assert f"ave{gallery.most}" not in page


def test_a_gallery_of_nothing_is_a_page_that_says_so(words: TranslationModel, tmp_path: Path) -> None:
    Gallery(words, tmp_path / "a.html").draw()
    assert "No sentences." in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_what_cannot_be_drawn_is_refused_before_anything_is_translated(
    words: TranslationModel, blind_translator: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"alignments are drawn into files ending in \.png"):
        Gallery(words, tmp_path / "a.txt")
    with pytest.raises(ConfigError, match=r"blind has no attention.*leave --alignments out"):
        Gallery(load_translator(blind_translator), tmp_path / "a.html")
    blind = load_translator(blind_translator)
    mixed = TranslationModel(Path("mixed"), (*words.members, *blind.members), words.source, words.target)
    with pytest.raises(ConfigError, match="mixed has no attention"):
        Gallery(mixed, tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_gallery_is_a_picture_if_its_name_says_so(words: TranslationModel, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    gallery = Gallery(words, path)
    gallery.add("the bird sleeps .", "o pássaro dorme .")
    gallery.draw()
    assert path.read_bytes().lstrip()[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")
