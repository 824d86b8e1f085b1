"""Marvin and Linzen (2018, EMNLP): pickles of dict[condition, list[(good, bad)]], lower case, no end punctuation.

A file is a construction, named by the file; a condition is a group. Published results compare whole sentences, each
with a full stop added, up to it: the end of the sentence does not count.

The condition's name tells the template: `sing_MS_MV_plur_ES` is a singular main subject MS whose verb MV is
tested, and a plural embedded noun ES. Where that says which noun stands nearest before the verb, the pair is
annotated; nouns inside fixed prepositions (`to the side of`) are not counted.

Polarity files hold triples of a grammatical sentence, an intrusive and an ungrammatical one. As in the authors' own
analysis the grammatical one is compared with each of the others, in two constructions; their third comparison, of the
intrusive with the ungrammatical one, is left out, because neither is grammatical.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from nlprnn.errors import DataError
from nlprnn.probes.suite import MinimalPair, parting

NUMBERS = {"sing": "singular", "plur": "plural"}
VERBS = {"MV", "IV", "EV"}
AGAINST = ("intrusive", "ungrammatical")  # the second and third sentence of a polarity triple


class _DataOnly(pickle.Unpickler):
    """Loads builtin containers, strings and numbers; anything that would import or call code is refused."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise _RefusedError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> NoReturn:
        raise _RefusedError("a persistent object")


class _RefusedError(Exception):
    pass


def matches(head: bytes) -> bool:
    """Is it a pickle (protocol 2 and later, or a dict in the protocols 0 and 1 of old Python)?"""
    return (head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")) or head.startswith(
        (b"(dp", b"}q")
    )


def pairs(path: Path) -> Iterator[MinimalPair]:
    """Yield the pairs condition by condition. Raises DataError for pickles that hold code or anything but pairs."""
    conditions = _load(path)
    if not any(conditions.values()):
        raise DataError("no pairs in it; give a template file of LM_syneval", path)
    for condition, items in conditions.items():
        if not isinstance(condition, str) or not isinstance(items, list):
            raise DataError(
                "not a dict of condition names and lists of pairs; give a template file of LM_syneval", path
            )
        annotation = annotate(condition)
        for number, item in enumerate(items, start=1):
            yield from _item(item, condition, annotation, path, number)


def annotate(condition: str) -> dict[str, Any]:
    """The `subject`, `match` and `attractors` that a condition's name tells; what it does not tell is left out.

    Patterns, the verb that is tested first: `S V` simple and coordinated; `S V n ES` a noun between (preposition,
    subject relative); `S V n ES EV` a noun between (object relative); `ES EV n S V` inside the relative, and `S V n BS`
    inside a complement: the other noun stands before the subject.
    """
    groups: list[tuple[str, list[str]]] = []
    for part in condition.split("_"):
        if part in NUMBERS:
            groups.append((part, []))
        elif groups:
            groups[-1][1].append(part)
        else:
            return {}  # polarity: `past`, `future`
    if not 1 <= len(groups) <= 2 or not all(roles for _, roles in groups):
        return {}
    (number, roles), other = groups[0], groups[1] if len(groups) == 2 else None
    known: dict[str, Any] = {"subject": NUMBERS[number]}
    if roles[-1] not in VERBS:
        return known  # a reflexive, or a long coordination, whose first verb phrase holds nouns of its own
    if other is None or other[1] == ["BS"] or (roles[0] == "ES" and other[1] in (["MS", "MV"], ["IS", "IV"])):
        return known | {"match": True, "attractors": 0}
    if roles[0] in ("MS", "IS") and other[1] in (["ES"], ["ES", "EV"]):
        return known | {"match": other[0] == number, "attractors": int(other[0] != number)}
    return known


def _load(path: Path) -> dict[Any, Any]:
    with path.open("rb") as stream:
        try:
            content = _DataOnly(stream, encoding="utf-8").load()
        except _RefusedError as error:
            raise DataError(
                f"refuses to load a pickle that calls {error}; only builtin containers and strings are read",
                path,
            ) from error
        except Exception as error:  # a damaged pickle can fail in any way
            raise DataError(f"not a readable pickle ({type(error).__name__}); fetch the file again", path) from error
    if not isinstance(content, dict):
        raise DataError(
            f"holds a {type(content).__name__}, not a dict of conditions; give a template file of LM_syneval",
            path,
        )
    return content


def _item(item: Any, condition: str, annotation: dict[str, Any], path: Path, number: int) -> Iterator[MinimalPair]:
    usable = isinstance(item, (tuple, list)) and len(item) in (2, 3)
    if not usable or not all(isinstance(text, str) and text.strip() for text in item):
        raise DataError(f"condition {condition}, item {number}: not two or three sentences; mend the file", path)
    good, *others = item
    for kind, bad in zip(AGAINST if len(others) == 2 else ("",), others, strict=True):
        first, second = good.split(), bad.split()
        if first == second:
            raise DataError(f"condition {condition}, item {number}: both sentences are the same; mend the file", path)
        # a triple differs in the words that license the polarity item, not in the item: there is no word to score
        target = None if kind else parting(first, second)
        name = f"{path.stem}/{kind}" if kind else path.stem
        yield MinimalPair(good, bad, name, target=target, group=f"{path.stem} {condition}", **annotation)
