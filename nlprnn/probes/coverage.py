"""How much of a suite can be scored with a vocabulary, before there is a model: what `judge` would skip, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from nlprnn.probes.conditions import ConditionSuite, ItemVerdict, item_drafts
from nlprnn.probes.evaluate import Verdict, drafts, way_of_scoring
from nlprnn.probes.suite import Suite
from nlprnn.probes.unscored import LISTED, Ledger, Unscored


@dataclass(frozen=True)
class PartCoverage(Unscored):
    """Of a construction, or of a prediction about conditions: `n` could be scored, a `share` of all there are."""

    name: str
    n: int
    share: float | None  # None where there is nothing


@dataclass(frozen=True)
class SuiteCoverage(PartCoverage):
    """Of a suite; the fields that SuiteReport has too mean the same."""

    source: str
    counted: str
    scoring: str
    coverage: str
    shared_unknown: int
    constructions: list[PartCoverage]

    def json(self) -> dict[str, Any]:
        return asdict(self)


def coverage(
    knows: Callable[[str], bool],
    suite: Suite | ConditionSuite,
    *,
    scoring: str = "published",
    mean: bool | None = None,
    end: bool | None = None,
) -> SuiteCoverage:
    """Look at every pair or item of a suite. `knows(word)` is a tokenizer's; the rest is as for `probe_agreement`."""
    way = way_of_scoring(suite.published, scoring, mean, end)
    total, parts, shared = Ledger(), dict[str, Ledger](), 0
    verdicts: Iterator[Verdict | ItemVerdict]
    if isinstance(suite, Suite):
        verdicts = (verdict for _, verdict in drafts(knows, suite.pairs(), way))
    else:
        verdicts = item_drafts(knows, suite, whole=way.unit == "sentence")
    for verdict in verdicts:
        shared += verdict.shared_unknown
        total.add(verdict.skipped, verdict.unknown)
        for name, skipped, unknown in _constructions(verdict):
            parts.setdefault(name, Ledger()).add(skipped, unknown)
    return SuiteCoverage(
        **_figures(suite.name, total, LISTED),
        source=suite.source,
        counted="pairs" if isinstance(suite, Suite) else "items",
        scoring=str(way),
        coverage=suite.coverage,
        shared_unknown=shared,
        constructions=[PartCoverage(**_figures(name, ledger)) for name, ledger in parts.items()],
    )


def _constructions(verdict: Verdict | ItemVerdict) -> list[tuple[str, str, tuple[str, ...]]]:
    """Names, each with why it was skipped and for which words."""
    if isinstance(verdict, Verdict):
        return [(verdict.pair.construction, verdict.skipped, verdict.unknown)]
    return [(formula.text, skipped, unknown) for formula, _, skipped, unknown in verdict.each()]


def _figures(name: str, ledger: Ledger, *words: int) -> dict[str, Any]:
    figures = ledger.figures(*words)
    asked = ledger.scored + figures["skipped"]
    return figures | {"name": name, "n": ledger.scored, "share": ledger.scored / asked if asked else None}
