"""RecurrentStack: recurrent layers on top of each other, of any cell and depth. It knows no text and no task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from nlprnn.nn.cells import CELLS, Cell, State, Weights, initialise
from nlprnn.nn.dropout import row_dropout, weight_dropout
from nlprnn.nn.kernels.dispatch import Compute, run_sequence
from nlprnn.nn.steps import Steps, even_steps, unpad

StackState = tuple[State, ...]  # per layer and direction a tuple of (B, H) tensors: batch is dimension 0 of each


class RecurrentLayer(nn.Module):
    """The weights of one recurrent layer in one direction."""

    def __init__(
        self,
        cell: Cell,
        inputs: int,
        hidden: int,
        backwards: bool,
        init_range: float | None,
        init: str,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.hidden, self.backwards = hidden, backwards
        rows = cell.gates * hidden
        self.w_ih = nn.Parameter(torch.empty(rows, inputs))
        self.w_hh = nn.Parameter(torch.empty(rows, hidden))
        self.b_ih = nn.Parameter(torch.empty(rows))
        self.b_hh = nn.Parameter(torch.empty(rows))
        initialise(cell, self.undropped(), init_range, init, generator)

    def undropped(self) -> Weights:
        """The parameters."""
        return Weights(self.w_ih, self.w_hh, self.b_ih, self.b_hh)

    def weights(self, p: float, compute: Compute) -> Weights:
        """The weights to compute with; dropping acts on the tensor, the parameter stays what it is."""
        return self.undropped()._replace(w_hh=weight_dropout(self.w_hh, p, self.training, compute))


class RecurrentStack(nn.Module):
    """Recurrent layers over inputs of size `inputs`, of as many units as `sizes` says.

    A bidirectional stack has two layers at each depth, one for each reading direction, whose outputs stand side by
    side; `layers` holds them as forward, backward, forward, ... `dropout` acts between the layers (not on the input and
    not on the last output), `weight_drop` on every recurrent matrix, with one mask for all steps of a batch. `compute`
    says which kernels run, and when in bfloat16.
    """

    def __init__(
        self,
        cell: str,
        inputs: int,
        sizes: Sequence[int],
        dropout: float = 0.0,
        weight_drop: float = 0.0,
        locked: bool = True,
        init_range: float | None = None,
        init: str = "orthogonal",
        generator: torch.Generator | None = None,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.sizes, self.dropout, self.weight_drop, self.locked = tuple(sizes), dropout, weight_drop, locked
        self.directions = 2 if bidirectional else 1
        self.compute = Compute()
        self.cell = CELLS[cell]
        generator = generator or torch.Generator().manual_seed(0)
        below = [inputs, *(size * self.directions for size in sizes)]
        self.layers = nn.ModuleList(
            RecurrentLayer(self.cell, below[depth], size, direction == 1, init_range, init, generator)
            for depth, size in enumerate(sizes)
            for direction in range(self.directions)
        )

    def zero_state(self, batch: int) -> StackState:
        """The state before the first input: zeros, (B, H) each."""
        like = next(self.parameters())
        zeros = [like.new_zeros(batch, cast(RecurrentLayer, layer).hidden) for layer in self.layers]
        return tuple((zero,) * self.cell.states for zero in zeros)

    def weights(self) -> list[Weights]:
        """The weights of each layer, undropped."""
        return [cast(RecurrentLayer, layer).undropped() for layer in self.layers]

    def forward(
        self, x: Tensor, state: StackState | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, StackState]:
        """x (T, B, I), state or None for zeros -> the last layer's outputs (T, B, H), and the state after them.

        With `lengths` (B,), each at least 1, on the CPU, what stands after a sequence's end is not read: outputs there
        are zeros, and a state is that after the sequence's own last step (its first, in a backward direction).
        """
        state = state or self.zero_state(x.shape[1])
        if lengths is None:
            rows, last = self.rows(x.flatten(0, 1), even_steps(*x.shape[:2]), state)
            return rows.view(*x.shape[:2], -1), last
        steps, order, places = unpad(lengths, len(x))
        sort, place = order.to(x.device), places.to(x.device)
        state = tuple(tuple(part[sort] for part in layer) for layer in state)
        rows, last = self.rows(x.flatten(0, 1)[place], steps, state)
        outputs = rows.new_zeros(x.shape[0] * x.shape[1], rows.shape[1]).index_copy(0, place, rows)
        unsort = sort.argsort()
        return outputs.view(*x.shape[:2], -1), tuple(tuple(part[unsort] for part in layer) for layer in last)

    def rows(self, x: Tensor, steps: Steps, state: StackState) -> tuple[Tensor, StackState]:
        """The same on rows without padding, the longest sequence first: x (N, I) -> outputs (N, H)."""
        compute = self.compute.when(self.training)
        last = []
        for depth in range(0, len(self.layers), self.directions):
            if depth > 0:
                x = row_dropout(x, steps, self.dropout, self.locked, self.training, compute)
            outputs = []
            for index in range(depth, depth + self.directions):
                layer = cast(RecurrentLayer, self.layers[index])
                weights = layer.weights(self.weight_drop, compute)
                rows, after = run_sequence(compute, self.cell, x, steps, state[index], weights, layer.backwards)
                outputs.append(rows)
                last.append(after)
            x = outputs[0] if self.directions == 1 else torch.cat(outputs, dim=1)
        return x, tuple(last)


def detach(state: StackState) -> StackState:
    """The same state, cut off from the graph that computed it: where truncated back-propagation is truncated."""
    return tuple(tuple(part.detach() for part in layer) for layer in state)
