"""What became of each pair or item of a suite, in some 20 bytes: what intervals and paired tests are computed from.

Sentences are not kept, only numbers that tell them apart. So two scorers that were asked about the same suite, or about
suites that have pairs in common, are held against each other after both have gone through.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass

import numpy as np

from nlprnn.metrics.bootstrap import gap_between_cells, group_interval, share_of
from nlprnn.probes.conditions import ItemVerdict
from nlprnn.probes.evaluate import Verdict

UNKNOWN = -1  # stands for None in arrays of answers
WHOLE = -1  # the construction of an item that is counted as a whole, beside a row for each of its predictions
SUBJECTS = {"singular": 1, "plural": 0, None: UNKNOWN}
AGAIN = np.uint64(0x9E3779B97F4A7C15)  # added to a key when it comes again, so that twins are told apart

Interval = tuple[float, float]


class Outcomes:
    """Grows by a row with each verdict."""

    def __init__(self) -> None:
        self._keys, self._groups, self._constructions = array("Q"), array("Q"), array("l")
        self._answers, self._matches, self._subjects = array("b"), array("b"), array("b")
        self._names: dict[str, int] = {}

    def add(self, verdict: Verdict | ItemVerdict) -> None:
        if isinstance(verdict, Verdict):
            pair = verdict.pair
            key = _number(f"{pair.construction}\n{pair.good}\n{pair.bad}")
            group = _number(pair.group) if pair.group else key
            self._row(key, group, self._place(pair.construction), verdict.correct, pair.match, SUBJECTS[pair.subject])
            return
        item = _number(verdict.item.number)
        self._row(item, item, WHOLE, verdict.correct)
        for formula, holds, _, _ in verdict.each():
            self._row(_number(f"{formula.text}\n{verdict.item.number}"), item, self._place(formula.text), holds)

    def _place(self, construction: str) -> int:
        return self._names.setdefault(construction, len(self._names))

    def _row(
        self,
        key: int,
        group: int,
        construction: int,
        right: bool | None,
        match: bool | None = None,
        subject: int = UNKNOWN,
    ) -> None:
        self._keys.append(key)
        self._groups.append(group)
        self._constructions.append(construction)
        self._answers.append(UNKNOWN if right is None else right)
        self._matches.append(UNKNOWN if match is None else match)
        self._subjects.append(subject)

    def record(self) -> Record:
        """The rows that were scored, as arrays. Those that are not are left out here, not before: twins are counted."""
        columns = self._keys, self._groups, self._constructions, self._answers, self._matches, self._subjects
        found = [np.array(column, dtype=np.dtype(column.typecode)) for column in columns]
        found[0] = _distinct(found[0].astype(np.uint64))
        scored = found[3] != UNKNOWN
        keys, groups, constructions, answers, matches, subjects = (column[scored] for column in found)
        return Record(keys, groups, constructions, answers == 1, matches, subjects, tuple(self._names))


@dataclass(frozen=True, eq=False)
class Record:
    """The N scored rows of one scorer on one suite, or some of them."""

    keys: np.ndarray  # (N,) uint64, each different
    groups: np.ndarray  # (N,) uint64, the same for pairs of one group
    constructions: np.ndarray  # (N,) index in `names`, or WHOLE
    right: np.ndarray  # (N,) bool
    matches: np.ndarray  # (N,) 1 match, 0 conflict, UNKNOWN
    subjects: np.ndarray  # (N,) 1 singular, 0 plural, UNKNOWN
    names: tuple[str, ...]  # of constructions

    def taken(self, rows: np.ndarray) -> Record:
        """The rows of a mask, or at indices and in their order."""
        columns = (self.keys, self.groups, self.constructions, self.right, self.matches, self.subjects)
        keys, groups, constructions, right, matches, subjects = (column[rows] for column in columns)
        return Record(keys, groups, constructions, right, matches, subjects, self.names)

    def whole_rows(self) -> np.ndarray:
        """(N,) bool: what the suite's accuracy is made of, all pairs, or items as a whole."""
        items = self.constructions == WHOLE
        return items if items.any() else ~items

    def of(self, construction: str) -> Record:
        return self.taken(self.constructions == self.names.index(construction))

    def count_groups(self) -> int:
        return len(np.unique(self.groups))

    def halves(self) -> tuple[np.ndarray, int]:
        """What `gap_between_cells` makes the recency index of: a match and a conflict cell for each construction.

        Which of them each row counts in (N,), and how many there are. All rows are match or conflict.
        """
        both, place = np.unique(self.constructions, return_inverse=True)
        return 2 * place + (self.matches == 0), 2 * len(both)

    def accuracy_interval(self) -> Interval | None:
        """Of the accuracy, by drawing groups."""
        return group_interval(share_of(), np.zeros(len(self.keys), dtype=np.int64), self.right, self.groups)

    def recency_interval(self) -> Interval | None:
        """Of the recency index, by drawing groups."""
        known = self.taken(self.matches != UNKNOWN)
        cells, count = known.halves()
        return group_interval(gap_between_cells(), cells, known.right, known.groups, count)

    def number_gap(self) -> tuple[float, Interval | None] | None:
        """Accuracy with singular subjects less that with plural ones, and its interval; None unless there are both."""
        known = self.taken(self.subjects != UNKNOWN)
        singular = known.subjects == 1
        if not singular.any() or singular.all():
            return None
        gap = float(known.right[singular].mean() - known.right[~singular].mean())
        return gap, group_interval(gap_between_cells(), (~singular).astype(np.int64), known.right, known.groups, 2)


def in_common(first: Record, second: Record) -> tuple[Record, Record]:
    """The rows that both have, in the same order."""
    _, ours, theirs = np.intersect1d(first.keys, second.keys, assume_unique=True, return_indices=True)
    order = np.argsort(ours)
    return first.taken(ours[order]), second.taken(theirs[order])


def _number(text: str) -> int:
    """64 bits that stand for a text; of a hundred thousand texts two have the same once in four billion suites."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _distinct(keys: np.ndarray) -> np.ndarray:
    """Keys of which the second, third ... of the same are changed, in the same way in any suite."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(keys) else np.zeros(0, int)
    lengths = np.diff(np.append(starts, len(keys)))
    rank = np.arange(len(keys)) - np.repeat(starts, lengths)
    found = keys.copy()
    found[order] += rank.astype(np.uint64) * AGAIN
    return found
