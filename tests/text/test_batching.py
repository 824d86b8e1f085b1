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


@given(st.integers(2, 60), st.integers(1, 5), st.integers(1, 7))
def test_every_token_but_fewer_than_a_row_is_a_target_once_after_its_predecessor(n: int, b: int, bptt: int) -> None:
    if n // b < 2:
        return
    ids = np.arange(1, n + 1, dtype=np.uint16)
    seen = []
    for batch in StreamBatches(ids, b, bptt):
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


def test_a_corpus_shorter_than_one_batch_is_told_with_the_remedy() -> None:
    with pytest.raises(DataError, match=r"30 tokens, too few for 20 sequences .* --batch-size"):
        StreamBatches(np.arange(30), 20, 35)


def test_padding_starts_with_eos_and_masks_what_is_not_there() -> None:
    batch = pad([np.array([5, 6, 0]), np.array([0])])
    assert batch.inputs.tolist() == [[0, 0], [5, 0], [6, 0]]
    assert batch.targets.tolist() == [[5, 0], [6, 0], [0, 0]]
    assert batch.mask.tolist() == [[True, True], [True, False], [True, False]]
