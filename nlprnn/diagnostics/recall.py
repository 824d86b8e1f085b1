"""How long each cell remembers after a fixed amount of practice."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from nlprnn.config.cells import CELLS
from nlprnn.diagnostics.memory import MemoryTask
from nlprnn.diagnostics.practice import ALIKE, Practice, Progress, learn

LEARNT = 0.9  # accuracy from which a delay counts as learnt
SEEDS = (1, 2, 3)
COPIED = 3  # items of the copying task
LONGER = Practice(steps=1000)  # copying takes longer to learn


@dataclass(frozen=True)
class RecallRun:
    """One network trained at one delay."""

    cell: str
    delay: int
    seed: int
    lr: float
    accuracy: float
    diverged: bool  # training ended early: loss or gradient were no longer finite


@dataclass(frozen=True)
class CellReach:
    """The longest delays that a cell has learnt: one a seed, 0 where none of those tried."""

    cell: str
    longest: tuple[int, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.longest)


@dataclass(frozen=True)
class Recall:
    """All runs, and what they come to."""

    runs: tuple[RecallRun, ...]
    chance: float

    header: ClassVar[tuple[str, ...]] = ("cell", "delay", "seed", "lr", "accuracy", "diverged")
    summary_header: ClassVar[tuple[str, ...]] = ("cell", "delay_median", "delay_least", "delay_most")

    def rows(self) -> list[tuple[str | int | float | bool, ...]]:
        return [(run.cell, run.delay, run.seed, run.lr, run.accuracy, run.diverged) for run in self.runs]

    def reached(self) -> tuple[CellReach, ...]:
        """What each cell has reached, the spread over seeds with it."""
        found: dict[str, dict[int, int]] = {}
        for run in self.runs:
            seeds = found.setdefault(run.cell, {})
            learnt = run.delay if run.accuracy >= LEARNT else 0
            seeds[run.seed] = max(seeds.get(run.seed, 0), learnt)
        return tuple(CellReach(cell, tuple(seeds.values())) for cell, seeds in found.items())

    def summary_rows(self) -> list[tuple[str | int | float, ...]]:
        return [(one.cell, one.median, min(one.longest), max(one.longest)) for one in self.reached()]


def delayed_recall(
    cells: Sequence[str] = CELLS,
    delays: Sequence[int] = (5, 10, 20, 40, 80, 160),
    seeds: Sequence[int] = SEEDS,
    practice: Practice = ALIKE,
    rates: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Recall:
    """One symbol, remembered past distractors: the accuracy of each cell (or chrono network) against the delay.

    `rates` are learning rates of single cells, where they differ from that of `practice`.
    """
    return _runs([MemoryTask(delay) for delay in delays], cells, seeds, practice, rates, progress)


def copying(
    cells: Sequence[str] = CELLS,
    delays: Sequence[int] = (1, 3, 10, 30),
    seeds: Sequence[int] = SEEDS[:2],
    practice: Practice = LONGER,
    rates: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Recall:
    """Several symbols, remembered past blanks and given back in their order: the accuracy against the delay."""
    return _runs([copy_task(delay) for delay in delays], cells, seeds, practice, rates, progress)


def copy_task(delay: int) -> MemoryTask:
    """The task of copying that all are asked."""
    return MemoryTask(delay, COPIED, noise=False)


def _runs(
    tasks: Sequence[MemoryTask],
    cells: Sequence[str],
    seeds: Sequence[int],
    practice: Practice,
    rates: Mapping[str, float] | None,
    progress: Progress | None,
) -> Recall:
    plan = [(cell, task, seed) for cell in cells for task in tasks for seed in seeds]
    runs = []
    for cell, task, seed in plan:
        own = practice.at_rate_of(cell, rates)
        _, seen, accuracy = learn(cell, task, own, seed)
        runs.append(RecallRun(cell, task.delay, seed, own.lr, accuracy, seen.diverged))
        if progress is not None:
            progress(len(runs), len(plan))
    return Recall(tuple(runs), 1 / tasks[0].symbols)
