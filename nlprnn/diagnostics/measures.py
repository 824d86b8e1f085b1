"""What is done against unstable gradients, and what it changes: a smaller learning rate, a saturating activation,
clipping, and any of them together.

The optimizer is plain stochastic gradient descent, whose updates are as large as its gradients. AdamW divides by their
size, and would hide much of what is to be seen.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from nlprnn.diagnostics.memory import MemoryTask
from nlprnn.diagnostics.practice import Practice, Progress, learn
from nlprnn.diagnostics.recall import SEEDS

EXPLODED = 10.0  # times the median of the norms before it
BEFORE = 50  # steps that the median is taken over

NON_SATURATING, SATURATING = "rnn-relu", "rnn-tanh"
RATES = (0.3, 0.03)
CLIPS = (0.0, 1.0)
PLAIN = Practice(optimizer="sgd")


@dataclass(frozen=True)
class MeasureRun:
    """One network trained with a choice of measures."""

    cell: str
    lr: float
    clip: float  # 0: not clipped
    seed: int
    accuracy: float
    diverged: bool
    norms: tuple[float, ...]  # of the gradient at each step taken, before clipping
    steps: int  # of the budget; training ends early where loss or gradient are not finite

    @property
    def norm_median(self) -> float:
        return statistics.median(self.norms)

    @property
    def norm_max(self) -> float:
        return math.inf if self.diverged else max(self.norms)

    @property
    def exploded(self) -> float:
        """The share of all steps whose gradient exploded, or that there was nothing left to take."""
        return (exploding(self.norms) + self.steps - len(self.norms)) / self.steps


@dataclass(frozen=True)
class Measures:
    """All runs."""

    runs: tuple[MeasureRun, ...]
    chance: float

    header: ClassVar[tuple[str, ...]] = (
        "cell",
        "lr",
        "clip",
        "seed",
        "norm_median",
        "norm_max",
        "exploded",
        "diverged",
        "accuracy",
    )
    norm_header: ClassVar[tuple[str, ...]] = ("cell", "lr", "clip", "seed", "step", "norm")

    def rows(self) -> list[tuple[str | int | float | bool, ...]]:
        return [tuple(getattr(run, name) for name in self.header) for run in self.runs]

    def norm_rows(self) -> list[tuple[str | int | float, ...]]:
        """A row for every step: the norm of its gradient before clipping."""
        return [
            (run.cell, run.lr, run.clip, run.seed, step, norm)
            for run in self.runs
            for step, norm in enumerate(run.norms, start=1)
        ]


def exploding(norms: Sequence[float]) -> int:
    """How many norms are not finite, or more than EXPLODED times the median of the up to BEFORE norms before them.

    The median of all norms would not do: once a task is learnt they are so small that every earlier one looks large.
    """
    count = 0
    for step, norm in enumerate(norms):
        usual = statistics.median(norms[max(step - BEFORE, 0) : step] or [math.inf])
        count += not (math.isfinite(norm) and norm <= EXPLODED * usual)
    return count


def measures(
    delay: int = 10,
    seeds: Sequence[int] = SEEDS,
    practice: Practice = PLAIN,
    progress: Progress | None = None,
) -> Measures:
    """Delayed recall, learnt with every combination of the measures, whatever `practice` says of rate and clipping."""
    task = MemoryTask(delay)
    plan = list(itertools.product((NON_SATURATING, SATURATING), RATES, CLIPS, seeds))
    runs = []
    for cell, lr, clip, seed in plan:
        _, seen, accuracy = learn(cell, task, replace(practice, lr=lr, clip=clip), seed)
        runs.append(MeasureRun(cell, lr, clip, seed, accuracy, seen.diverged, seen.norms, practice.steps))
        if progress is not None:
            progress(len(runs), len(plan))
    return Measures(tuple(runs), 1 / task.symbols)
