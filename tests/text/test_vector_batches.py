"""Vectors and texts side by side: every row once, with its own vector, and resumable."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nlprnn.errors import DataError
from nlprnn.text.vector_batches import VectorBatch, VectorBatches, encode_vector_texts
from nlprnn.text.vocabulary_tokenizers import WhitespaceTokenizer

TEXTS = ["a", "b a b", "b b", "a a a a a", "b", "a b"]
VECTORS = np.arange(12, dtype=np.float32).reshape(6, 2)
TOKENIZER = WhitespaceTokenizer(["<eos>", "<unk>", "a", "b"])  # ids 2 and 3


def rows_of(batch: VectorBatch) -> list[tuple[float, list[int]]]:
    found = []
    for column, length in enumerate(batch.lengths.tolist()):
        inputs, targets = batch.inputs[:, column].tolist(), batch.targets[:, column].tolist()
        assert inputs[0] == 0 and targets[length - 1] == 0
        assert inputs[1:length] == targets[: length - 1]
        assert not any(inputs[length:]) and not any(targets[length:])
        found.append((float(batch.vectors[column, 0]), targets[: length - 1]))
    return found


def test_an_epoch_has_every_text_once_with_its_own_vector() -> None:
    batches = VectorBatches(encode_vector_texts(VECTORS, TEXTS, TOKENIZER), batch_tokens=7, seed=1)
    expected = sorted((2.0 * i, [2 if word == "a" else 3 for word in text.split()]) for i, text in enumerate(TEXTS))
    for _ in range(2):
        epoch = list(batches)
        assert len(epoch) > 2
        assert sorted(row for batch in epoch for row in rows_of(batch)) == expected
        assert all(batch.inputs.numel() <= 7 for batch in epoch)


def test_batches_go_on_where_they_were_stopped() -> None:
    rows = encode_vector_texts(VECTORS, TEXTS, TOKENIZER)
    one, other = (VectorBatches(rows, batch_tokens=7, seed=3) for _ in range(2))
    first = iter(one)
    next(first), next(first)
    other.load_state_dict(one.state_dict())
    for mine, its in zip([*first, *one], [*other, *other], strict=True):
        assert all(torch.equal(part, same) for part, same in zip(mine, its, strict=True))


def test_texts_that_are_too_long_are_left_out_with_their_vectors() -> None:
    rows = encode_vector_texts(VECTORS, TEXTS, TOKENIZER, max_length=2)
    assert rows.vectors[:, 0].tolist() == [0, 4, 8, 10]
    assert rows.texts.lengths.tolist() == [1, 2, 1, 2]
    assert (len(rows), rows.too_long) == (4, 2)
    with pytest.raises(DataError, match="every text has more than 1 tokens"):
        encode_vector_texts(VECTORS[1:4], TEXTS[1:4], TOKENIZER, max_length=1)
