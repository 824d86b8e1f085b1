"""Rows of a text file whose cells stand between commas or tabs, each with its line. Knows not what the cells mean."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sized
from pathlib import Path
from typing import Any

from nlprnn.errors import DataError
from nlprnn.text.plain import whole_lines


def separated_rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with its first line: the header, then rows of as many cells.

    Raises DataError, with the line, for a row of other length, and as `cells` does.
    """
    rows = cells(path, delimiter)
    first = next(rows, None)
    if first is None:
        return
    yield first
    columns = len(first[1])
    for line, row in rows:
        if len(row) != columns:
            kind = "tab" if delimiter == "\t" else "comma"
            remedy = f"quote cells that hold a {kind}, or repair it"
            raise DataError(f"{counted(row)}, but the header has {columns}; {remedy}", path, line)
        yield line, row


def cells(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with its first line. Cells are quoted as Python's csv module does.

    Raises DataError, with the line, where quotation marks are left open or stand where none can.
    """
    lines = (line.replace("\r", " ") + "\n" for line in whole_lines(path))
    rows = csv.reader(lines, delimiter=delimiter, strict=True)  # else a stray quotation mark swallows rows
    while True:
        line = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            remedy = "close and double quotation marks as CSV does"
            raise DataError(f"its cells cannot be told apart ({error}); {remedy}", path, line) from error
        if row is None:
            return
        if row:
            yield line, row


def counted(row: Sized) -> str:
    """How many cells, in words."""
    return "1 cell" if len(row) == 1 else f"{len(row)} cells"


def one_line(cell: Any) -> str:
    """A cell's text, which may have several lines; none for a cell without value."""
    return "" if cell is None else str(cell).translate({ord("\n"): " ", ord("\r"): " "})
