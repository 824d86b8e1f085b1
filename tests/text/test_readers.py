from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlprnn.errors import DataError
from nlprnn.text.readers import check_file, cut_lines, decode_blocks, gzip_blocks

TEXTS = st.text(st.sampled_from("ab \t\n\r\u2028\x85\f\u00a0é𝄞"), max_size=80)


def cut_anywhere(text: str, places: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in itertools.pairwise(edges)]


@given(TEXTS, st.lists(st.integers(0, 80)))
def test_lines_are_those_between_newlines_wherever_blocks_are_cut(text: str, places: list[int]) -> None:
    pieces = list(cut_lines(cut_anywhere(text, places)))
    assert [piece.text for piece in pieces] == [line.removesuffix("\r") for line in text.split("\n") if line.strip()]
    assert all(piece.starts_line and piece.ends_line for piece in pieces)


@given(TEXTS, st.lists(st.integers(0, 80)), st.integers(3, 10))
def test_pieces_of_long_lines_lose_no_word_and_no_line_end(text: str, places: list[int], longest: int) -> None:
    lines: list[list[str]] = []
    inside = False
    for piece in cut_lines(cut_anywhere(text, places), longest):
        assert piece.starts_line != inside
        if piece.starts_line:
            lines.append([])
        lines[-1] += piece.text.split()
        inside = not piece.ends_line
    assert not inside
    expected = [line.split() for line in text.split("\n") if line.strip()]
    assert [len(line) for line in lines] >= [len(line) for line in expected]
    assert ["".join(line) for line in lines] == ["".join(line) for line in expected]
    if all(len(word) < longest for line in expected for word in line):
        assert lines == expected


def test_a_word_after_much_white_space_is_not_cut() -> None:
    assert [piece.text.split() for piece in cut_lines(["   aa", "a aa"], longest=4)] == [["aaa"], ["aa"]]


def test_a_line_without_white_space_is_cut_in_bounded_pieces() -> None:
    pieces = list(cut_lines(["abcd"] * 10, longest=6))
    assert "".join(piece.text for piece in pieces) == "abcd" * 10
    assert max(len(piece.text) for piece in pieces) <= 10


def test_unicode_line_separators_and_form_feeds_do_not_end_a_line() -> None:
    text = "a\u2028b\x85c\fd\x1ce\rf\r\ng"
    assert [piece.text for piece in cut_lines([text])] == ["a\u2028b\x85c\fd\x1ce\rf", "g"]


@given(TEXTS, st.integers(1, 5))
def test_decoding_does_not_depend_on_where_bytes_are_cut(text: str, size: int) -> None:
    data = text.encode()
    blocks = (data[start : start + size] for start in range(0, len(data), size))
    assert "".join(decode_blocks(blocks, Path("f"))) == text


@pytest.mark.parametrize(
    ("data", "line"), [(b"caf\xe9 au lait", 1), (b"one\ntwo\n\xff", 3), (b"one\ntwo \xc3", 2), (b"a\nb\nc\xc3\nd", 3)]
)
@pytest.mark.parametrize("size", [1, 2, 100])
def test_bytes_that_are_not_utf8_are_told_by_their_line(data: bytes, line: int, size: int) -> None:
    blocks = [data[start : start + size] for start in range(0, len(data), size)]
    with pytest.raises(DataError, match=rf"^f\.txt:{line}: byte 0x.* is not UTF-8; .*iconv -f latin1 -t utf-8"):
        list(decode_blocks(blocks, Path("f.txt")))


@pytest.mark.parametrize("size", [1, 3, 100])
def test_nul_bytes_are_told_by_their_line(size: int) -> None:
    data = b"one\ntwo\nth\0ree\n"
    blocks = [data[start : start + size] for start in range(0, len(data), size)]
    with pytest.raises(DataError, match=r"^f:3: a NUL byte"):
        list(decode_blocks(blocks, Path("f")))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"", "the file is empty"),
        ("a.txt", "hello".encode("utf-16"), "UTF-16 text; convert it with `iconv -f utf-16 -t utf-8`"),
        ("a.txt", b"\xfe\xff\0h\0e", "UTF-16 text"),
        ("a.txt", "hello".encode("utf-32"), "UTF-32 text"),
        ("a.txt", b"PK\x03\x04....", "a ZIP archive"),
        ("a.txt", b"PAR1....", "Parquet"),
        ("a.txt", bytes(range(256)), "looks binary"),
        ("a.gz", b"plain text\n", "not in gzip format"),
    ],
)
def test_files_that_are_no_text_are_named_for_what_they_are(
    tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        check_file(path)
    assert str(caught.value).startswith(f"{path}: ") and message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        check_file(tmp_path / "nowhere.txt")
    with pytest.raises(DataError, match="not a regular file"):
        check_file(tmp_path)


def test_a_gzip_file_cut_short_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"some text\n" * 1000)[:-20])
    with pytest.raises(DataError, match="cut short or damaged"):
        list(gzip_blocks(path))
