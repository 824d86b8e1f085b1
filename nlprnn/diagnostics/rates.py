"""A learning rate for each network, so that none is compared at the rate of another.

Which rate suits depends on the cell and on how its gates begin. The same few are tried for all (RATES), on other seeds
than those that are reported, and the one with the best accuracy over several delays is kept.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from nlprnn.diagnostics.memory import MemoryTask
from nlprnn.diagnostics.practice import ALIKE, Practice, Progress, learn
from nlprnn.diagnostics.recall import copy_task

RATES = (0.001, 0.003, 0.01, 0.03)
TRIED_AT = (20, 80)  # delays: one that most learn, and one that is hard
APART = 1000  # from the seeds that are reported


@dataclass(frozen=True)
class RateRun:
    """One network trained at one delay with one rate."""

    cell: str
    lr: float
    delay: int
    seed: int
    accuracy: float


@dataclass(frozen=True)
class RateChoice:
    """All runs, and what was chosen."""

    runs: tuple[RateRun, ...]

    header: ClassVar[tuple[str, ...]] = ("cell", "lr", "delay", "seed", "accuracy")

    def rows(self) -> list[tuple[str | int | float, ...]]:
        return [(run.cell, run.lr, run.delay, run.seed, run.accuracy) for run in self.runs]

    def chosen(self) -> dict[str, float]:
        """By network the rate with the highest mean accuracy; of rates that are as good the largest."""
        found: dict[str, dict[float, list[float]]] = {}
        for run in self.runs:
            found.setdefault(run.cell, {}).setdefault(run.lr, []).append(run.accuracy)
        return {
            cell: max(rates, key=lambda rate: (statistics.fmean(rates[rate]), rate)) for cell, rates in found.items()
        }


def choose_rates(
    cells: Sequence[str],
    delays: Sequence[int] = TRIED_AT,
    rates: Sequence[float] = RATES,
    seeds: Sequence[int] = (1, 2),
    practice: Practice = ALIKE,
    copied: bool = False,
    progress: Progress | None = None,
) -> RateChoice:
    """Delayed recall or copying, learnt by each network (a cell's, or one with chrono initialisation) at each rate."""
    plan = list(itertools.product(cells, delays, rates, (APART + seed for seed in seeds)))
    runs = []
    for cell, delay, rate, seed in plan:
        task = copy_task(delay) if copied else MemoryTask(delay)
        _, _, accuracy = learn(cell, task, replace(practice, lr=rate), seed)
        runs.append(RateRun(cell, rate, delay, seed, accuracy))
        if progress is not None:
            progress(len(runs), len(plan))
    return RateChoice(tuple(runs))
