"""A user's own pairs: a TSV with a header.

Its columns are `good`, `bad` and optionally `construction`, `attractors`, `subject`, `match`; others are passed over.
UTF-8, with or without BOM, any line ends, quoted as the csv module's excel-tab does. A blank annotation means: not
annotated. `match` follows from no attractors, but not from some: the noun nearest before the verb need not be one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from nlprnn.errors import DataError
from nlprnn.probes.suite import MinimalPair, parting

Answer = TypeVar("Answer")

SUBJECTS = {"singular": "singular", "sing": "singular", "plural": "plural", "plur": "plural"}
ANSWERS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def matches(head: bytes) -> bool:
    """Does the first line name the columns `good` and `bad`?"""
    first = head.removeprefix(b"\xef\xbb\xbf").splitlines()[:1]
    columns = [name.strip(b' "').lower() for name in first[0].split(b"\t")] if first else []
    return b"good" in columns and b"bad" in columns


def pairs(path: Path) -> Iterator[MinimalPair]:
    """Yield the pairs in order. Raises DataError with the line of the first row that cannot be used."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream, dialect="excel-tab")
        try:
            header = [name.strip().lower() for name in next(rows)]
            empty = True
            for row in rows:
                if any(field.strip() for field in row):
                    empty = False
                    yield _pair(_fields(header, row, path, rows.line_num), path, rows.line_num)
            if empty:
                raise DataError("no pairs below the header; give one a line", path)
        except UnicodeDecodeError as error:
            raise DataError("not UTF-8; convert the file to UTF-8", path, rows.line_num + 1) from error
        except csv.Error as error:
            raise DataError(f"not readable as TSV ({error}); mend the line", path, rows.line_num) from error


def _fields(header: list[str], row: list[str], path: Path, line: int) -> dict[str, str]:
    if len(row) > len(header):
        raise DataError(
            f"{len(row)} columns where the header has {len(header)}; put tabs between columns only",
            path,
            line,
        )
    padded = row + [""] * (len(header) - len(row))  # spreadsheets drop empty cells at the end of a row
    return {name: field.strip() for name, field in zip(header, padded, strict=True)}


def _pair(fields: dict[str, str], path: Path, line: int) -> MinimalPair:
    good, bad = fields["good"], fields["bad"]
    if not good or not bad:
        raise DataError(f"no {'bad' if good else 'good'} sentence; every row needs both", path, line)
    first, second = good.split(), bad.split()
    if first == second:
        raise DataError("both sentences are the same; mend the row or take it out", path, line)
    attractors = fields.get("attractors", "")
    if attractors and not (attractors.isascii() and attractors.isdigit()):
        raise DataError(f"attractors is {attractors!r}; give a whole number or leave it blank", path, line)
    count = int(attractors) if attractors else None
    match = _choice(fields, "match", ANSWERS, "yes, no", path, line)
    if count == 0 and match is False:
        raise DataError("no attractors, yet match is no; correct one of them", path, line)
    subject = _choice(fields, "subject", SUBJECTS, "singular, plural", path, line)
    place = parting(first, second)
    return MinimalPair(
        good,
        bad,
        construction=fields.get("construction", ""),
        attractors=count,
        subject=subject,
        match=True if count == 0 else match,
        target=place,
        group=str(line),
    )


def _choice(
    fields: dict[str, str], name: str, choices: dict[str, Answer], told: str, path: Path, line: int
) -> Answer | None:
    value = fields.get(name, "").lower()
    if not value:
        return None
    if value not in choices:
        raise DataError(f"{name} is {value!r}; give one of {told} or leave it blank", path, line)
    return choices[value]
