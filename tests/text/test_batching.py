"""Stream batches by hand, and their resumption; padding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlprnn.errors import DataError
from nlprnn.text.batching import StreamBatches, pad


def test_the_drawing_in_the_docstring_is_what_happens() -> None:
    ids = np.array([ord(letter) for letter in "abcdefghijkl"], dtype=np.uint16)
    batches = list(StreamBatches(ids, batch_size=3, bptt=2))
    as_text = [["".join(map(chr, row)) for row in part.tolist()] for batch in batches for part in batch[:2]]
    assert as_text == [["\x00dh", "aei"], ["aei", "bfj"], ["bfj", "cgk"], ["cgk", "dhl"]]


@given(st.integers(2, 60), st.integers(1, 5), st.integers(1, 7), st.booleans(), st.booleans())
def test_every_token_but_fewer_than_a_row_is_a_target_once_after_its_predecessor(
    n: int, b: int, bptt: int, variable: bool, rotated: bool
) -> None:
    if n // b < 2:
        return
    ids = np.arange(1, n + 1, dtype=np.uint16)
    seen = []
    for batch in StreamBatches(ids, b, bptt, variable, rotated):
        assert (batch.targets - batch.inputs == 1).all()
        seen += batch.targets.flatten().tolist()
    assert len(seen) == len(set(seen)) > n - b


def test_a_stream_goes_on_where_its_state_says() -> None:
    ids = np.arange(100, dtype=np.uint16)
    whole, stopped = StreamBatches(ids, 4, 3), StreamBatches(ids, 4, 3)
    iterator = iter(stopped)
    next(iterator), next(iterator)
    resumed = StreamBatches(ids, 4, 3)
    resumed.load_state_dict(stopped.state_dict())
    rest = [batch.targets.tolist() for batch in resumed]
    assert rest == [batch.targets.tolist() for batch in whole][2:]
    assert len(list(resumed)) == len(whole)  # and the next epoch is a whole one


def lengths(batches: StreamBatches) -> list[int]:
    return [len(batch.inputs) for batch in batches]


def test_variable_lengths_are_drawn_as_merity_et_al_did() -> None:
    found = np.array(lengths(StreamBatches(np.zeros(1_400_000, dtype=np.uint16), 2, 70, variable=True, seed=1))[:-1])
    assert len(found) > 9_000
    assert found.min() >= 5
    halved = found[found < 52]  # 3.5 standard deviations from either centre
    assert len(halved) / len(found) == pytest.approx(0.05, abs=0.01)
    for part, centre in ((found[found >= 52], 70), (halved, 35)):
        assert part.mean() == pytest.approx(centre - 0.5, abs=1.0)  # what was drawn is cut off to a whole number
        assert part.std() == pytest.approx(5, abs=0.7)


def test_variable_lengths_are_never_below_five() -> None:
    batches = StreamBatches(np.zeros(3_000, dtype=np.uint16), 3, 6, variable=True)
    assert min(lengths(batches)[:-1]) == 5


def test_variable_lengths_differ_between_epochs_and_seeds_and_not_between_runs() -> None:
    ids = np.arange(2_000, dtype=np.uint16)
    one, other = (StreamBatches(ids, 2, 20, variable=True, seed=seed) for seed in (3, 4))
    epochs = [lengths(one) for _ in range(3)]
    assert len({tuple(epoch) for epoch in [*epochs, lengths(other)]}) == 4
    again = StreamBatches(ids, 2, 20, variable=True, seed=3)
    assert [again.length(epoch) for epoch in range(3)] == [len(epoch) for epoch in epochs]
    for epoch in epochs:
        assert len(again) == len(epoch)
        assert lengths(again) == epoch


def column(batches: StreamBatches, number: int) -> list[int]:
    return [int(target) for batch in batches for target in batch.targets[:, number]]


def test_rotated_columns_are_the_fixed_ones_started_elsewhere_in_each_epoch() -> None:
    ids = np.arange(1_200, dtype=np.uint16)
    rotated = StreamBatches(ids, 3, 7, rotated=True, seed=3)
    for number in range(3):
        fixed = column(StreamBatches(ids, 3, 7), number)
        found = [column(rotated, number) for _ in range(3)]
        starts = [epoch[0] for epoch in found]
        assert len(set(starts)) == 3
        for epoch, start in zip(found, starts, strict=True):
            at = fixed.index(start)
            assert epoch == fixed[at:] + fixed[:at]
    offsets = {int(column[0]) % 400 for column in next(iter(rotated)).targets.T}
    assert len(offsets) == 3  # so that other pieces stand side by side, too


@pytest.mark.parametrize("taken", [1, 53, 54, 70])
def test_a_stream_of_variable_lengths_goes_on_where_its_state_says(taken: int) -> None:  # 54 in the first epoch
    ids = np.arange(2_000, dtype=np.uint16)
    whole, stopped, resumed = (StreamBatches(ids, 2, 20, variable=True, rotated=True, seed=3) for _ in range(3))
    while taken > 0:
        for _ in stopped:
            taken -= 1
            if taken == 0:
                break
    resumed.load_state_dict(stopped.state_dict())
    for _ in range(stopped.epoch):
        lengths(whole)
    epoch = [batch.targets.tolist() for batch in whole]
    assert [batch.targets.tolist() for batch in resumed] == epoch[stopped.position :]
    assert [batch.targets.tolist() for batch in resumed] == [batch.targets.tolist() for batch in whole]


def test_a_corpus_shorter_than_one_batch_is_told_with_the_remedy() -> None:
    with pytest.raises(DataError, match=r"30 tokens, too few for 20 sequences .* --batch-size"):
        StreamBatches(np.arange(30), 20, 35)


def test_padding_starts_with_eos_and_masks_what_is_not_there() -> None:
    batch = pad([np.array([5, 6, 0]), np.array([0])])
    assert batch.inputs.tolist() == [[0, 0], [5, 0], [6, 0]]
    assert batch.targets.tolist() == [[5, 0], [6, 0], [0, 0]]
    assert batch.mask.tolist() == [[True, True], [True, False], [True, False]]
