"""Texts as ids and in batches: head and tail, every text once, like lengths together, and resumed anywhere."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch

from nlprnn.text.bucketing import ragged
from nlprnn.text.labelled_batches import TextBatch, TextBatches, encode_texts, text_batches
from nlprnn.text.vocabulary_tokenizers import WhitespaceTokenizer

TOKENIZER = WhitespaceTokenizer(["<eos>", "<unk>", *"abcdefghijkl"])
LENGTHS = np.random.default_rng(1).integers(0, 12, 103)
TEXTS = ragged(([index % 50 + 2] * length for index, length in enumerate(LENGTHS)), 60)
LABELS = np.arange(103)


def test_of_a_long_text_a_quarter_stays_at_the_head_and_three_at_the_tail() -> None:
    found = encode_texts(["a b c d e f g h i j", "a b c d e f g h", "", "a b c d e f g h i"], TOKENIZER, 8)
    words = [[TOKENIZER.token(id) for id in found.ids[row]] for row in range(4)]
    assert ["".join(row) for row in words] == ["abefghij", "abcdefgh", "", "abdefghi"]
    assert found.cut == 2
    assert found.describe() == "2 texts have more than 8 tokens, of which only the first 2 and the last 6 are read"
    assert found.mean_length == 6


def contents(batch: TextBatch) -> list[tuple[int, int, int]]:
    """The label, id and length of each text, once its column was seen to be <eos>, the text and padding."""
    found = []
    for column, length, label in zip(batch.text.T, batch.lengths.tolist(), batch.labels.tolist(), strict=True):
        text = column[1:length]
        assert column[0] == 0
        assert not column[length:].any()
        assert len(set(text.tolist())) <= 1
        found.append((label, int(text[0]) if len(text) else -1, length))
    return found


def test_each_text_is_in_an_epoch_once_after_eos_and_with_its_label() -> None:
    batches = TextBatches(TEXTS, LABELS, 8, seed=3)
    for epoch in range(2):
        made = list(batches)
        assert len(made) == batches.length(epoch) == 13
        assert sorted(len(batch.lengths) for batch in made) == [7, *[8] * 12]
        found = sorted(text for batch in made for text in contents(batch))
        assert found == [
            (index, index % 50 + 2 if length else -1, length + 1) for index, length in enumerate(LENGTHS.tolist())
        ]


def test_texts_of_like_length_stand_together_and_epochs_differ() -> None:
    batches = TextBatches(TEXTS, LABELS, 8, seed=3)
    first, second = list(batches), list(batches)
    spans = [int(batch.lengths.max() - batch.lengths.min()) for batch in first]
    assert max(spans) <= 2
    orders = [[label for batch in epoch for label in batch.labels.tolist()] for epoch in (first, second)]
    assert orders[0] != orders[1]
    again = [label for batch in TextBatches(TEXTS, LABELS, 8, seed=3) for label in batch.labels.tolist()]
    assert again == orders[0]


@pytest.mark.parametrize("taken", [0, 1, 12, 13, 15])
def test_batches_go_on_where_they_were(taken: int) -> None:
    def endless(batches: TextBatches):
        while True:
            yield from batches

    whole = [batch.labels.tolist() for batch in islice(endless(TextBatches(TEXTS, LABELS, 8, seed=3)), 30)]
    stopped = TextBatches(TEXTS, LABELS, 8, seed=3)
    for _ in islice(endless(stopped), taken):
        pass
    resumed = TextBatches(TEXTS, LABELS, 8, seed=3)
    resumed.load_state_dict(stopped.state_dict())
    rest = [batch.labels.tolist() for batch in islice(endless(resumed), 30 - taken)]
    assert rest == whole[taken:]


def test_to_judge_them_all_texts_come_once_within_the_limit() -> None:
    seen = []
    for indices, text, lengths in text_batches(TEXTS, 40):
        assert text.numel() <= 40
        assert lengths.tolist() == [LENGTHS[index] + 1 for index in indices]
        seen += indices.tolist()
    assert sorted(seen) == list(range(103))


def test_on_another_device_lengths_stay_on_the_cpu() -> None:
    moved = next(iter(TextBatches(TEXTS, LABELS, 8))).to(torch.device("meta"))
    assert (moved.text.device.type, moved.lengths.device.type, moved.labels.device.type) == ("meta", "cpu", "meta")
