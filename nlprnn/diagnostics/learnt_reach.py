"""Gradient reach before and after a network has learnt to remember: whether training opens the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nlprnn.config import CELLS
from nlprnn.diagnostics.memory import MemoryTask
from nlprnn.diagnostics.practice import ALIKE, Practice, Progress, learn
from nlprnn.diagnostics.reach import Norms, Reach, ReachCurve, curves, gradient_norms
from nlprnn.diagnostics.recaller import Recaller

BEFORE, AFTER = "before training", "after training"
TRIALS = 64


@dataclass(frozen=True)
class LearntReach:
    """Two curves of each cell, and how well it had learnt when the second was taken."""

    reach: Reach
    accuracy: dict[str, float]  # by cell
    delay: int


def learnt_reach(
    cells: Sequence[str] = CELLS,
    delay: int = 20,
    practice: Practice = ALIKE,
    seed: int = 1,
    progress: Progress | None = None,
) -> LearntReach:
    """The reach of each cell's loss at the question of delayed recall; at k = `delay` + 1 stands the item asked for.

    A network that is certain of its answer has next to no loss and thus next to no gradient, at any k: it is
    the slope of a curve that tells how far it reaches, not its height.
    """
    task = MemoryTask(delay)
    found: list[ReachCurve] = []
    accuracy = {}
    for number, cell in enumerate(cells, start=1):
        found += curves(cell, BEFORE, _norms(Recaller(cell, task.alphabet, practice.hidden, seed), task, seed))
        network, _, accuracy[cell] = learn(cell, task, practice, seed)
        found += curves(cell, AFTER, _norms(network, task, seed))
        if progress is not None:
            progress(number, len(cells))
    return LearntReach(Reach(tuple(found)), accuracy, delay)


def _norms(network: Recaller, task: MemoryTask, seed: int) -> Norms:
    exercise = task.trials(TRIALS, torch.Generator().manual_seed(seed))

    def loss(output: Tensor) -> Tensor:
        return F.cross_entropy(network.logits(output), exercise.targets[-1], reduction="none")

    return gradient_norms(network.stack, network.embed(exercise.inputs), None, loss)
