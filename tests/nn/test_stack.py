"""Sequences of unequal lengths and both directions, against torch's own packed sequences."""

from __future__ import annotations

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from nlprnn.nn.cells import CELLS
from nlprnn.nn.kernels.dispatch import Compute
from nlprnn.nn.stack import RecurrentStack

T, B, INPUT, HIDDEN = 6, 5, 4, 7
LENGTHS = torch.tensor([2, 6, 1, 6, 4])
NAMES = (("w_ih", "weight_ih"), ("w_hh", "weight_hh"), ("b_ih", "bias_ih"), ("b_hh", "bias_hh"))


def pair(cell: str, bidirectional: bool, kernels: str) -> tuple[RecurrentStack, torch.nn.Module]:
    """A stack of ours and torch's network with the same weights."""
    torch.manual_seed(3)
    stack = RecurrentStack(cell, INPUT, [HIDDEN] * 2, bidirectional=bidirectional)
    stack.compute = Compute(kernels)
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}.get(cell, torch.nn.RNN)
    more = {} if cell in ("lstm", "gru") else {"nonlinearity": cell.removeprefix("rnn-")}
    twin = kind(INPUT, HIDDEN, 2, bidirectional=bidirectional, **more)
    with torch.no_grad():
        for index, layer in enumerate(stack.layers):
            depth, backwards = divmod(index, stack.directions)
            for ours, theirs in NAMES:
                value = getattr(layer, ours).uniform_(-0.5, 0.5)
                getattr(twin, f"{theirs}_l{depth}{'_reverse' * backwards}").copy_(value)
    return stack, twin


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", list(CELLS))
def test_unequal_lengths_and_both_directions_equal_torchs_packed_sequences(
    cell: str, bidirectional: bool, kernels: str
) -> None:
    stack, twin = pair(cell, bidirectional, kernels)
    x = torch.randn(T, B, INPUT)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    first = [torch.randn(len(stack.layers), B, HIDDEN) for _ in range(CELLS[cell].states)]
    state = tuple(tuple(part[index] for part in first) for index in range(len(stack.layers)))
    outputs, last = stack(ours, state, LENGTHS)
    packed = pack_padded_sequence(theirs, LENGTHS, enforce_sorted=False)
    expected, ends = twin(packed, tuple(first) if len(first) > 1 else first[0])
    expected, _ = pad_packed_sequence(expected)
    ends = ends if isinstance(ends, tuple) else (ends,)
    torch.testing.assert_close(outputs, expected, rtol=1e-5, atol=1e-6)
    for index, layer in enumerate(last):
        for part, end in zip(layer, ends, strict=True):
            torch.testing.assert_close(part, end[index], rtol=1e-5, atol=1e-6)
    weigh = torch.linspace(-1, 1, outputs.numel()).view_as(outputs)
    ((outputs * weigh).sum() + sum(part.sin().sum() for layer in last for part in layer)).backward()
    ((expected * weigh).sum() + sum(end.sin().sum() for end in ends)).backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-5)
    for index, layer in enumerate(stack.layers):
        depth, backwards = divmod(index, stack.directions)
        for name, other in NAMES:
            wanted = getattr(twin, f"{other}_l{depth}{'_reverse' * backwards}").grad
            torch.testing.assert_close(getattr(layer, name).grad, wanted, rtol=1e-4, atol=1e-5)


def test_a_batch_of_equal_lengths_needs_no_lengths(kernels: str) -> None:
    stack, _ = pair("lstm", True, kernels)
    x = torch.randn(T, B, INPUT)
    for plain, told in zip(stack(x), stack(x, lengths=torch.full((B,), T)), strict=True):
        torch.testing.assert_close(plain, told, rtol=1e-5, atol=1e-6)


def test_what_stands_after_the_end_of_a_sequence_is_not_read(kernels: str) -> None:
    stack, _ = pair("gru", True, kernels)
    x = torch.randn(T, B, INPUT)
    outputs, last = stack(x, lengths=LENGTHS)
    x[LENGTHS[0] :, 0] = 1e6
    again, end = stack(x, lengths=LENGTHS)
    torch.testing.assert_close(outputs, again, rtol=0, atol=0)
    torch.testing.assert_close(last, end, rtol=0, atol=0)


def test_locked_dropout_between_layers_drops_the_same_units_at_all_steps_of_a_sequence() -> None:
    torch.manual_seed(0)
    stack = RecurrentStack("rnn-relu", 1, [50, 50], dropout=0.5)
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.zero_()
        stack.layers[0].b_ih.fill_(1.0)  # each unit of the first layer is 1
        stack.layers[1].w_ih.copy_(torch.eye(50))  # and the second shows which were dropped
    outputs, _ = stack.train()(torch.zeros(T, B, 1), lengths=LENGTHS)
    for column, length in enumerate(LENGTHS.tolist()):
        assert torch.equal(outputs[0, column].expand(length, -1), outputs[:length, column])
        assert 0 < int((outputs[0, column] == 0).sum()) < 50
    assert not torch.equal(outputs[0, 0], outputs[0, 1])


def test_layers_may_have_sizes_of_their_own() -> None:
    stack = RecurrentStack("lstm", 3, [8, 8, 5])
    outputs, last = stack(torch.randn(T, B, 3))
    assert outputs.shape == (T, B, 5)
    assert [layer[0].shape[1] for layer in last] == [8, 8, 5]
