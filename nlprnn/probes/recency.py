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
from nlprnn.probes.conditions import ConditionSuite, ItemVerdict, judge_items
from nlprnn.probes.evaluate import Verdict, judge, way_of_scoring
from nlprnn.probes.suite import Scoring, Suite
from nlprnn.probes.tally import Cell, SplitCell, SplitTally, Tally

if TYPE_CHECKING:
    from nlprnn.inference.scoring import Scorer

AnyVerdict = Verdict | ItemVerdict
Answers = Iterator[tuple[AnyVerdict, "AnyVerdict | None"]]  # the scorer's beside the n-gram model's

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
    minus conflict accuracy, averaged over the constructions that have both; None where none has. Where a suite has
    predictions about conditions instead of pairs, `n` counts items, an item is right where all predictions hold, and
    the constructions are the predictions.
    """

    name: str
    source: str
    counted: str  # "pairs" or "items"
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

    def add(self, verdict: AnyVerdict) -> None:
        if verdict.correct is None:
            self.skipped[verdict.skipped] += 1
            self.unknown.update(verdict.unknown)
        self.shared_unknown += verdict.shared_unknown
        if isinstance(verdict, Verdict):
            self._add_pair(verdict)
        else:
            self._add_item(verdict)

    def _add_item(self, verdict: ItemVerdict) -> None:
        for formula in verdict.predictions:
            self.constructions.setdefault(formula.text, SplitTally())
        if verdict.correct is not None:
            self.total.add(verdict.correct, None)
        for formula, holds in zip(verdict.predictions, verdict.answers, strict=False):  # no answers where skipped
            self.constructions[formula.text].add(holds, None)

    def _add_pair(self, verdict: Verdict) -> None:
        pair, right = verdict.pair, verdict.correct
        # a construction that could not be scored at all still shows, with n = 0
        construction = self.constructions.setdefault(pair.construction, SplitTally())
        if right is None:
            return
        self.ties += verdict.tie
        self.total.add(right, pair.match)
        construction.add(right, pair.match)
        if pair.attractors is not None:
            self.attractors.setdefault(pair.attractors, SplitTally()).add(right, pair.match)
        if pair.subject is not None:
            self.subjects[pair.subject].add(right)

    def report(
        self, suite: Suite | ConditionSuite, way: Scoring, baselines: dict[str, SplitCell | None]
    ) -> SuiteReport:
        indices = [i for tally in self.constructions.values() if (i := tally.recency_index()) is not None]
        return SuiteReport(
            **vars(self.total.cell()),
            name=suite.name,
            source=suite.source,
            counted="pairs" if isinstance(suite, Suite) else "items",
            scoring=str(way),
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
    suite: Suite | ConditionSuite,
    *,
    frequency: Frequency | None = None,
    ngram: Scorer | None = None,
    scoring: str = "published",
    mean: bool | None = None,
    end: bool | None = None,
    sink: Callable[[str, AnyVerdict], None] | None = None,
) -> SuiteReport:
    """Ask a scorer about every pair or item of a suite, pairs in constant memory.

    `frequency(word)` tells how often a word was seen in training, for the majority and unigram baselines; `ngram` is a
    scorer whose accuracy on the same pairs becomes a baseline; `scoring`, `mean` and `end` say what is compared (see
    `way_of_scoring`); `sink(suite_name, verdict)` is called for each pair or item (see `items_file`).

    Raises ConfigError for a way of scoring that is unknown or does not fit, and what the suite's reader raises.
    """
    way = way_of_scoring(suite.published, scoring, mean, end)
    ledger, baselines, rival = Ledger(), Baselines(frequency), SplitTally()
    for verdict, rival_verdict in _verdicts(scorer, ngram, suite, way):
        ledger.add(verdict)
        if verdict.correct is not None:
            pair = verdict.pair if isinstance(verdict, Verdict) else None
            if pair is not None:
                baselines.add(pair)
            if rival_verdict is not None and rival_verdict.correct is not None:
                rival.add(rival_verdict.correct, pair.match if pair is not None else None)
        if sink is not None:
            sink(suite.name, verdict)
    cells = baselines.cells() | {"ngram": rival.cell() if rival.all.n else None}
    return ledger.report(suite, way, cells)


def _verdicts(scorer: Scorer, ngram: Scorer | None, suite: Suite | ConditionSuite, way: Scoring) -> Answers:
    """The suite is read once for each scorer, so nothing is held."""
    verdicts = _judged(scorer, suite, way)
    if ngram is None:
        return ((verdict, None) for verdict in verdicts)
    return zip(verdicts, _judged(ngram, suite, way), strict=True)


def _judged(scorer: Scorer, suite: Suite | ConditionSuite, way: Scoring) -> Iterator[AnyVerdict]:
    return judge(scorer, suite.pairs(), way) if isinstance(suite, Suite) else judge_items(scorer, suite, way)
