"""Several scorers of one recipe on one suite: the mean of a figure, and how far a seed makes it move."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

from nlprnn.probes.report import SuiteReport


def spread(reports: Sequence[SuiteReport]) -> dict[str, Any]:
    """`mean` and `deviation` (of a sample: n - 1) of each figure, None where a report lacks it; of `models` reports."""
    figures: dict[str, list[float | None]] = {
        "accuracy": [report.accuracy for report in reports],
        "match": [report.match.accuracy for report in reports],
        "conflict": [report.conflict.accuracy for report in reports],
        "recency_index": [report.recency_index for report in reports],
    }
    told = {name: _told([value for value in values if value is not None]) for name, values in figures.items()}
    kept = {name: figure if None not in figures[name] else None for name, figure in told.items()}
    return {"name": reports[0].name, "models": len(reports), **kept}


def _told(values: Sequence[float]) -> dict[str, float] | None:
    return {"mean": mean(values), "deviation": stdev(values)} if len(values) > 1 else None
