"""Before and after a network has learnt to remember: whether training opens the way back, and how its gates stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from nlprnn.config.cells import CELLS
from nlprnn.diagnostics.memory import MemoryTask
from nlprnn.diagnostics.practice import ALIKE, Practice, Progress, learn
from nlprnn.diagnostics.reach import Norms, Reach, ReachCurve, curves, gradient_norms, side_by_side
from nlprnn.diagnostics.recall import SEEDS
from nlprnn.diagnostics.recaller import Recaller
from nlprnn.diagnostics.saturation import PartSaturation, stack_saturation

BEFORE, AFTER = "before training", "after training"
TRIALS = 64


@dataclass(frozen=True)
class NetworkSaturation:
    """One part of the networks of one name, all seeds together."""

    network: str
    setting: str  # before or after training
    part: str
    kind: str
    low: float  # the share of units and places at the lower end
    high: float

    @classmethod
    def of(cls, network: str, setting: str, parts: Sequence[PartSaturation]) -> NetworkSaturation:
        low, high = (sum(getattr(part, end) for part in parts) / len(parts) for end in ("low", "high"))
        return cls(network, setting, parts[0].part, parts[0].kind, low, high)


@dataclass(frozen=True)
class LearntReach:
    """Two curves of each network, over all seeds, and how well each seed had learnt when the second was taken."""

    reach: Reach
    saturation: tuple[NetworkSaturation, ...]
    accuracy: dict[str, tuple[float, ...]]  # by network
    delay: int

    saturation_header: ClassVar[tuple[str, ...]] = ("network", "setting", "part", "kind", "low", "high")

    def saturation_rows(self) -> list[tuple[str | float, ...]]:
        return [tuple(getattr(one, name) for name in self.saturation_header) for one in self.saturation]


def learnt_reach(
    cells: Sequence[str] = CELLS,
    delay: int = 20,
    practice: Practice = ALIKE,
    seeds: Sequence[int] = SEEDS,
    rates: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> LearntReach:
    """The reach of each network's loss at the question of delayed recall; at k = `delay` + 1 stands the item asked for.

    A network that is certain of its answer has next to no loss and thus next to no gradient, at any k: it is
    the slope of a curve that tells how far it reaches, not its height. `cells` may be networks with chrono
    initialisation, too, and `rates` gives single ones another learning rate than that of `practice`.
    """
    task = MemoryTask(delay)
    found: list[ReachCurve] = []
    saturated: list[NetworkSaturation] = []
    accuracy: dict[str, tuple[float, ...]] = {}
    for number, cell in enumerate(cells, start=1):
        before = [Recaller(cell, task.alphabet, practice.hidden, seed, task.span) for seed in seeds]
        learnt = [learn(cell, task, practice.at_rate_of(cell, rates), seed) for seed in seeds]
        accuracy[cell] = tuple(right for _, _, right in learnt)
        for setting, several in ((BEFORE, before), (AFTER, [network for network, _, _ in learnt])):
            looked_at = list(zip(several, seeds, strict=True))
            found += curves(cell, setting, side_by_side([_norms(network, task, seed) for network, seed in looked_at]))
            parts = zip(*(_parts(network, task, seed) for network, seed in looked_at), strict=True)
            saturated += [NetworkSaturation.of(cell, setting, same) for same in parts]
        if progress is not None:
            progress(number, len(cells))
    return LearntReach(Reach(tuple(found)), tuple(saturated), accuracy, delay)


def _norms(network: Recaller, task: MemoryTask, seed: int) -> Norms:
    exercise = task.trials(TRIALS, torch.Generator().manual_seed(seed))

    def loss(output: Tensor) -> Tensor:
        return F.cross_entropy(network.logits(output), exercise.targets[-1], reduction="none")

    return gradient_norms(network.stack, network.embed(exercise.inputs), None, loss)


def _parts(network: Recaller, task: MemoryTask, seed: int) -> tuple[PartSaturation, ...]:
    exercise = task.trials(TRIALS, torch.Generator().manual_seed(seed))
    return stack_saturation(network.stack, network.embed(exercise.inputs)).parts
