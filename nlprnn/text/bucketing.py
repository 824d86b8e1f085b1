"""Sequences of ids, held compactly, in padded batches of like length. Knows no text and no model.

`buckets` is the one place that decides which sequences go together; it sees lengths only, so it serves pairs of
sequences and single ones alike.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor

from nlprnn.errors import DataError
from nlprnn.text.store import id_dtype

POOL = 100  # batches, about: examples are sorted by length within so many, and no further

Made = TypeVar("Made")


@dataclass(frozen=True)
class Ragged:
    """Sequences of unlike length one after the other: `ids` (N,) uint16 or uint32, `offsets` (n + 1,) int64."""

    ids: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.ids[self.offsets[index] : self.offsets[index + 1]]

    @property
    def lengths(self) -> np.ndarray:
        """How long each sequence is, (n,) int64."""
        return np.diff(self.offsets)


class RaggedBuilder:
    """Takes sequences one at a time, at two or four bytes an id."""

    def __init__(self, vocabulary: int) -> None:
        self._dtype = id_dtype(vocabulary)
        self._ids = array(self._dtype.char)
        self._offsets = array("q", [0])

    def append(self, sequence: Iterable[int]) -> None:
        self._ids.extend(sequence)
        self._offsets.append(len(self._ids))

    def build(self) -> Ragged:
        """All of them, without a copy; nothing can be appended any more."""
        return Ragged(np.frombuffer(self._ids, self._dtype), np.frombuffer(self._offsets, np.int64))


def ragged(sequences: Iterable[Iterable[int]], vocabulary: int) -> Ragged:
    """Sequences of ids below `vocabulary`, held compactly."""
    builder = RaggedBuilder(vocabulary)
    for sequence in sequences:
        builder.append(sequence)
    return builder.build()


def buckets(
    lengths: Sequence[np.ndarray], batch_tokens: int, generator: np.random.Generator | None = None
) -> list[np.ndarray]:
    """The examples 0 ... n - 1, each once, in batches of like length: int64 arrays of indices.

    `lengths` has an (n,) array of positive lengths for each side of an example: source and target, or only one. A
    batch of B examples costs B times the sum over the sides of their longest, which is what is held once it is
    padded, and costs at most `batch_tokens`; an example that alone costs more is a batch of its own.

    With a generator the examples are shuffled, sorted in pools of some POOL batches, cut, and the batches shuffled;
    without one the order is that of length.
    """
    count = len(lengths[0])
    if not count:
        return []
    order = np.arange(count) if generator is None else generator.permutation(count)
    pool = count
    if generator is not None:
        mean = sum(float(side.mean()) for side in lengths)
        pool = max(1, int(POOL * batch_tokens / mean))
    batches = []
    for start in range(0, count, pool):
        chosen = order[start : start + pool]
        chosen = chosen[_by_length([side[chosen] for side in lengths])]
        batches += _cut(chosen, [side[chosen] for side in lengths], batch_tokens)
    if generator is None:
        return batches
    return [batches[index] for index in generator.permutation(len(batches))]


def _by_length(sides: Sequence[np.ndarray]) -> np.ndarray:
    """The order by the last side's length, and by the others' among equals: up and down in turn, without a jump."""
    keys = [sides[-1]]
    for side in reversed(sides[:-1]):
        keys.append(np.where(keys[-1] % 2 == 0, side, -side))
    return np.lexsort(keys[::-1])


def _cut(order: np.ndarray, sides: Sequence[np.ndarray], batch_tokens: int) -> list[np.ndarray]:
    """Cut an order, whose lengths are `sides`, into the longest runs that cost no more than `batch_tokens`."""
    batches = []
    start = 0
    while start < len(order):
        most = max(1, batch_tokens // int(sum(side[start] for side in sides)))
        longest = np.sum([np.maximum.accumulate(side[start : start + most]) for side in sides], axis=0)
        costs = longest * np.arange(1, len(longest) + 1)  # never falls
        stop = start + max(1, int(np.searchsorted(costs, batch_tokens, side="right")))
        batches.append(order[start:stop])
        start = stop
    return batches


class LengthBatches(ABC, Generic[Made]):
    """Batches of like length, an epoch at a time, resumable in the middle of one.

    Which batches an epoch has, and in which order, follows from the lengths, `batch_tokens` (see `buckets`), `seed`
    and its number alone. What a batch is made of, a subclass says.
    """

    def __init__(self, lengths: Sequence[np.ndarray], batch_tokens: int, seed: int) -> None:
        self.lengths, self.batch_tokens, self.seed = lengths, batch_tokens, seed
        self.epoch = 0
        self.position = 0  # batches already given in this epoch
        self._epoch_batches = lru_cache(maxsize=1)(self._shuffled)

    @abstractmethod
    def _batch(self, indices: np.ndarray) -> Made:
        """The batch of these examples."""

    def length(self, epoch: int) -> int:
        """Batches in an epoch, counted from 0."""
        return len(self._epoch_batches(epoch))

    def __len__(self) -> int:
        """Batches in the epoch under way."""
        return self.length(self.epoch)

    def __iter__(self) -> Iterator[Made]:
        """The rest of this epoch; once its last batch is taken, the next epoch is under way."""
        batches = self._epoch_batches(self.epoch)
        for position in range(self.position, len(batches)):
            last = position + 1 == len(batches)
            self.epoch, self.position = (self.epoch + 1, 0) if last else (self.epoch, position + 1)
            yield self._batch(batches[position])

    def _shuffled(self, epoch: int) -> list[np.ndarray]:
        return buckets(self.lengths, self.batch_tokens, np.random.default_rng((self.seed, epoch)))

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.epoch, self.position = state["epoch"], state["position"]


class PairBatch(NamedTuple):
    """Source sentences and their translations, padded with 0; all int64.

    `source` is (S, B) without `<eos>`, but an empty sentence is read as `<eos>` alone, so that no length is 0.
    `target_inputs` (T, B) begin with `<eos>`; `targets` (T, B) are what follows them, and end with it. The lengths are
    (B,); `target_lengths` count the `<eos>`.
    """

    source: Tensor
    source_lengths: Tensor
    target_inputs: Tensor
    targets: Tensor
    target_lengths: Tensor

    def to(self, device: torch.device) -> PairBatch:
        return PairBatch(*(part.to(device) for part in self))


class PairBatches(LengthBatches[PairBatch]):
    """The pairs of one epoch after the other, each once an epoch.

    `batch_tokens` limits padded tokens, B (S + T), rather than real ones: it bounds the memory of a step.
    Raises DataError if there are no pairs.
    """

    def __init__(self, source: Ragged, target: Ragged, batch_tokens: int, seed: int = 0) -> None:
        assert len(source) == len(target), "a pair has both sides"
        if not len(source):
            raise DataError("there are no sentence pairs to train on; give more text")
        super().__init__(pair_lengths(source, target), batch_tokens, seed)
        self.source, self.target = source, target

    @property
    def tokens(self) -> int:
        """Targets in an epoch."""
        return len(self.target.ids) + len(self.target)

    def _batch(self, indices: np.ndarray) -> PairBatch:
        return pair_batch(self.source, self.target, indices)


def pair_lengths(source: Ragged, target: Ragged) -> list[np.ndarray]:
    """The lengths that the sides of each pair have in a batch, for `buckets`: two (n,) arrays."""
    return [np.maximum(source.lengths, 1), target.lengths + 1]


def pair_batch(source: Ragged, target: Ragged, indices: np.ndarray) -> PairBatch:
    """The pairs of these indices as one batch."""
    return PairBatch(*_padded(source, indices, shortest=1), *written(target, indices))


def written(texts: Ragged, indices: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
    """What a decoder reads, `<eos>` and the text (T, B), what it writes, the text and `<eos>`, and the lengths (B,).

    These count the `<eos>`, and both blocks are padded with 0.
    """
    block, lengths = _padded(texts, indices)
    end = torch.zeros(1, len(indices), dtype=torch.int64)  # <eos>; in shorter texts the padding is it, being 0 too
    return torch.cat([end, block]), torch.cat([block, end]), lengths + 1


def _padded(sequences: Ragged, indices: np.ndarray, shortest: int = 0) -> tuple[Tensor, Tensor]:
    """Some sequences side by side, (longest, B) int64 padded with 0, and their lengths (B,), at least `shortest`."""
    starts = sequences.offsets[indices]
    lengths = sequences.offsets[indices + 1] - starts
    padded = np.maximum(lengths, shortest)
    steps = np.arange(padded.max())[:, None]  # (longest, 1)
    block = np.zeros((len(steps), len(indices)), dtype=np.int64)
    there = steps < lengths
    block[there] = sequences.ids[(starts + steps)[there]]
    return torch.from_numpy(block), torch.from_numpy(padded)


class SourceBatch(NamedTuple):
    """Sentences to translate: `source` (S, B) and `source_lengths` (B,) as in PairBatch; `indices` (B,) int64, numpy,
    say which sentences these are."""

    indices: np.ndarray
    source: Tensor
    source_lengths: Tensor


def in_order(sources: Ragged, batch: int) -> Iterator[SourceBatch]:
    """All sentences, the longest first, so many at a time; `restored` puts what becomes of them in their order."""
    order = np.argsort(-sources.lengths, kind="stable")
    for start in range(0, len(order), batch):
        indices = order[start : start + batch]
        yield SourceBatch(indices, *_padded(sources, indices, shortest=1))


def restored(results: Iterable[tuple[np.ndarray, Sequence[Made]]]) -> list[Made]:
    """Results, a sequence for the indices of each batch, in the order of the sentences that they belong to."""
    found = {int(index): one for indices, several in results for index, one in zip(indices, several, strict=True)}
    return [found[index] for index in range(len(found))]
