"""BLiMP (Warstadt et al. 2020, TACL 8, 377-392): a JSON object a line; the UID is the construction.

Published results compare the log-probabilities of whole sentences (there: the simple LM method). Where
`one_prefix_method` is true the word after the shared prefix can be scored instead, and becomes the pair's target.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nlprnn.errors import DataError
from nlprnn.probes.formats.columns import is_text
from nlprnn.probes.suite import MinimalPair, parting

# In these two paradigms the noun between subject and verb always has the other number: that is their design.
CONFLICT = {"distractor_agreement_relational_noun", "distractor_agreement_relative_clause"}


def matches(head: bytes) -> bool:
    """Is the first line that is not blank a JSON object with a `sentence_good`?"""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
    return first.startswith(b"{") and b'"sentence_good"' in first


def pairs(path: Path) -> Iterator[MinimalPair]:
    """Yield the pairs in order. Raises DataError with the line of the first row that cannot be used."""
    with path.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            raw = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if raw.strip():
                yield _pair(_row(raw, path, number), path, number)


def _row(raw: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(raw)
    except UnicodeDecodeError as error:
        raise DataError("not UTF-8; convert the file to UTF-8", path, number) from error
    except RecursionError as error:
        raise DataError("nested too deeply; mend the line or take it out", path, number) from error
    except ValueError as error:
        raise DataError(f"not a JSON object ({error}); mend the line or take it out", path, number) from error
    if not isinstance(row, dict):
        raise DataError("not a JSON object; mend the line or take it out", path, number)
    return row


def _pair(row: dict[str, Any], path: Path, number: int) -> MinimalPair:
    good, bad = (_sentence(row, key, path, number) for key in ("sentence_good", "sentence_bad"))
    if good.split() == bad.split():
        raise DataError("both sentences are the same; mend the line or take it out", path, number)
    uid = " ".join(str(row.get("UID") or path.stem).split())
    if not all(map(is_text, (good, bad, uid))):
        raise DataError("half a surrogate pair (\\ud800 to \\udfff), which is no text; mend the line", path, number)
    conflict = uid in CONFLICT
    return MinimalPair(
        good,
        bad,
        construction=uid,
        attractors=1 if conflict else None,
        match=False if conflict else None,
        target=_target(row, good.split(), bad.split()),
        group=f"{uid} {row.get('pairID', number)}",
    )


def _sentence(row: dict[str, Any], key: str, path: Path, number: int) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"no {key}; every row needs sentence_good and sentence_bad", path, number)
    return value


def _target(row: dict[str, Any], good: list[str], bad: list[str]) -> int | None:
    """The differing word of the published continuation, where the row has one and both sentences bear it out.

    A continuation of several words (`works with`, `grocery store`) is scored at the word that differs.
    """
    prefix, word = row.get("one_prefix_prefix"), row.get("one_prefix_word_good")
    if row.get("one_prefix_method") is not True or not isinstance(prefix, str) or not isinstance(word, str):
        return None
    place, start = parting(good, bad), len(prefix.split())
    borne_out = good[:start] == prefix.split() and place is not None and start <= place < start + len(word.split())
    return place if borne_out else None
