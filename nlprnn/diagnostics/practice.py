"""Small networks trained for a fixed number of steps on memory tasks, the norm of every gradient noted.

This is not the loop of training/trainer.py, which writes a model directory and, where a loss is not finite, goes back
to the last good weights at half the rate: that would mend what is to be measured here. The update itself is the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from nlprnn.config.training import TrainingConfig
from nlprnn.diagnostics.memory import Exercise, MemoryTask
from nlprnn.diagnostics.recaller import Recaller
from nlprnn.training.optim import clipped_step, gradient_norm, make_optimizer

Progress = Callable[[int, int], None]  # called with how much is done, and of how much
TESTED = 512  # trials that a trained network is asked


@dataclass(frozen=True)
class Practice:
    """What all networks of a comparison are given alike."""

    hidden: int = 32
    steps: int = 400  # updates
    batch: int = 32  # trials an update
    optimizer: str = "adamw"
    lr: float = 0.003
    clip: float = 1.0  # largest norm of the gradient; 0: no limit

    def config(self) -> TrainingConfig:
        """The same as settings of training: a constant rate, and no weight decay, which would be one more influence."""
        return TrainingConfig(
            optimizer=self.optimizer, lr=self.lr, clip=self.clip, schedule="constant", warmup=0, weight_decay=0.0
        )

    def at_rate_of(self, name: str, rates: Mapping[str, float] | None) -> Practice:
        """The same at the learning rate chosen for a network, where one was."""
        return replace(self, lr=(rates or {}).get(name, self.lr))


ALIKE = Practice()


@dataclass(frozen=True)
class Practised:
    """What was seen on the way."""

    norms: tuple[float, ...]  # of the gradient at each step taken, before clipping
    diverged: bool  # whether the last of them, or its loss, was not finite


def practise(network: Recaller, exercises: Iterable[Exercise], practice: Practice, carry: bool = False) -> Practised:
    """Train `network` in place, one update an exercise that asks something; `carry` hands the state on to the next.

    It ends where loss or gradient are not finite, before they reach the weights: no later step could mend those.
    """
    config, parameters = practice.config(), list(network.parameters())
    optimizer, state, norms = make_optimizer(parameters, config), None, []
    network.train()
    for exercise in exercises:
        optimizer.zero_grad(set_to_none=True)
        scores, wanted, after = network(exercise, state)
        state = after if carry else None
        if len(wanted) == 0:
            continue
        loss = F.cross_entropy(scores, wanted)
        loss.backward()
        norms.append(gradient_norm(parameters))
        if not (math.isfinite(norms[-1]) and math.isfinite(float(loss.detach()))):
            return Practised(tuple(norms), True)
        clipped_step(optimizer, norms[-1], config.clip, config.lr)
    return Practised(tuple(norms), False)


def learn(name: str, task: MemoryTask, practice: Practice, seed: int) -> tuple[Recaller, Practised, float]:
    """The network of that name trained on a task, what was seen on the way, and its accuracy on trials not met before.

    All networks of one seed are given the same trials.
    """
    generator = torch.Generator().manual_seed(seed)
    network = Recaller(name, task.alphabet, practice.hidden, seed, task.span)
    seen = practise(network, (task.trials(practice.batch, generator) for _ in range(practice.steps)), practice)
    return network, seen, network.accuracy(task.trials(TESTED, generator))
