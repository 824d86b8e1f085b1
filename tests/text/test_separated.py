"""Rows of CSV and TSV files with their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlprnn.errors import DataError
from nlprnn.text.separated import separated_rows


def rows(tmp_path: Path, text: str, delimiter: str = ",") -> list[tuple[int, list[str]]]:
    path = tmp_path / "table"
    path.write_text(text, encoding="utf-8")
    return list(separated_rows(path, delimiter))


def test_a_row_has_the_line_it_begins_in_and_blank_lines_count_for_nothing_else(tmp_path: Path) -> None:
    found = rows(tmp_path, 'a,b\n\n1,"two\nlines, quoted ""so"""\r\n\n3,4')
    assert found == [(1, ["a", "b"]), (3, ["1", 'two\nlines, quoted "so"']), (6, ["3", "4"])]
    assert rows(tmp_path, "a\tb\n1,2\t3\n", "\t") == [(1, ["a", "b"]), (2, ["1,2", "3"])]
    assert rows(tmp_path, "\n") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n\n1,2,3\n", "table:3: 3 cells, but the header has 2; quote cells that hold a comma, or repair it"),
        ("a,b\n1\n", "table:2: 1 cell, but the header has 2"),
        ('a,b\n1,2\n"3,4\n5,6\n', "table:3: its cells cannot be told apart"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_by_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        rows(tmp_path, text)
    assert message in str(caught.value)
