"""A recurrent stack read step by step through the readable cells, with all that happens inside it laid open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor

from nlprnn.nn.cells import State, Weights
from nlprnn.nn.stack import RecurrentStack, StackState


class LayerStep(NamedTuple):
    """One layer at one time step."""

    x: Tensor  # (B, I): what it reads
    before: State  # (B, H) each: the state it starts from
    weights: Weights
    after: State  # the state it arrives at, whose first part is its output


def trace(stack: RecurrentStack, x: Tensor, state: StackState | None = None) -> Iterator[list[LayerStep]]:
    """x (T, B, I), state or None for zeros -> at each time step what each layer did, the first layer first.

    There is no dropout, and every tensor is a node of the graph, so that gradients with respect to each can be asked
    for. A stack that also reads backwards has no past to look into: it is a mistake of the caller.
    """
    assert stack.directions == 1, "a bidirectional stack cannot be traced"
    current = list(state or stack.zero_state(x.shape[1]))
    weights = stack.weights()
    for below in x:
        steps = []
        for depth, w in enumerate(weights):
            after = stack.cell.step(below, current[depth], w)
            steps.append(LayerStep(below, current[depth], w, after))
            current[depth], below = after, after[0]
        yield steps
