"""The layout of rows, by hand."""

from __future__ import annotations

import torch

from nlprnn.nn.steps import even_steps, unpad


def test_even_steps_are_the_rows_of_a_padded_tensor_without_padding() -> None:
    steps = even_steps(3, 2)
    assert steps.starts.tolist() == [0, 2, 4, 6]
    assert (steps.count, steps.rows, steps.sequences, steps.even) == (3, 6, 2, True)
    assert steps.sequence_of().tolist() == [0, 1, 0, 1, 0, 1]


def test_sequences_are_ordered_by_length_and_their_padding_left_out() -> None:
    # a column each: a0 | b0 b1 b2 | c0 c1, padded to 4 steps of 3
    steps, order, places = unpad(torch.tensor([1, 3, 2]), 4)
    assert order.tolist() == [1, 2, 0]
    assert places.tolist() == [1, 2, 0, 4, 5, 7]  # b0 c0 a0, b1 c1, b2
    assert steps.starts.tolist() == [0, 3, 5, 6]
    assert steps.sequence_of().tolist() == [0, 1, 2, 0, 1, 0]
    assert steps.lengths().tolist() == [3, 2, 1]
    assert not steps.even
