"""Texts and what is to be told of them, as ids and in padded batches of like length. Knows no model.

A text is read after `<eos>`, as any sentence is, so that even one without tokens has a length of 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nlprnn.text.bucketing import POOL, LengthBatches, Ragged, RaggedBuilder, buckets, written
from nlprnn.text.tokenizer import Tokenizer


class TextBatch(NamedTuple):
    """Texts (T, B) int64, each begun with `<eos>` and padded, their lengths (B,), on the CPU, and labels (B,)."""

    text: Tensor
    lengths: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> TextBatch:
        return TextBatch(self.text.to(device), self.lengths, self.labels.to(device))


@dataclass(frozen=True)
class EncodedTexts:
    """Texts as ids, without `<eos>`; of `cut` of them, having more than `max_length`, only head and tail."""

    ids: Ragged
    max_length: int
    cut: int

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def mean_length(self) -> float:
        """Tokens of a text."""
        return len(self.ids.ids) / max(len(self), 1)

    def describe(self) -> str:
        """One line for a note on those that are cut."""
        head, texts = self.max_length // 4, "1 text has" if self.cut == 1 else f"{self.cut:,} texts have"
        kept = f"the first {head:,} and the last {self.max_length - head:,}"
        return f"{texts} more than {self.max_length:,} tokens, of which only {kept} are read"


def encode_texts(texts: Iterable[str], tokenizer: Tokenizer, max_length: int) -> EncodedTexts:
    """Texts as ids. Of one of more than `max_length` tokens a quarter of these stay at its head, the rest at its tail.

    Of the ways to shorten that Sun et al. 2019 (How to fine-tune BERT for text classification) compare, this is the
    best; their head, too, is a quarter.
    """
    builder, cut, head = RaggedBuilder(len(tokenizer)), 0, max_length // 4
    for text in texts:
        ids = tokenizer.encode(text)
        if len(ids) > max_length:
            ids = ids[:head] + ids[head - max_length :]
            cut += 1
        builder.append(ids)
    return EncodedTexts(builder.build(), max_length, cut)


class TextBatches(LengthBatches[TextBatch]):
    """Labelled texts in batches of `batch_size` of like length: long texts weigh as much as short ones."""

    def __init__(self, texts: Ragged, labels: np.ndarray, batch_size: int, seed: int = 0) -> None:
        """labels: (N,), integers of classes or numbers."""
        assert len(texts) == len(labels) > 0, (len(texts), len(labels))
        super().__init__([texts.lengths], batch_size, seed)
        self.texts, self.labels, self.batch_size = texts, torch.from_numpy(labels), batch_size

    def _shuffled(self, epoch: int) -> list[np.ndarray]:
        """As `buckets` does, with a number of texts for a limit."""
        generator = np.random.default_rng((self.seed, epoch))
        order, lengths, size = generator.permutation(len(self.texts)), self.lengths[0], self.batch_size
        batches: list[np.ndarray] = []
        for start in range(0, len(order), POOL * size):
            pool = order[start : start + POOL * size]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            batches += [pool[first : first + size] for first in range(0, len(pool), size)]
        return [batches[index] for index in generator.permutation(len(batches))]

    def _batch(self, indices: np.ndarray) -> TextBatch:
        text, _, lengths = written(self.texts, indices)
        return TextBatch(text, lengths, self.labels[torch.from_numpy(indices)])


def text_batches(texts: Ragged, batch_tokens: int) -> Iterator[tuple[np.ndarray, Tensor, Tensor]]:
    """All texts once, like lengths together: which these are (B,), ids (T, B) and lengths (B,), as in TextBatch.

    A batch has at most `batch_tokens` ids, padding included, but for a text that alone has more.
    """
    for indices in buckets([texts.lengths + 1], batch_tokens):
        text, _, lengths = written(texts, indices)
        yield indices, text, lengths
