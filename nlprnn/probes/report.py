"""The figures of one scorer on one suite, as `--json` prints them. Every cell has its n and its interval."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from nlprnn.probes.outcomes import Interval, Record
from nlprnn.probes.tally import Cell, SplitCell
from nlprnn.probes.unscored import Unscored

Baselines = dict[str, "SplitCell | None"]


@dataclass(frozen=True)
class CurveCell(SplitCell):
    """One point of a curve, and on the same pairs `nearest_noun` and `ngram`, None where they cannot be had."""

    baselines: Baselines


@dataclass(frozen=True)
class AttractorCell(CurveCell):
    """The pairs with so many attractors."""

    attractors: int


@dataclass(frozen=True)
class DistanceCell(CurveCell):
    """The pairs with so many words between cue and target: from `distance` to `up_to`, which is None for no end."""

    distance: int
    up_to: int | None


@dataclass(frozen=True)
class Grouped:
    """What follows where groups of items are what is drawn by chance; intervals are None for few groups.

    The accuracy's and the recency index's, both by the bootstrap over groups (`nlprnn.metrics.bootstrap`).
    """

    groups: int
    group_interval: Interval | None
    recency_interval: Interval | None

    @staticmethod
    def of(record: Record) -> dict[str, Any]:
        """The fields."""
        return {
            "groups": record.count_groups(),
            "group_interval": record.accuracy_interval(),
            "recency_interval": record.recency_interval(),
        }


@dataclass(frozen=True)
class ConstructionReport(Grouped, Unscored, SplitCell):
    """One construction's figures. `name` is empty for pairs without one."""

    name: str
    recency_index: float | None


@dataclass(frozen=True)
class NumberBias:
    """The accuracy with singular subjects less that with plural ones, and its interval by the bootstrap over groups."""

    difference: float
    interval: Interval | None


@dataclass(frozen=True)
class SuiteReport(Grouped, Unscored, SplitCell):
    """All figures of one scorer on one suite; `json()` is what `--json` prints.

    `n` counts what was scored, `skipped` what was not and `skipped_why` for which reasons. `recency_index` is match
    minus conflict accuracy, averaged over the constructions that have both; None where none has. Where a suite has
    predictions about conditions instead of pairs, `n` counts items, an item is right where all predictions hold, and
    the constructions are the predictions.
    """

    name: str
    source: str
    counted: str  # "pairs" or "items"
    agreeing: list[str]  # what attractors, distances and numbers are about: subject and verb, or cue and target
    scoring: str
    coverage: str
    unknown_words: list[str]
    shared_unknown: int
    ties: int
    recency_index: float | None
    constructions: list[ConstructionReport]
    by_attractors: list[AttractorCell]
    by_distance: list[DistanceCell]
    by_subject_number: dict[str, Cell]
    number_bias: NumberBias | None
    baselines: Baselines
    record: Record = field(repr=False, metadata={"json": False})
    ngram_record: Record | None = field(repr=False, metadata={"json": False})  # of the n-gram model beside it

    def json(self) -> dict[str, Any]:
        """Plain values, without the records."""
        told = {item.name: getattr(self, item.name) for item in fields(self) if item.metadata.get("json", True)}
        return {name: _plain(value) for name, value in told.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value
