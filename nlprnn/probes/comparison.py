"""Two scorers side by side on the pairs that both were scored on: the difference, its interval, a test, its power.

All tests of a report are one family: Holm's correction is for their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from nlprnn.metrics.bootstrap import gap_between_models, gap_of_gaps, group_interval, totals
from nlprnn.metrics.paired import group_test, holm, mcnemar, power
from nlprnn.probes.outcomes import UNKNOWN, WHOLE, Interval, Record, in_common
from nlprnn.probes.report import SuiteReport

ENOUGH = 0.8  # a test that would find a difference of ten points less often than that is too small to tell


@dataclass(frozen=True)
class Gap:
    """The first scorer's figure less the second's; the interval is the bootstrap's over groups, None for few groups."""

    difference: float
    interval: Interval | None


@dataclass(frozen=True)
class Comparison:
    """Two scorers on `n` pairs of a suite that both were scored on.

    `part` is "all", "conflict" or "construction". `only_first` counts pairs on which only the first was right.
    `mcnemar` is McNemar's mid-p value, each pair a piece of evidence of its own; `p` the same with groups of pairs
    instead, and `p_corrected` is `p` for the number of tests of the report. `power` is the chance that this many items
    show a true difference of ten points; `too_few` where that is below ENOUGH and none was shown.
    """

    suite: str
    first: str
    second: str
    part: str
    construction: str | None
    n: int
    groups: int
    accuracy_first: float
    accuracy_second: float
    difference: float
    interval: Interval | None
    only_first: int
    only_second: int
    mcnemar: float
    p: float
    p_corrected: float
    power: float
    recency_index: Gap | None  # None where there is none, and of parts other than "all"

    @property
    def too_few(self) -> bool:
        return self.power < ENOUGH and self.p_corrected >= 0.05

    def json(self) -> dict[str, Any]:
        return asdict(self) | {"too_few": self.too_few}


Asked = tuple[str, Sequence[SuiteReport]]  # a scorer's name, and its report on each suite


def compare(asked: Sequence[Asked], ngram: str | None = None) -> list[Comparison]:
    """Each scorer with each other one, and with the n-gram model `ngram` where one was asked beside it.

    A baseline that is one of the scorers is compared as one of them, and once.
    """
    rival = None if ngram in dict(asked) else ngram
    found: list[Comparison] = []
    for place, suite in enumerate(asked[0][1] if asked else ()):
        reports = [(name, several[place]) for name, several in asked]
        pairs = [((a, first.record), (b, second.record)) for (a, first), (b, second) in combinations(reports, 2)]
        for name, report in reports:
            if rival is not None and report.ngram_record is not None:
                pairs.append(((name, report.record), (rival, report.ngram_record)))
        for (a, ours), (b, theirs) in pairs:
            found += _parts(suite.name, (a, b), *in_common(ours, theirs))
    corrected = holm(np.array([one.p for one in found]))
    return [replace(one, p_corrected=float(p)) for one, p in zip(found, corrected, strict=True)]


def _parts(suite: str, names: tuple[str, str], first: Record, second: Record) -> Iterator[Comparison]:
    """The suite as a whole, its conflict items, and where it has several, its constructions.

    The annotations are those of the first record; the second has the same pairs in the same order.
    """

    def compared(part: str, rows: np.ndarray, construction: str | None = None) -> Iterator[Comparison]:
        if rows.any():
            yield _compared(suite, names, part, construction, first.taken(rows), second.taken(rows))

    for whole in compared("all", first.whole_rows()):
        yield replace(whole, recency_index=_index_gap(first, second))
    yield from compared("conflict", first.matches == 0)
    places = [place for place in np.unique(first.constructions) if place != WHOLE]
    for place in places if len(places) > 1 else ():
        yield from compared("construction", first.constructions == place, first.names[place])


def _compared(
    suite: str, names: tuple[str, str], part: str, construction: str | None, first: Record, second: Record
) -> Comparison:
    n = len(first.keys)
    right = np.stack([first.right, second.right], axis=1)  # (N, 2)
    leaning = right[:, 0].astype(np.int64) - right[:, 1]
    _, group = np.unique(first.groups, return_inverse=True)
    differences = np.bincount(group, weights=leaning).astype(np.int64)  # (groups,)
    ours, theirs = int((leaning > 0).sum()), int((leaning < 0).sum())
    p = group_test(differences)
    return Comparison(
        suite=suite,
        first=names[0],
        second=names[1],
        part=part,
        construction=construction,
        n=n,
        groups=len(differences),
        accuracy_first=float(first.right.mean()),
        accuracy_second=float(second.right.mean()),
        difference=(ours - theirs) / n,
        interval=group_interval(gap_between_models, np.zeros(n, dtype=np.int64), right, first.groups),
        only_first=ours,
        only_second=theirs,
        mcnemar=mcnemar(ours, theirs),
        p=p,
        p_corrected=p,
        power=power(differences, ours + theirs, n),
        recency_index=None,
    )


def _index_gap(first: Record, second: Record) -> Gap | None:
    known = first.matches != UNKNOWN
    cells, count = first.taken(known).halves()
    right = np.stack([first.right[known], second.right[known]], axis=1)
    difference = float(gap_of_gaps(totals(cells, right, count))[0])
    if np.isnan(difference):
        return None
    return Gap(difference, group_interval(gap_of_gaps, cells, right, first.groups[known], count))
