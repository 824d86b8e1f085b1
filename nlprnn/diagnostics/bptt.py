"""What can be learnt when back-propagation through time is cut short.

    time ->   | c . . | ? b . | . ? a |      delay 2, cut every 3 steps: the state crosses the bars,
                |       |                    the gradient does not, and from the question it does not
               shown   asked                 learn to keep c

The stream of trials is read with the state carried on, as a text is, and cut where the weights are updated (k1 = k2 in
Sutskever 2013, Training recurrent neural networks). Every length gets as many updates and as many
symbols an update: the shorter the columns, the more side by side. All that differs is how far the gradient reaches.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from nlprnn.diagnostics.memory import MemoryTask
from nlprnn.diagnostics.practice import ALIKE, Practice, Progress, practise
from nlprnn.diagnostics.recaller import Recaller

TRUNCATED = ("rnn-tanh", "gru")  # one cell without gates, and one with
TESTED_TRIALS, TESTED_COLUMNS = 10, 64


@dataclass(frozen=True)
class TruncationRun:
    """One network trained at one delay with one length of back-propagation."""

    cell: str
    bptt: int  # steps between updates, which are those the gradient flows through
    delay: int
    seed: int
    accuracy: float

    @property
    def within(self) -> bool:
        """Whether an item and its question ever lie within one piece, so that the gradient can get from one to other.

        They do where they are `delay` + 1 steps apart and a piece has at least one step more.
        """
        return self.bptt >= self.delay + 2


@dataclass(frozen=True)
class Truncation:
    """All runs."""

    runs: tuple[TruncationRun, ...]
    chance: float

    header: ClassVar[tuple[str, ...]] = ("cell", "bptt", "delay", "within", "seed", "accuracy")

    def rows(self) -> list[tuple[str | int | float | bool, ...]]:
        return [(run.cell, run.bptt, run.delay, run.within, run.seed, run.accuracy) for run in self.runs]


def truncation(
    cells: Sequence[str] = TRUNCATED,
    lengths: Sequence[int] = (1, 2, 5, 10, 20, 50),
    delays: Sequence[int] = (0, 1, 3, 8, 18),
    symbols: int = 400,
    practice: Practice = ALIKE,
    seeds: Sequence[int] = (1, 2),
    rates: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Truncation:
    """Accuracy of delayed recall against the length of truncated back-propagation.

    `symbols` are read in each update, whatever the length; of `practice` the batch size does not matter. `rates` are
    learning rates of single cells, where they differ from that of `practice`.
    """
    plan = list(itertools.product(cells, lengths, delays, seeds))
    runs = []
    for cell, length, delay, seed in plan:
        task, generator = MemoryTask(delay), torch.Generator().manual_seed(seed)
        network = Recaller(cell, task.alphabet, practice.hidden, seed, task.span)
        stream = task.stream(length * practice.steps, max(symbols // length, 1), generator)
        practise(network, stream.split(length), practice.at_rate_of(cell, rates), carry=True)
        test = task.stream(TESTED_TRIALS * task.steps, TESTED_COLUMNS, generator)
        runs.append(TruncationRun(cell, length, delay, seed, network.accuracy(test)))
        if progress is not None:
            progress(len(runs), len(plan))
    return Truncation(tuple(runs), 1 / task.symbols)
