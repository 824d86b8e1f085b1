"""The stack laid open does what the stack does."""

from __future__ import annotations

import pytest
import torch

from nlprnn.diagnostics.trace import trace
from nlprnn.nn.cells import CELLS
from nlprnn.nn.stack import RecurrentStack


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_traced_stack_gives_the_outputs_and_the_last_state_of_the_stack(cell: str) -> None:
    torch.manual_seed(1)
    stack, x = RecurrentStack(cell, 3, [5, 4]), torch.randn(6, 2, 3)
    state = tuple(tuple(torch.randn(2, size) for _ in range(CELLS[cell].states)) for size in (5, 4))
    steps = list(trace(stack, x, state))
    outputs, last = stack(x, state)
    torch.testing.assert_close(torch.stack([step[-1].after[0] for step in steps]), outputs)
    for layer, expected in zip(steps[-1], last, strict=True):
        torch.testing.assert_close(layer.after, expected)
    assert steps[3][1].before is steps[2][1].after and steps[3][1].x is steps[3][0].after[0]


def test_a_bidirectional_stack_is_refused() -> None:
    with pytest.raises(AssertionError):
        next(trace(RecurrentStack("gru", 3, [4], bidirectional=True), torch.zeros(2, 1, 3)))
