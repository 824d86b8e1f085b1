"""Batches of like length: every example once, within the limit, resumable, and their arrays by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nlprnn.errors import DataError
from nlprnn.text import bucketing
from nlprnn.text.bucketing import (
    PairBatch,
    PairBatches,
    Ragged,
    buckets,
    in_order,
    pair_batch,
    pair_lengths,
    ragged,
    restored,
)

LENGTHS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=80)
SENTENCES = st.lists(st.lists(st.integers(2, 70_000), max_size=9), max_size=30)


def some_pairs(count: int, seed: int = 0) -> tuple[Ragged, Ragged]:
    """Pairs whose sides are about equally long, as translations are; the first id of each side is its number."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 40, count)
    others = np.maximum(lengths + generator.integers(-4, 5, count), 1)
    sides = [
        ragged(([index + 2] + [1] * (length - 1) for index, length in enumerate(side.tolist())), count + 2)
        for side in (lengths, others)
    ]
    return sides[0], sides[1]


def as_lists(batches: PairBatches) -> list[list[object]]:
    return [[part.tolist() for part in batch] for batch in batches]


def test_ragged_arrays_hold_what_was_put_in_at_two_or_four_bytes() -> None:
    sequences = [[3, 4], [], [65_535]]
    for vocabulary, dtype in ((65_536, np.uint16), (65_537, np.uint32)):
        found = ragged(sequences, vocabulary)
        assert found.ids.dtype == dtype and found.lengths.tolist() == [2, 0, 1] and len(found) == 3
        assert [found[index].tolist() for index in range(3)] == sequences
        assert [part.tolist() for part in found] == sequences  # it ends
    assert len(ragged([], 10)) == 0


def test_a_pair_batch_by_hand() -> None:
    source, target = ragged([[5, 6, 7], [8], []], 100), ragged([[11], [12, 13], []], 100)
    batch = pair_batch(source, target, np.array([2, 0, 1]))
    assert batch.source.tolist() == [[0, 5, 8], [0, 6, 0], [0, 7, 0]]
    assert batch.source_lengths.tolist() == [1, 3, 1]  # the empty one is read as <eos>
    assert batch.target_inputs.tolist() == [[0, 0, 0], [0, 11, 12], [0, 0, 13]]
    assert batch.targets.tolist() == [[0, 11, 12], [0, 0, 13], [0, 0, 0]]
    assert batch.target_lengths.tolist() == [1, 2, 3]
    assert all(part.dtype == torch.int64 for part in batch)
    assert isinstance(batch.to(torch.device("meta")), PairBatch)
    assert all(part.device.type == "meta" for part in batch.to(torch.device("meta")))


def test_a_batch_of_empty_sides_has_a_step_all_the_same() -> None:
    nothing = ragged([[], []], 10)
    batch = pair_batch(nothing, nothing, np.array([0, 1]))
    for part in (batch.source, batch.target_inputs, batch.targets):
        assert part.tolist() == [[0, 0]]
    assert batch.source_lengths.tolist() == batch.target_lengths.tolist() == [1, 1]


@given(LENGTHS, st.integers(1, 300), st.sampled_from([None, 0, 1]))
def test_every_example_is_in_one_batch_which_keeps_the_limit(
    lengths: list[tuple[int, int]], limit: int, seed: int | None
) -> None:
    both = [np.array(side) for side in zip(*lengths, strict=True)]
    for sides in (both, both[:1]):  # pairs, and single texts
        batches = buckets(sides, limit, None if seed is None else np.random.default_rng(seed))
        assert sorted(itertools.chain(*batches)) == list(range(len(lengths)))
        for batch in batches:
            assert len(batch) == 1 or len(batch) * sum(int(side[batch].max()) for side in sides) <= limit


@given(st.lists(st.integers(1, 30), min_size=1, max_size=80), st.integers(30, 300))
def test_unshuffled_batches_are_as_large_as_the_limit_allows(lengths: list[int], limit: int) -> None:
    batches = buckets([np.array(lengths)], limit)
    ordered = sorted(lengths)
    assert [lengths[index] for index in itertools.chain(*batches)] == ordered
    taken = 0
    for batch in batches[:-1]:
        taken += len(batch)
        assert (len(batch) + 1) * ordered[taken] > limit


def test_a_limit_is_reached_to_the_token_and_a_longer_example_stands_alone() -> None:
    lengths = np.array([10, 10, 10, 10, 31, 40])
    assert [batch.tolist() for batch in buckets([lengths], 30)] == [[0, 1, 2], [3], [4], [5]]
    assert [batch.tolist() for batch in buckets([lengths, lengths], 60)] == [[0, 1, 2], [3], [4], [5]]


def test_a_side_goes_up_and_down_among_equal_lengths_of_the_other() -> None:
    source, target = np.array([1, 2, 3, 1, 2, 3]), np.array([8, 8, 8, 9, 9, 9])
    (order,) = buckets([source, target], 1000)
    assert source[order].tolist() == [1, 2, 3, 3, 2, 1] and target[order].tolist() == [8, 8, 8, 9, 9, 9]


def test_examples_are_sorted_within_pools_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucketing, "POOL", 2)
    lengths = np.arange(1, 401)  # the mean is 200.5: a pool of 2 batches of 2005 tokens is 20 examples
    batches = buckets([lengths], 2005, np.random.default_rng(0))
    spans = [int(lengths[batch].max() - lengths[batch].min()) for batch in batches if len(batch) > 5]
    assert np.mean(spans) > 50  # of 20 examples among 400; all sorted together it would be 10


@given(st.integers(1, 60), st.integers(1, 400), st.integers(0, 3))
def test_every_pair_is_given_once_an_epoch_and_sides_stay_together(count: int, limit: int, seed: int) -> None:
    source, target = some_pairs(count)
    batches = PairBatches(source, target, limit, seed)
    for _ in range(2):
        seen: list[int] = []
        for batch in batches:
            numbers = batch.source[0].tolist()
            assert numbers == batch.targets[0].tolist()
            assert batch.source.numel() + batch.targets.numel() <= limit or len(numbers) == 1
            assert batch.source_lengths.tolist() == [len(source[number - 2]) for number in numbers]
            assert batch.target_lengths.tolist() == [len(target[number - 2]) + 1 for number in numbers]
            seen += numbers
        assert sorted(seen) == list(range(2, count + 2))
    assert batches.tokens == sum(target.lengths) + count


def test_padding_is_a_small_part_of_batches_by_length() -> None:
    source, target = some_pairs(4000)
    real = padded = 0
    for batch in PairBatches(source, target, 2000):
        real += int(batch.source_lengths.sum() + batch.target_lengths.sum())
        padded += batch.source.numel() + batch.targets.numel()
    assert real / padded > 0.9  # in random order it is 0.5


def test_epochs_and_seeds_differ_in_content_and_order_and_runs_do_not() -> None:
    source, target = some_pairs(300)
    one, same, other = (PairBatches(source, target, 400, seed) for seed in (3, 3, 4))
    epochs = [as_lists(one) for _ in range(3)]
    assert [as_lists(same) for _ in range(3)] == epochs
    for first, second in itertools.combinations([*epochs, as_lists(other)], 2):
        assert {str(batch[0]) for batch in first} != {str(batch[0]) for batch in second}
    widths = [len(batch[3]) for batch in epochs[0]]  # type: ignore[arg-type]
    assert widths != sorted(widths) and widths != sorted(widths, reverse=True)


def test_the_length_of_any_epoch_is_known_and_asking_changes_nothing() -> None:
    source, target = some_pairs(200)
    batches, asked = PairBatches(source, target, 300, 1), PairBatches(source, target, 300, 1)
    lengths = [asked.length(epoch) for epoch in range(4)]
    for epoch in range(4):
        assert len(batches) == len(asked) == lengths[epoch]
        found = []
        for batch in asked:
            found.append([part.tolist() for part in batch])
            assert asked.length(3) == lengths[3]
        assert found == as_lists(batches) and len(found) == lengths[epoch]


@settings(max_examples=25)
@given(st.integers(1, 60), st.integers(30, 200), st.data())
def test_pairs_go_on_where_their_state_says(count: int, limit: int, data: st.DataObject) -> None:
    source, target = some_pairs(count)
    whole, stopped, resumed = (PairBatches(source, target, limit, seed=3) for _ in range(3))
    expected = [batch for _ in range(3) for batch in as_lists(whole)]
    taken = data.draw(st.integers(0, len(expected)))
    for _ in range(3):
        for _ in itertools.islice(stopped, taken):
            taken -= 1
    resumed.load_state_dict(stopped.state_dict())
    rest = [batch for _ in range(resumed.epoch, 3) for batch in as_lists(resumed)]
    assert rest == expected[len(expected) - len(rest) :]
    done = sum(whole.length(epoch) for epoch in range(stopped.epoch)) + stopped.position
    assert len(rest) == len(expected) - done


def test_no_pairs_are_told() -> None:
    with pytest.raises(DataError, match="no sentence pairs to train on; give more text"):
        PairBatches(ragged([], 5), ragged([], 5), 100)
    assert buckets([np.zeros(0, np.int64)], 100) == []


def test_the_lengths_of_pairs_are_those_that_their_batch_has() -> None:
    source, target = ragged([[], [5], [5, 6]], 10), ragged([[5, 6], [], [5]], 10)
    lengths = pair_lengths(source, target)
    for index in range(3):
        batch = pair_batch(source, target, np.array([index]))
        assert [len(batch.source), len(batch.targets)] == [int(side[index]) for side in lengths]


@given(SENTENCES, st.integers(1, 7))
def test_sentences_to_decode_come_by_length_and_go_back_in_their_order(sentences: list[list[int]], batch: int) -> None:
    results = []
    lengths: list[int] = []
    for indices, source, source_lengths in in_order(ragged(sentences, 70_001), batch):
        assert source.shape == (int(source_lengths.max()), len(indices)) and len(indices) <= batch
        columns = [column[:length].tolist() for column, length in zip(source.T, source_lengths, strict=True)]
        lengths += source_lengths.tolist()
        results.append((indices, columns))
    assert lengths == sorted(lengths, reverse=True)
    assert restored(results) == [sentence or [0] for sentence in sentences]
