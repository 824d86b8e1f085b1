"""RecurrentStack: recurrent layers on top of each other, of any cell and depth. It knows no text and no task."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nlprnn.nn.cells import CELLS, Cell, State, Weights, initialise
from nlprnn.nn.dropout import dropout, weight_dropout
from nlprnn.nn.kernels.dispatch import Compute, run_sequence

StackState = tuple[State, ...]  # per layer a tuple of (B, H) tensors: batch is dimension 0 of each


class RecurrentLayer(nn.Module):
    """The weights of one recurrent layer, and the layer as a function over a sequence."""

    def __init__(
        self, cell: Cell, inputs: int, hidden: int, init_range: float | None, generator: torch.Generator
    ) -> None:
        super().__init__()
        rows = cell.gates * hidden
        self.w_ih = nn.Parameter(torch.empty(rows, inputs))
        self.w_hh = nn.Parameter(torch.empty(rows, hidden))
        self.b_ih = nn.Parameter(torch.empty(rows))
        self.b_hh = nn.Parameter(torch.empty(rows))
        initialise(cell, self.weights(), init_range, generator)

    def weights(self, drop: float = 0.0) -> Weights:
        """The weights to compute with; dropping acts on the tensor, the parameter stays what it is."""
        return Weights(self.w_ih, weight_dropout(self.w_hh, drop, self.training), self.b_ih, self.b_hh)


class RecurrentStack(nn.Module):
    """`layers` recurrent layers of `hidden` units over inputs of size `inputs`.

    `dropout` acts between the layers (not on the input and not on the last output), `weight_drop` on every recurrent
    matrix, with one mask for all steps of a batch. `compute` says which kernels run; bfloat16 is for training alone.
    """

    def __init__(
        self,
        cell: str,
        inputs: int,
        hidden: int,
        layers: int,
        dropout: float = 0.0,
        weight_drop: float = 0.0,
        locked: bool = True,
        init_range: float | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.hidden, self.dropout, self.weight_drop, self.locked = hidden, dropout, weight_drop, locked
        self.compute = Compute()
        generator = generator or torch.Generator().manual_seed(0)
        sizes = [inputs] + [hidden] * (layers - 1)
        self.cell = CELLS[cell]
        self.layers = nn.ModuleList(RecurrentLayer(self.cell, size, hidden, init_range, generator) for size in sizes)

    def zero_state(self, batch: int) -> StackState:
        """The state before the first input: zeros, (B, H) each."""
        zeros = next(self.parameters()).new_zeros(batch, self.hidden)
        return tuple((zeros,) * self.cell.states for _ in self.layers)

    def forward(self, x: Tensor, state: StackState | None = None) -> tuple[Tensor, StackState]:
        """x (T, B, I), state or None for zeros -> the last layer's outputs (T, B, H), and the state after them."""
        state = state or self.zero_state(x.shape[1])
        compute = self.compute if self.training else Compute(self.compute.kernels)
        last = []
        for depth, before in enumerate(state):
            if depth > 0:
                x = dropout(x, self.dropout, self.locked, self.training)
            layer = self.layers[depth]
            assert isinstance(layer, RecurrentLayer)
            x, after = run_sequence(compute, self.cell, x, before, layer.weights(self.weight_drop))
            last.append(after)
        return x, tuple(last)


def detach(state: StackState) -> StackState:
    """The same state, cut off from the graph that computed it: where truncated back-propagation is truncated."""
    return tuple(tuple(part.detach() for part in layer) for layer in state)
