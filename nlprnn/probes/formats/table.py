"""A user's own pairs: TSV or CSV with a header.

Its columns are `good`, `bad` and optionally `construction`, `attractors`, `subject`, `match`, `distance` (words between
subject and verb) and `group` (the same for pairs made from one item), or whatever the caller says they are called;
others are passed over. UTF-8, with or without BOM, any line ends, quoted as the csv module's
excel dialects do; tabs, commas or semicolons between the columns. A blank annotation means: not annotated. `match`
follows from no attractors, but not from some: the noun nearest before the verb need not be one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from nlprnn.errors import ConfigError, DataError
from nlprnn.probes.formats.columns import first_line, has_columns, is_whole, records
from nlprnn.probes.suite import MinimalPair, parting

Answer = TypeVar("Answer")

COLUMNS = ("good", "bad", "construction", "attractors", "subject", "match", "distance", "group")
DELIMITERS = ("\t", ",", ";")
SUBJECTS = {"singular": "singular", "sing": "singular", "plural": "plural", "plur": "plural"}
ANSWERS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def matches(head: bytes) -> bool:
    """Does the first line name the columns `good` and `bad`?"""
    return any(has_columns(head, ("good", "bad"), delimiter) for delimiter in DELIMITERS)


def called(columns: Mapping[str, str]) -> dict[str, str]:
    """What each of COLUMNS is called, given what some are: {"good": "grammatical"}.

    Raises ConfigError for a name that is none of COLUMNS.
    """
    for name in columns:
        if name not in COLUMNS:
            raise ConfigError(f"column {name!r}: choose among {', '.join(COLUMNS)}")
    return {name: columns.get(name, name).strip().lower() for name in COLUMNS}


def pairs(path: Path, called: Mapping[str, str] | None = None) -> Iterator[MinimalPair]:
    """Yield the pairs in order. Raises DataError with the line of the first row that cannot be used."""
    called = called or dict(zip(COLUMNS, COLUMNS, strict=True))
    needed = [theirs for name, theirs in called.items() if name in COLUMNS[:2] or theirs != name]
    for line, cells in records(path, _delimiter(path, needed), padded=True):
        yield _pair({name: cells.get(theirs, "") for name, theirs in called.items()}, path, line)


def _delimiter(path: Path, needed: list[str]) -> str:
    """What stands between the columns. Raises DataError where a needed one is missing."""
    with path.open("rb") as stream:
        head = stream.read(1 << 16)
    for delimiter in DELIMITERS:
        if has_columns(head, needed, delimiter):
            return delimiter
    header = first_line(head).decode("utf-8", errors="replace")[:100]
    raise DataError(f"lacks one of the columns {', '.join(needed)}; its first line is {header!r}", path, 1)


def _pair(fields: dict[str, str], path: Path, line: int) -> MinimalPair:
    good, bad = fields["good"], fields["bad"]
    if not good or not bad:
        raise DataError(f"no {'bad' if good else 'good'} sentence; every row needs both", path, line)
    first, second = good.split(), bad.split()
    if first == second:
        raise DataError("both sentences are the same; mend the row or take it out", path, line)
    count, distance = (_count(fields, name, path, line) for name in ("attractors", "distance"))
    match = _choice(fields, "match", ANSWERS, "yes, no", path, line)
    if count == 0 and match is False:
        raise DataError("no attractors, yet match is no; correct one of them", path, line)
    subject = _choice(fields, "subject", SUBJECTS, "singular, plural", path, line)
    return MinimalPair(
        good,
        bad,
        construction=fields["construction"],
        attractors=count,
        subject=subject,
        match=True if count == 0 else match,
        target=parting(first, second),
        group=fields["group"],
        distance=distance,
    )


def _count(fields: dict[str, str], name: str, path: Path, line: int) -> int | None:
    value = fields[name]
    if value and not is_whole(value):
        raise DataError(f"{name} is {value[:50]!r}; give a whole number or leave it blank", path, line)
    return int(value) if value else None


def _choice(
    fields: dict[str, str], name: str, choices: dict[str, Answer], told: str, path: Path, line: int
) -> Answer | None:
    value = fields[name].lower()
    if not value:
        return None
    if value not in choices:
        raise DataError(f"{name} is {value!r}; give one of {told} or leave it blank", path, line)
    return choices[value]
