"""Batches of token ids. It knows no model: ids in, (time, batch) arrays out, in an order that can be resumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nlprnn.errors import DataError

HALVED = 0.05  # the share of variable lengths that are drawn around half of `bptt`
SPREAD = 5.0  # the standard deviation of variable lengths
SHORTEST = 5
ROTATION = 1  # draws the columns' first rows apart from the lengths


class Batch(NamedTuple):
    """Inputs and the targets that follow them, both (T, B); `mask` (T, B) is False at padding, or None without any."""

    inputs: Tensor
    targets: Tensor
    mask: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        mask = None if self.mask is None else self.mask.to(device)
        return Batch(self.inputs.to(device), self.targets.to(device), mask)


class StreamBatches:
    """One long stream cut into B contiguous columns, read `bptt` steps at a time.

    With the stream a b c d e f g h i j k l and B = 3 the columns are

        a e i      the first batch of bptt = 2:  inputs  # d h    targets  a e i
        b f j                                            a e i             b f j
        c g k
        d h l      # is the end of sentence that stands before the stream

    and each column's state is carried from batch to batch, so that every token is read in its context. Up to B - 1
    tokens at the end of the stream do not fill a row and are left out of training.

    With `variable`, the steps of each batch are drawn from a normal distribution around `bptt` or, now and then, its
    half, so that the columns are cut at other places in each epoch (Merity et al. 2018, section 4.1). With `rotated`,
    each column starts at another place in each epoch, and its start follows its end (Press 2019), so that no batch
    comes twice. Cuts and places follow from `seed` and the epoch's number alone.
    """

    def __init__(
        self,
        ids: np.ndarray,
        batch_size: int,
        bptt: int,
        variable: bool = False,
        rotated: bool = False,
        seed: int = 0,
    ) -> None:
        self.rows = len(ids) // batch_size
        if self.rows < 2:
            raise DataError(
                f"the training text has {len(ids):,} tokens, too few for {batch_size} sequences side by side; "
                "give more text or a smaller --batch-size"
            )
        self.ids, self.batch_size, self.bptt = ids, batch_size, bptt
        self.variable, self.rotated, self.seed = variable, rotated, seed
        self.epoch = 0
        self.position = 0  # batches already given in this epoch

    def length(self, epoch: int) -> int:
        """Batches in an epoch, counted from 0."""
        return len(self._ends(epoch))

    def __len__(self) -> int:
        """Batches in the epoch under way."""
        return self.length(self.epoch)

    @property
    def tokens(self) -> int:
        """Targets in an epoch."""
        return self.rows * self.batch_size

    def __iter__(self) -> Iterator[Batch]:
        """The rest of this epoch; once its last batch is taken, the next epoch is under way."""
        ends, first = self._ends(self.epoch), self._first_rows(self.epoch)
        starts = np.append(0, ends[:-1])
        for position in range(self.position, len(ends)):
            last = position + 1 == len(ends)
            self.epoch, self.position = (self.epoch + 1, 0) if last else (self.epoch, position + 1)
            yield self._batch(int(starts[position]), int(ends[position]), first)

    def _ends(self, epoch: int) -> np.ndarray:
        """The rows at which the batches of an epoch end, ascending; the last is the last row's."""
        if not self.variable:
            return np.append(np.arange(self.bptt, self.rows, self.bptt), self.rows)
        generator = np.random.default_rng((self.seed, epoch))
        most = -(-self.rows // SHORTEST)
        centres = np.where(generator.random(most) < HALVED, self.bptt / 2, self.bptt)
        ends = np.cumsum(np.maximum(generator.normal(centres, SPREAD).astype(np.int64), SHORTEST))
        return np.append(ends[ends < self.rows], self.rows)

    def _first_rows(self, epoch: int) -> np.ndarray:
        """The row (B,) at which each column starts in an epoch."""
        if not self.rotated:
            return np.zeros(self.batch_size, dtype=np.int64)
        return np.random.default_rng((self.seed, epoch, ROTATION)).integers(self.rows, size=self.batch_size)

    def _batch(self, start: int, stop: int, first: np.ndarray) -> Batch:
        """Rows start to stop of an epoch, whose columns start at the rows `first` (B,)."""
        rows = (np.arange(start, stop)[:, None] + first) % self.rows
        places = np.arange(self.batch_size) * self.rows + rows  # (T, B), in the stream
        inputs = np.where(places > 0, self.ids[places - 1], 0)
        return Batch(*(torch.from_numpy(ids.astype(np.int64)) for ids in (inputs, self.ids[places])))

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.epoch, self.position = state["epoch"], state["position"]


def pad(sentences: Sequence[np.ndarray]) -> Batch:
    """Sentences of ids, each ended by <eos>, side by side: inputs start with <eos>, and end where the mask ends."""
    longest = max(len(sentence) for sentence in sentences)
    columns = np.zeros((longest + 1, len(sentences)), dtype=np.int64)
    mask = np.zeros((longest, len(sentences)), dtype=bool)
    for column, sentence in enumerate(sentences):
        columns[1 : len(sentence) + 1, column] = sentence
        mask[: len(sentence), column] = True
    block = torch.from_numpy(columns)
    return Batch(block[:-1], block[1:], torch.from_numpy(mask))
