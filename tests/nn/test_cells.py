"""Cells and stacks against torch.nn with the same weights."""

from __future__ import annotations

import pytest
import torch

from nlprnn.nn.cells import CELLS, Weights, initialise, unroll
from nlprnn.nn.kernels.dispatch import Compute
from nlprnn.nn.stack import RecurrentStack, detach
from nlprnn.nn.steps import even_steps

TORCH = {
    "lstm": lambda i, h, n: torch.nn.LSTM(i, h, n),
    "gru": lambda i, h, n: torch.nn.GRU(i, h, n),
    "rnn-tanh": lambda i, h, n: torch.nn.RNN(i, h, n, nonlinearity="tanh"),
    "rnn-relu": lambda i, h, n: torch.nn.RNN(i, h, n, nonlinearity="relu"),
}
T, B, INPUT, HIDDEN = 7, 3, 5, 4


def torch_twin(stack: RecurrentStack, cell: str, inputs: int) -> torch.nn.Module:
    """torch.nn's own network with the weights of a stack of ours."""
    twin = TORCH[cell](inputs, HIDDEN, len(stack.layers))
    with torch.no_grad():
        for depth, layer in enumerate(stack.layers):
            for ours, theirs in (
                ("w_ih", "weight_ih"),
                ("w_hh", "weight_hh"),
                ("b_ih", "bias_ih"),
                ("b_hh", "bias_hh"),
            ):
                getattr(twin, f"{theirs}_l{depth}").copy_(getattr(layer, ours))
    return twin


def random_biases(stack: RecurrentStack) -> RecurrentStack:
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.uniform_(-0.5, 0.5)
    return stack


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_stack_equals_torchs_network_with_the_same_weights(cell: str, kernels: str) -> None:
    torch.manual_seed(1)
    stack = random_biases(RecurrentStack(cell, INPUT, [HIDDEN] * 3))
    stack.compute = Compute(kernels)
    twin = torch_twin(stack, cell, INPUT)
    x = torch.randn(T, B, INPUT)
    first = [torch.randn(B, HIDDEN) for _ in range(3 * CELLS[cell].states)]
    state = tuple(tuple(first[d * CELLS[cell].states + s] for s in range(CELLS[cell].states)) for d in range(3))
    stacked = [torch.stack([layer[s] for layer in state]) for s in range(CELLS[cell].states)]
    expected, last = twin(x, tuple(stacked) if len(stacked) > 1 else stacked[0])
    outputs, after = stack(x, state)
    torch.testing.assert_close(outputs, expected, rtol=1e-5, atol=1e-6)
    theirs = last if isinstance(last, tuple) else (last,)
    for depth in range(3):
        for s, part in enumerate(after[depth]):
            torch.testing.assert_close(part, theirs[s][depth], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_sequence_equals_its_steps_and_its_parts_with_carried_state(cell: str) -> None:
    torch.manual_seed(3)
    stack = RecurrentStack(cell, INPUT, [HIDDEN] * 2)
    x = torch.randn(T, B, INPUT)
    whole, last = stack(x)
    state, rows = None, []
    for step in range(T):
        row, state = stack(x[step : step + 1], None if state is None else detach(state))
        rows.append(row)
    torch.testing.assert_close(torch.cat(rows), whole, rtol=1e-5, atol=1e-6)
    for ours, theirs in zip(state, last, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_unrolling_gives_the_last_output_as_the_state() -> None:
    cell = CELLS["gru"]
    w = Weights(torch.randn(12, 5), torch.randn(12, 4), torch.zeros(12), torch.zeros(12))
    outputs, state = unroll(cell, torch.randn(T * B, 5), even_steps(T, B), (torch.zeros(B, 4),), w)
    assert outputs.shape == (T * B, 4)
    assert torch.equal(outputs[-B:], state[0])


@pytest.mark.parametrize("cell", list(CELLS))
def test_recurrent_weights_start_orthogonal_and_the_forget_gate_open(cell: str) -> None:
    kind, hidden = CELLS[cell], 16
    stack = RecurrentStack(cell, 8, [hidden], generator=torch.Generator().manual_seed(5))
    layer = stack.layers[0]
    for gate in layer.w_hh.chunk(kind.gates):
        torch.testing.assert_close(gate @ gate.T, torch.eye(hidden), rtol=0, atol=1e-5)
    bias = (layer.b_ih + layer.b_hh).chunk(kind.gates)
    for index, part in enumerate(bias):
        assert torch.all(part == (1.0 if index == kind.forget_gate else 0.0))


def test_a_uniform_range_is_kept_by_every_weight() -> None:
    w = Weights(*(torch.full(shape, 9.0) for shape in ((16, 3), (16, 4), (16,), (16,))))
    initialise(CELLS["lstm"], w, 0.1, "orthogonal", torch.Generator().manual_seed(1))
    assert all(tensor.abs().max() <= 0.1 and tensor.std() > 0.03 for tensor in w)
