"""Recurrent cells, one step each, and the readable loop over time that every fast path is tested against.

Weights follow torch's layout: `w_ih (G*H, I)`, `w_hh (G*H, H)`, `b_ih (G*H,)`, `b_hh (G*H,)` with G gates stacked in
torch's order, so that they are interchangeable with torch.nn's. A state is a tuple of (B, H) tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from nlprnn.nn.steps import Steps

State = tuple[Tensor, ...]  # of one layer: (h,) or (h, c), each (B, H)


class Weights(NamedTuple):
    """The parameters of one cell; with dropped recurrent weights the second is not the parameter itself."""

    w_ih: Tensor  # (G*H, I)
    w_hh: Tensor  # (G*H, H)
    b_ih: Tensor  # (G*H,)
    b_hh: Tensor  # (G*H,)


def lstm_gates(x: Tensor, state: State, w: Weights) -> tuple[Tensor, ...]:
    """Input gate i, forget gate f, candidate g and output gate o of an LSTM's step, (B, H) each."""
    i, f, g, o = (F.linear(x, w.w_ih, w.b_ih) + F.linear(state[0], w.w_hh, w.b_hh)).chunk(4, dim=-1)
    return torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)


def gru_gates(x: Tensor, state: State, w: Weights) -> tuple[Tensor, ...]:
    """Reset gate r, update gate z and candidate n of a GRU's step, (B, H) each."""
    r_x, z_x, n_x = F.linear(x, w.w_ih, w.b_ih).chunk(3, dim=-1)
    r_h, z_h, n_h = F.linear(state[0], w.w_hh, w.b_hh).chunk(3, dim=-1)
    r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
    return r, z, torch.tanh(n_x + r * n_h)


def elman_tanh(x: Tensor, state: State, w: Weights) -> State:
    """h' = tanh(W x + b + U h + b') (Elman 1990)."""
    return (torch.tanh(F.linear(x, w.w_ih, w.b_ih) + F.linear(state[0], w.w_hh, w.b_hh)),)


def elman_relu(x: Tensor, state: State, w: Weights) -> State:
    """h' = relu(W x + b + U h + b') (Le, Jaitly and Hinton 2015)."""
    return (torch.relu(F.linear(x, w.w_ih, w.b_ih) + F.linear(state[0], w.w_hh, w.b_hh)),)


def lstm(x: Tensor, state: State, w: Weights) -> State:
    """c' = f c + i g, h' = o tanh(c'), with gates i, f, g, o (Hochreiter and Schmidhuber 1997; Gers et al. 2000)."""
    i, f, g, o = lstm_gates(x, state, w)
    c = f * state[1] + i * g
    return o * torch.tanh(c), c


def gru(x: Tensor, state: State, w: Weights) -> State:
    """h' = (1 - z) n + z h, n = tanh(W x + b + r (U h + b')), with gates r, z, n.

    Cho et al. 2014 reset h before the product with U; here, as in cuDNN and torch, the product is reset.
    """
    _, z, n = gru_gates(x, state, w)
    return ((1 - z) * n + z * state[0],)


@dataclass(frozen=True)
class Cell:
    """What the rest of the project needs to know about a kind of cell."""

    name: str
    gates: int
    states: int  # tensors in its state; the first is always the output h
    step: Callable[[Tensor, State, Weights], State]
    forget_gate: int | None = None  # its place among the gates


CELLS = {
    "lstm": Cell("lstm", gates=4, states=2, step=lstm, forget_gate=1),
    "gru": Cell("gru", gates=3, states=1, step=gru),
    "rnn-tanh": Cell("rnn-tanh", gates=1, states=1, step=elman_tanh),
    "rnn-relu": Cell("rnn-relu", gates=1, states=1, step=elman_relu),
}


def unroll(
    cell: Cell, x: Tensor, steps: Steps, state: State, w: Weights, backwards: bool = False
) -> tuple[Tensor, State]:
    """Run a cell over sequences, step by step: x (N, I), state of (B, H) -> outputs (N, H), each sequence's last state.

    A step goes on with the sequences that are long enough to have it; the states of the others stay.
    """
    starts, outputs = steps.starts.tolist(), [x] * steps.count
    for step in reversed(range(steps.count)) if backwards else range(steps.count):
        rows = slice(starts[step], starts[step + 1])
        going = rows.stop - rows.start
        after = cell.step(x[rows], tuple(part[:going] for part in state), w)
        state = tuple(torch.cat([new, old[going:]]) for new, old in zip(after, state, strict=True))
        outputs[step] = after[0]
    return torch.cat(outputs), state


def initialise(cell: Cell, w: Weights, init_range: float | None, init: str, generator: torch.Generator) -> None:
    """Fill a cell's weights in place.

    With `init_range` all are drawn uniformly from +-init_range (Zaremba 2014), with `init` "uniform" from +-1/sqrt(H).
    Otherwise input weights are uniform in +-1/sqrt(H), each gate's recurrent matrix is orthogonal (Saxe et al. 2014)
    or, for relu units, the identity (Le et al. 2015), biases are zero, and the forget gate's bias is 1 (Jozefowicz et
    al. 2015).
    """
    hidden = w.w_hh.shape[1]
    bound = hidden**-0.5 if init_range is None else init_range
    with torch.no_grad():
        if init_range is not None or init == "uniform":
            for tensor in w:
                tensor.uniform_(-bound, bound, generator=generator)
            return
        w.w_ih.uniform_(-bound, bound, generator=generator)
        for gate in w.w_hh.chunk(cell.gates):  # (H, H)
            if cell.name == "rnn-relu":
                torch.nn.init.eye_(gate)
            else:
                torch.nn.init.orthogonal_(gate, generator=generator)
        w.b_ih.zero_()
        w.b_hh.zero_()
        if cell.forget_gate is not None:
            w.b_ih[cell.forget_gate * hidden : (cell.forget_gate + 1) * hidden] = 1.0
