from __future__ import annotations

import gzip
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlprnn.errors import DataError
from nlprnn.text import lines as lines_module
from nlprnn.text.lines import Lines, Selection, open_files

from .text_files import small_parts, written


@given(st.integers(1, 9), st.integers(2, 5), st.integers(0, 200))
def test_selections_count_what_they_keep(block: int, every: int, lines: int) -> None:
    for valid in (True, False):
        selection = Selection(block, every, valid)
        assert selection.count(lines) == sum(selection.keeps(index) for index in range(lines))
    assert all(Selection(block, every, True).keeps(i) != Selection(block, every, False).keeps(i) for i in range(lines))


def test_a_mark_carriage_returns_and_blank_lines_are_left_out(tmp_path: Path) -> None:
    lines = open_files([written(tmp_path, "\ufeffone\r\n\r\n  \ntwo\u2028x\r\nthree")])
    assert list(lines) == ["one", "two\u2028x", "three"] and len(lines) == 3
    assert list(lines) == list(lines)


def test_several_files_and_gzip_are_one_text(tmp_path: Path) -> None:
    first = written(tmp_path, "one\ntwo", "a.txt")
    second = written(tmp_path, gzip.compress("\ufeffthree\nfour\n".encode()), "b.txt.gz")
    lines = open_files([first, second])
    assert list(lines) == ["one", "two", "three", "four"]
    assert lines.describe() == f"{first} and 1 more: 4 lines"


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    assert list(open_files([written(tmp_path, gzip.compress(b"one\n"), "a.txt")])) == ["one"]


@given(
    texts=st.lists(st.text(st.sampled_from("ab é\n\r"), max_size=60), min_size=1, max_size=3),
    size=st.integers(1, 50),
    block=st.integers(1, 3),
)
def test_cutting_into_parts_changes_no_line(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], size: int, block: int
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    paths = [written(folder, text + "\nend", f"{number}.txt") for number, text in enumerate(texts)]
    whole = open_files(paths)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(lines_module, "PART_BYTES", size)
        cut = open_files(paths)
    assert list(cut) == list(whole)
    assert list(whole) == [
        line.removesuffix("\r") for text in texts for line in (text + "\nend").split("\n") if line.strip()
    ]
    for valid in (True, False):
        selection = Selection(block, 3, valid)
        chosen = [line for index, line in enumerate(whole) if selection.keeps(index)]
        assert list(Lines(cut.parts, selection)) == chosen == list(Lines(whole.parts, selection))
        assert len(Lines(cut.parts, selection)) == len(chosen)


def test_the_fingerprint_is_that_of_the_content_and_the_selection(tmp_path: Path) -> None:
    one = open_files([written(tmp_path, "one\ntwo\n", "a.txt")])
    same = open_files([written(tmp_path, "one\ntwo\n", "b.txt")])
    other = open_files([written(tmp_path, "one\ntwo!\n", "c.txt")])
    held = [Lines(one.parts, Selection(1, 20, valid)) for valid in (True, False)]
    assert one.fingerprint() == same.fingerprint()
    assert len({text.fingerprint() for text in (one, other, *held)}) == 4


@pytest.mark.parametrize("processes", [1, 2])
def test_a_fault_in_a_later_part_is_told_by_its_line_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    small_parts(monkeypatch, 60)
    path = written(tmp_path, b"a line of text\n" * 30 + b"caf\xe9\n" + b"more\n" * 30)
    with pytest.raises(DataError, match=rf"^{path}:31: byte 0xe9 is not UTF-8"):
        open_files([path], processes)
    path = written(tmp_path, b"a line of text\n" * 40 + b"\0\n")
    with pytest.raises(DataError, match=rf"^{path}:41: a NUL byte"):
        open_files([path], processes)


def test_text_without_words_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    full, blank = written(tmp_path, "a\n"), written(tmp_path, "\n \n\t\r\n", "blank.txt")
    with pytest.raises(DataError, match=r"blank\.txt: no text: every line is blank"):
        open_files([full, blank])


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "one\ntwo\n")
    lines = open_files([path])
    path.write_text("one\ntwo\nthree\n")
    with pytest.raises(DataError, match="was changed while it was being read"):
        list(lines)
    os.unlink(path)
    with pytest.raises(DataError, match="cannot be read"):
        list(lines)


def test_a_line_of_megabytes_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = written(tmp_path, b"word " * 2_000_000)  # 10 MB and no newline
    tracemalloc.start()
    try:
        lines = open_files([path])
        pieces = [(len(piece.text), piece.starts_line, piece.ends_line) for piece in lines.pieces()]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(lines) == 1 and len(pieces) > 5
    assert max(length for length, _, _ in pieces) <= 1 << 20
    assert [start for _, start, _ in pieces] == [True] + [False] * (len(pieces) - 1)
    assert [end for _, _, end in pieces] == [False] * (len(pieces) - 1) + [True]
    assert peak < 6_000_000
