"""Vectors and their texts in padded batches of like length, resumable in the middle of an epoch. Knows no model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nlprnn.errors import DataError
from nlprnn.text.bucketing import LengthBatches, Ragged, RaggedBuilder, buckets, written
from nlprnn.text.tokenizer import Tokenizer


class VectorBatch(NamedTuple):
    """Vectors (B, D) float32 and their texts, padded with 0: `inputs` (T, B) begin with `<eos>`, `targets` (T, B) are
    what follows them, and end with it; `lengths` (B,), which count it, stay on the CPU."""

    vectors: Tensor
    inputs: Tensor
    targets: Tensor
    lengths: Tensor

    def to(self, device: torch.device) -> VectorBatch:
        return VectorBatch(self.vectors.to(device), self.inputs.to(device), self.targets.to(device), self.lengths)


@dataclass(frozen=True)
class EncodedVectorTexts:
    """Vectors (n, D) float32, the text of each as ids without `<eos>`, and how many were too long and left out."""

    vectors: np.ndarray
    texts: Ragged
    too_long: int = 0

    def __len__(self) -> int:
        return len(self.texts)

    def batch(self, indices: np.ndarray) -> VectorBatch:
        """The rows of these indices."""
        return VectorBatch(torch.from_numpy(self.vectors[indices]), *written(self.texts, indices))

    def batches(self, batch_tokens: int) -> Iterator[VectorBatch]:
        """All rows once, the shortest texts first."""
        return (self.batch(indices) for indices in buckets([self.texts.lengths + 1], batch_tokens))


def encode_vector_texts(
    vectors: np.ndarray, texts: Sequence[str], tokenizer: Tokenizer, max_length: int | None = None
) -> EncodedVectorTexts:
    """Texts as ids, with their vectors; of more than `max_length` tokens none is kept.

    Raises DataError where there is none that is short enough.
    """
    builder = RaggedBuilder(len(tokenizer))
    kept = np.ones(len(texts), dtype=bool)
    for index, text in enumerate(texts):
        ids = tokenizer.encode(text)
        kept[index] = max_length is None or len(ids) <= max_length
        if kept[index]:
            builder.append(ids)
    if not kept.any():
        raise DataError(
            f"every text has more than {max_length} tokens, so there is none to train on; raise --max-length"
        )
    return EncodedVectorTexts(vectors[kept], builder.build(), int((~kept).sum()))


class VectorBatches(LengthBatches[VectorBatch]):
    """The rows of one epoch after the other, each once an epoch; `batch_tokens` limits padded tokens."""

    def __init__(self, rows: EncodedVectorTexts, batch_tokens: int, seed: int = 0) -> None:
        super().__init__([rows.texts.lengths + 1], batch_tokens, seed)
        self.rows = rows

    def _batch(self, indices: np.ndarray) -> VectorBatch:
        return self.rows.batch(indices)
