"""Syntactic against sequential recency: the split of items, the index and the baselines beside them.

On a conflict item the noun nearest before the verb has another number than the subject, so a model is either right
(it follows syntax) or follows the nearest noun (it follows the sequence). Knows scorers and pairs, no file format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from nlprnn.probes.baselines import Baselines, Frequency
from nlprnn.probes.conditions import ConditionSuite, ItemVerdict, judge_items
from nlprnn.probes.evaluate import Verdict, judge, way_of_scoring
from nlprnn.probes.outcomes import Outcomes, Record
from nlprnn.probes.report import (
    AttractorCell,
    ConstructionReport,
    DistanceCell,
    Grouped,
    NumberBias,
    SuiteReport,
)
from nlprnn.probes.suite import SUBJECT_AND_VERB, MinimalPair, Scoring, Suite
from nlprnn.probes.tally import SplitCell, SplitTally
from nlprnn.probes.unscored import LISTED, NAMED, Ledger

if TYPE_CHECKING:
    from nlprnn.inference.scoring import Scorer

AnyVerdict = Verdict | ItemVerdict
Answers = Iterator[tuple[AnyVerdict, "AnyVerdict | None"]]  # the scorer's beside the n-gram model's

FAR, FARTHER = 10, 20  # words: from FAR on distances are counted five together, from FARTHER on all


class Point:
    """What a curve has at one place: the scorer's answers, and the baselines' on the same pairs."""

    def __init__(self) -> None:
        self.own, self.nearest, self.ngram = SplitTally(), SplitTally(), SplitTally()

    def add(self, pair: MinimalPair, right: bool, rival: bool | None) -> None:
        self.own.add(right, pair.match)
        if pair.match is not None:
            self.nearest.add(pair.match, pair.match)
        if rival is not None:
            self.ngram.add(rival, pair.match)

    def figures(self) -> dict[str, Any]:
        beside = {"nearest_noun": self.nearest, "ngram": self.ngram}
        cells = {name: tally.cell() if tally.all.n else None for name, tally in beside.items()}
        return vars(self.own.cell()) | {"baselines": cells}


class Counts:
    """Takes verdicts one by one and keeps counters, and of each verdict what intervals are computed from."""

    def __init__(self) -> None:
        self.total = SplitTally()
        self.constructions: dict[str, SplitTally] = {}
        self.attractors: dict[int, Point] = {}
        self.distances: dict[int, Point] = {}
        self.subjects = {"singular": SplitTally(), "plural": SplitTally()}
        self.unscored = Ledger()
        self.unscored_of: dict[str, Ledger] = {}
        self.shared_unknown = 0
        self.ties = 0
        self.outcomes = Outcomes()

    def add(self, verdict: AnyVerdict, rival: bool | None) -> None:
        """`rival`: whether the n-gram model was right on it; None where it was not asked or could not tell."""
        self.outcomes.add(verdict)
        self.unscored.add(verdict.skipped, verdict.unknown)
        self.shared_unknown += verdict.shared_unknown
        if isinstance(verdict, Verdict):
            self._add_pair(verdict, rival)
        else:
            self._add_item(verdict)

    def _add_item(self, verdict: ItemVerdict) -> None:
        if verdict.correct is not None:
            self.total.add(verdict.correct, None)
        for formula, holds, skipped, unknown in verdict.each():
            tally = self._construction(formula.text, skipped, unknown)
            if holds is not None:
                tally.add(holds, None)

    def _add_pair(self, verdict: Verdict, rival: bool | None) -> None:
        pair, right = verdict.pair, verdict.correct
        construction = self._construction(pair.construction, verdict.skipped, verdict.unknown)
        if right is None:
            return
        self.ties += verdict.tie
        self.total.add(right, pair.match)
        construction.add(right, pair.match)
        if pair.attractors is not None:
            self.attractors.setdefault(pair.attractors, Point()).add(pair, right, rival)
        if pair.distance is not None:
            self.distances.setdefault(_reached(pair.distance), Point()).add(pair, right, rival)
        if pair.subject is not None:
            self.subjects[pair.subject].add(right, pair.match)

    def _construction(self, name: str, skipped: str, unknown: tuple[str, ...]) -> SplitTally:
        """One that could not be scored at all still shows, with n = 0."""
        self.unscored_of.setdefault(name, Ledger()).add(skipped, unknown)
        return self.constructions.setdefault(name, SplitTally())

    def report(
        self,
        suite: Suite | ConditionSuite,
        way: Scoring,
        baselines: dict[str, SplitCell | None],
        ngram: Record | None,
    ) -> SuiteReport:
        indices = [i for tally in self.constructions.values() if (i := tally.recency_index()) is not None]
        record = self.outcomes.record()
        unscored, gap = self.unscored.figures(LISTED), record.number_gap()
        return SuiteReport(
            **vars(self.total.cell()),
            **unscored,
            **Grouped.of(record.taken(record.whole_rows())),
            name=suite.name,
            source=suite.source,
            counted="pairs" if isinstance(suite, Suite) else "items",
            agreeing=list(suite.agreeing if isinstance(suite, Suite) else SUBJECT_AND_VERB),
            scoring=str(way),
            coverage=suite.coverage,
            unknown_words=list(unscored["unknown_counts"])[:NAMED],
            shared_unknown=self.shared_unknown,
            ties=self.ties,
            recency_index=sum(indices) / len(indices) if indices else None,
            constructions=[self._construction_report(name, record) for name in self.constructions],
            by_attractors=[
                AttractorCell(**point.figures(), attractors=count) for count, point in sorted(self.attractors.items())
            ],
            by_distance=[
                DistanceCell(**point.figures(), distance=words, up_to=_last(words))
                for words, point in sorted(self.distances.items())
            ],
            by_subject_number={number: tally.cell() for number, tally in self.subjects.items()},
            number_bias=None if gap is None else NumberBias(*gap),
            baselines=baselines,
            record=record,
            ngram_record=ngram,
        )

    def _construction_report(self, name: str, record: Record) -> ConstructionReport:
        tally = self.constructions[name]
        return ConstructionReport(
            **vars(tally.cell()),
            **self.unscored_of[name].figures(),
            **Grouped.of(record.of(name)),
            name=name,
            recency_index=tally.recency_index(),
        )


def _reached(distance: int) -> int:
    """The distance from which on a distance is counted together with others."""
    return distance if distance < FAR else min(distance - distance % 5, FARTHER)


def _last(distance: int) -> int | None:
    return distance if distance < FAR else distance + 4 if distance < FARTHER else None


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
    """Ask a scorer about every pair or item of a suite; of a pair some 20 bytes are kept.

    `frequency(word)` tells how often a word was seen in training, for the majority and unigram baselines; `ngram` is a
    scorer whose accuracy on the same pairs becomes a baseline; `scoring`, `mean` and `end` say what is compared (see
    `way_of_scoring`); `sink(suite_name, verdict)` is called for each pair or item (see `items_file`).

    Raises ConfigError for a way of scoring that is unknown or does not fit, and what the suite's reader raises.
    """
    way = way_of_scoring(suite.published, scoring, mean, end)
    counts, baselines, rival, rivals = Counts(), Baselines(frequency), SplitTally(), Outcomes()
    for verdict, rival_verdict in _verdicts(scorer, ngram, suite, way):
        answer = None if rival_verdict is None else rival_verdict.correct
        counts.add(verdict, answer)
        if rival_verdict is not None:
            rivals.add(rival_verdict)
        if verdict.correct is not None:
            pair = verdict.pair if isinstance(verdict, Verdict) else None
            if pair is not None:
                baselines.add(pair)
            if answer is not None:
                rival.add(answer, pair.match if pair is not None else None)
        if sink is not None:
            sink(suite.name, verdict)
    cells = baselines.cells() | {"ngram": rival.cell() if rival.all.n else None}
    return counts.report(suite, way, cells, None if ngram is None else rivals.record())


def _verdicts(scorer: Scorer, ngram: Scorer | None, suite: Suite | ConditionSuite, way: Scoring) -> Answers:
    """The suite is read once for each scorer, so nothing is held."""
    verdicts = _judged(scorer, suite, way)
    if ngram is None:
        return ((verdict, None) for verdict in verdicts)
    return zip(verdicts, _judged(ngram, suite, way), strict=True)


def _judged(scorer: Scorer, suite: Suite | ConditionSuite, way: Scoring) -> Iterator[AnyVerdict]:
    return judge(scorer, suite.pairs(), way) if isinstance(suite, Suite) else judge_items(scorer, suite, way)
