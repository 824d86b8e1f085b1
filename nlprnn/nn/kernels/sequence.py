"""Whole sequences through torch's fused recurrent functions, which take weights as plain tensors."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from nlprnn.nn.cells import Cell, State, Weights

FUSED: dict[str, Callable[..., tuple[Tensor, ...]]] = {
    "lstm": torch.lstm,
    "gru": torch.gru,
    "rnn-tanh": torch.rnn_tanh,
    "rnn-relu": torch.rnn_relu,
}


def run(cell: Cell, x: Tensor, state: State, w: Weights, bf16: bool) -> tuple[Tensor, State]:
    """x (T, B, I), state of (B, H) -> outputs (T, B, H), last state; float32 in and out, inside bfloat16 on request."""
    initial = tuple(part.unsqueeze(0) for part in state)  # (layers * directions, B, H) as torch has it
    argument = initial if cell.states > 1 else initial[0]
    fused = FUSED[cell.name]
    # cuDNN's autocast would compute in float16, which needs loss scaling.
    with torch.autocast(x.device.type, torch.bfloat16, enabled=bf16 and x.device.type == "cpu"):
        outputs, *last = fused(x, argument, list(w), True, 1, 0.0, torch.is_grad_enabled(), False, False)
    return outputs.float(), tuple(part.squeeze(0).float() for part in last)
