"""Syntactic against sequential recency: the split of items, the index and the baselines beside them.

On a conflict item the noun nearest before the verb has another number than the subject, so a model is either right
(it follows syntax) or follows the nearest noun (it follows the sequence). Knows scorers and pairs, no file format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nlprnn.probes.baselines import Baselines, Frequency
from nlprnn.probes.evaluate import Verdict, judge, way_of_scoring
from nlprnn.probes.suite import Suite
from nlprnn.probes.tally import Cell, SplitCell, SplitTally, Tally

if TYPE_CHECKING:
    from nlprnn.inference.scoring import Scorer

NAMED_UNKNOWN = 10  # unknown words named in a report, the most frequent first


@dataclass(frozen=True)
class ConstructionReport(SplitCell):
    """One construction's figures. `name` is empty for pairs without one."""

    name: str
    recency_index: float | None


@dataclass(frozen=True)
class AttractorCell(SplitCell):
    """The items with so many attractors."""

    attractors: int


@dataclass(frozen=True)
class SuiteReport(SplitCell):
    """All figures of one scorer on one suite; `json()` is what `--json` prints.

    `n` counts what was scored, `skipped` what was not and `skipped_why` for which reasons. `recency_index` is match
    minus conflict accuracy, averaged over the constructions that have both; None where none has.
    """

    name: str
    source: str
    scoring: str
    coverage: str
    skipped: int
    skipped_why: dict[str, int]
    unknown_words: list[str]
    shared_unknown: int
    ties: int
    recency_index: float | None
    constructions: list[ConstructionReport]
    by_attractors: list[AttractorCell]
    by_subject_number: dict[str, Cell]
    baselines: dict[str, SplitCell | None]

    def json(self) -> dict[str, Any]:
        return asdict(self)


class Ledger:
    """Takes verdicts one by one and keeps counters only."""

    def __init__(self) -> None:
        self.total = SplitTally()
        self.constructions: dict[str, SplitTally] = {}
        self.attractors: dict[int, SplitTally] = {}
        self.subjects = {"singular": Tally(), "plural": Tally()}
        self.skipped: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.shared_unknown = 0
        self.ties = 0

    def add(self, verdict: Verdict) -> None:
        pair, right = verdict.pair, verdict.correct
        if right is None:
            self.skipped[verdict.skipped] += 1
            self.unknown.update(verdict.unknown)
            # a construction that could not be scored at all still shows, with n = 0
            self.constructions.setdefault(pair.construction, SplitTally())
            return
        self.shared_unknown += verdict.shared_unknown
        self.ties += verdict.tie
        self.total.add(right, pair.match)
        self.constructions.setdefault(pair.construction, SplitTally()).add(right, pair.match)
        if pair.attractors is not None:
            self.attractors.setdefault(pair.attractors, SplitTally()).add(right, pair.match)
        if pair.subject is not None:
            self.subjects[pair.subject].add(right)

    def report(self, suite: Suite, scoring: str, baselines: dict[str, SplitCell | None]) -> SuiteReport:
        indices = [i for tally in self.constructions.values() if (i := tally.recency_index()) is not None]
        return SuiteReport(
            **vars(self.total.cell()),
            name=suite.name,
            source=suite.source,
            scoring=scoring,
            coverage=suite.coverage,
            skipped=self.skipped.total(),
            skipped_why=dict(self.skipped),
            unknown_words=[word for word, _ in self.unknown.most_common(NAMED_UNKNOWN)],
            shared_unknown=self.shared_unknown,
            ties=self.ties,
            recency_index=sum(indices) / len(indices) if indices else None,
            constructions=[
                ConstructionReport(**vars(tally.cell()), name=name, recency_index=tally.recency_index())
                for name, tally in self.constructions.items()
            ],
            by_attractors=[
                AttractorCell(**vars(tally.cell()), attractors=count)
                for count, tally in sorted(self.attractors.items())
            ],
            by_subject_number={number: tally.cell() for number, tally in self.subjects.items()},
            baselines=baselines,
        )


def probe_agreement(
    scorer: Scorer,
    suite: Suite,
    *,
    frequency: Frequency | None = None,
    ngram: Scorer | None = None,
    scoring: str = "published",
    sink: Callable[[str, Verdict], None] | None = None,
) -> SuiteReport:
    """Ask a scorer about every pair of a suite, in constant memory.

    `frequency(word)` tells how often a word was seen in training, for the majority and unigram baselines; `ngram` is a
    scorer whose accuracy on the same pairs becomes a baseline; `scoring` is `published`, `sentence` or `target` (see
    `judge`); `sink(suite_name, verdict)` is called for each pair (see `items_file`).

    Raises ConfigError for an unknown way of scoring, and what the suite's reader raises.
    """
    way = way_of_scoring(suite, scoring)
    ledger, baselines, rival = Ledger(), Baselines(frequency), SplitTally()
    for verdict, rival_verdict in _verdicts(scorer, ngram, suite, way):
        ledger.add(verdict)
        if verdict.correct is not None:
            baselines.add(verdict.pair)
            if rival_verdict is not None and rival_verdict.correct is not None:
                rival.add(rival_verdict.correct, verdict.pair.match)
        if sink is not None:
            sink(suite.name, verdict)
    cells = baselines.cells() | {"ngram": rival.cell() if rival.all.n else None}
    return ledger.report(suite, way, cells)


def _verdicts(scorer: Scorer, ngram: Scorer | None, suite: Suite, way: str) -> Iterator[tuple[Verdict, Verdict | None]]:
    """The scorer's verdicts beside the n-gram model's; the suite is read once for each, so nothing is held."""
    verdicts = judge(scorer, suite.pairs(), way)
    if ngram is None:
        return ((verdict, None) for verdict in verdicts)
    return zip(verdicts, judge(ngram, suite.pairs(), way), strict=True)
