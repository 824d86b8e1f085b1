"""Whole sequences through torch's fused recurrent functions, which take weights as plain tensors."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from nlprnn.nn.cells import Cell, State, Weights
from nlprnn.nn.steps import Steps

FUSED: dict[str, Callable[..., tuple[Tensor, ...]]] = {
    "lstm": torch.lstm,
    "gru": torch.gru,
    "rnn-tanh": torch.rnn_tanh,
    "rnn-relu": torch.rnn_relu,
}
SHUT, OPEN = -1e4, 1e4  # what closes and opens a gate in any precision


def run(
    cell: Cell, x: Tensor, steps: Steps, state: State, w: Weights, backwards: bool, bf16: bool
) -> tuple[Tensor, State]:
    """x (N, I), state of (B, H) -> outputs (N, H), last state; float32 in and out, inside bfloat16 on request.

    Sequences of unequal lengths are padded: torch's functions for packed ones take three times as long for each row.
    """
    if steps.even:
        x = x.view(steps.count, steps.sequences, -1)
        outputs, state = _fused(cell, x.flip(0) if backwards else x, state, w, bf16)
        return (outputs.flip(0) if backwards else outputs).flatten(0, 1), state
    place = _places(steps, backwards).to(x.device)  # (T, B)
    inside = place < steps.rows
    pad = torch.cat([x, x.new_zeros(1, x.shape[1])])[place]  # (T, B, I)
    outputs, last = _fused(cell, torch.cat([pad, (~inside)[..., None].to(x)], dim=-1), state, _frozen(cell, w), bf16)
    found = x.new_empty(steps.rows, outputs.shape[-1]).index_copy(0, place[inside], outputs[inside])
    ends = steps.lengths().to(x.device) - 1
    h = outputs.gather(0, ends[None, :, None].expand(1, -1, outputs.shape[-1]))[0]
    return found, (h, *last[1:])


def _fused(cell: Cell, x: Tensor, state: State, w: Weights, bf16: bool) -> tuple[Tensor, State]:
    """x (T, B, I) -> (T, B, H)."""
    initial = tuple(part.unsqueeze(0) for part in state)  # (layers * directions, B, H) as torch has it
    argument = initial if cell.states > 1 else initial[0]
    fused = FUSED[cell.name]
    # cuDNN's autocast would compute in float16, which needs loss scaling.
    with torch.autocast(x.device.type, torch.bfloat16, enabled=bf16 and x.device.type == "cpu"):
        outputs, *last = fused(x, argument, list(w), True, 1, 0.0, torch.is_grad_enabled(), False, False)
    return outputs.float(), tuple(part.squeeze(0).float() for part in last)


def _places(steps: Steps, backwards: bool) -> Tensor:
    """The row (T, B) of each sequence's first, second, ... step in reading order; N where it has ended."""
    time, lengths = torch.arange(steps.count)[:, None], steps.lengths()
    step = lengths - 1 - time if backwards else time
    rows = steps.starts[step.clamp(min=0).expand(-1, len(lengths))] + torch.arange(len(lengths))
    return torch.where(time < lengths, rows, steps.rows)


def _frozen(cell: Cell, w: Weights) -> Weights:
    """Weights for one input more, which is 1 at padding and there keeps an LSTM's memory c as it is."""
    column = w.w_ih.new_zeros(len(w.w_ih), 1)
    if cell.forget_gate is not None:
        hidden = w.w_hh.shape[1]
        column[:hidden] = SHUT  # the input gate
        column[cell.forget_gate * hidden : (cell.forget_gate + 1) * hidden] = OPEN
    return w._replace(w_ih=torch.cat([w.w_ih, column], dim=1))
