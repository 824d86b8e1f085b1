"""Tables with a header, as the csv module's excel dialects read them: rows by column name, faults with their lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from nlprnn.errors import DataError

BOM = b"\xef\xbb\xbf"
DIGITS = 9  # of a number, at most


def first_line(head: bytes) -> bytes:
    """The first line that is not blank, without byte-order mark and white space around it."""
    return re.split(rb"[\r\n]", head.removeprefix(BOM).lstrip(b" \r\n"), maxsplit=1)[0].strip(b" ")


def has_columns(head: bytes, needed: Sequence[str], delimiter: str = "\t") -> bool:
    """Does the first line of a file name these columns?"""
    cells = first_line(head).decode("utf-8", errors="replace").split(delimiter)
    return set(needed) <= {cell.strip(' "').lower() for cell in cells}


def records(path: Path, delimiter: str = "\t", padded: bool = False) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, column -> cell) of each row that is not blank; names are lower case, cells stripped.

    Where `padded`, cells missing at the end of a row are empty: spreadsheets drop them. Raises DataError with its line
    for a row of another length than the header, a name that stands twice in that, quotation marks that are not those of
    the csv module, other encodings than UTF-8, and where no row follows the header.
    """
    names: list[str] = []
    empty = True
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream, dialect="excel", delimiter=delimiter, strict=True)  # else a stray mark swallows rows
        line = 1
        try:
            for row in rows:
                line = rows.line_num + 1
                if not any(cell.strip() for cell in row):
                    continue
                if not names:
                    names = [cell.strip().lower() for cell in row]
                    _check_names(names, path, rows.line_num)
                    continue
                if len(row) > len(names) or (len(row) < len(names) and not padded):
                    raise _wrong_length(row, names, delimiter, path, rows.line_num)
                cells = row + [""] * (len(names) - len(row))
                empty = False
                yield rows.line_num, {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
        except UnicodeDecodeError as error:
            raise DataError("not UTF-8; convert the file to UTF-8", path, _undecodable(path)) from error
        except csv.Error as error:
            remedy = "a cell with a quotation mark at its beginning is quoted, and the marks in it are doubled"
            raise DataError(f"not readable as a table ({error}); {remedy}", path, line) from error
    if empty:
        raise DataError("no pairs below the header; give one a line", path)


def whole_number(cell: str, name: str, path: Path, line: int) -> int:
    if not is_whole(cell):
        raise DataError(f"{name} is {cell[:50]!r}, not a whole number; mend the row or take it out", path, line)
    return int(cell)


def tokens(sentence: str) -> list[str]:
    """The words of a tokenised sentence, between the white space of ASCII.

    Other white space inside a word, such as a no-break space, is taken out of it, so that the words stand where the
    suite counts them; a word of nothing else is unknown.
    """
    return ["".join(word.split()) or "<unk>" for word in re.split(r"[ \t\r\n\f\v]+", sentence.strip(" \t\r\n\f\v"))]


def is_whole(cell: str) -> bool:
    """Is it a whole number that could count words or items?"""
    return cell.isascii() and cell.isdigit() and len(cell) <= DIGITS


def is_text(value: str) -> bool:
    """Can it be written as UTF-8? Half a surrogate pair, which JSON may hold, cannot."""
    return value.isascii() or not re.search("[\ud800-\udfff]", value)


def _check_names(names: Sequence[str], path: Path, line: int) -> None:
    twice = [name for name in names if name and names.count(name) > 1]
    if twice:
        raise DataError(f"two columns are called {twice[0]!r}; rename one", path, line)


def _undecodable(path: Path) -> int:
    """The first line that is not UTF-8; text is decoded some lines before they are read."""
    with path.open("rb") as stream:
        for line, raw in enumerate(stream, start=1):
            try:
                raw.decode("utf-8")
            except UnicodeDecodeError:
                return line
    return 1


def _wrong_length(row: list[str], names: list[str], delimiter: str, path: Path, line: int) -> DataError:
    between = "tabs" if delimiter == "\t" else repr(delimiter)
    return DataError(
        f"{len(row)} columns where the header has {len(names)}; put {between} between columns only", path, line
    )
