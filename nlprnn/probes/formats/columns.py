"""Tables with a header, as the csv module's excel dialects read them: rows by column name, faults with their lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from nlprnn.errors import DataError

BOM = b"\xef\xbb\xbf"


def first_line(head: bytes) -> bytes:
    """The first line that is not blank, without byte-order mark and white space around it."""
    return head.removeprefix(BOM).lstrip(b" \r\n").split(b"\n", 1)[0].strip(b" \r")


def has_columns(head: bytes, needed: Sequence[str], delimiter: str = "\t") -> bool:
    """Does the first line of a file name these columns?"""
    cells = first_line(head).decode("utf-8", errors="replace").split(delimiter)
    return set(needed) <= {cell.strip(' "').lower() for cell in cells}


def records(path: Path, delimiter: str = "\t", padded: bool = False) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, column -> cell) of each row that is not blank; names are lower case, cells stripped.

    Where `padded`, cells missing at the end of a row are empty: spreadsheets drop them. Raises DataError with its line
    for a row of another length than the header, other encodings than UTF-8, and where no row follows the header.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream, dialect="excel", delimiter=delimiter)
        empty = True
        try:
            names = [cell.strip().lower() for cell in next(rows)]
            for row in rows:
                if not any(cell.strip() for cell in row):
                    continue
                if len(row) > len(names) or (len(row) < len(names) and not padded):
                    raise _wrong_length(row, names, delimiter, path, rows.line_num)
                cells = row + [""] * (len(names) - len(row))
                empty = False
                yield rows.line_num, {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
        except UnicodeDecodeError as error:
            raise DataError("not UTF-8; convert the file to UTF-8", path, rows.line_num + 1) from error
        except csv.Error as error:
            raise DataError(f"not readable as a table ({error}); mend the line", path, rows.line_num) from error
    if empty:
        raise DataError("no pairs below the header; give one a line", path)


def whole_number(cell: str, name: str, path: Path, line: int) -> int:
    if not (cell.isascii() and cell.isdigit()):
        raise DataError(f"{name} is {cell!r}, not a whole number; mend the row or take it out", path, line)
    return int(cell)


def _wrong_length(row: list[str], names: list[str], delimiter: str, path: Path, line: int) -> DataError:
    between = "tabs" if delimiter == "\t" else repr(delimiter)
    return DataError(
        f"{len(row)} columns where the header has {len(names)}; put {between} between columns only", path, line
    )
