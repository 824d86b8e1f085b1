"""Output layer and cross entropy in one, so that no (tokens x vocabulary) tensor in float32 is ever made."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ROWS = 64  # softmax rows in float32 at a time: few enough to stay in the cache


class _LinearCrossEntropy(torch.autograd.Function):
    """Logits in bfloat16, softmax in float32, and the gradient written over the logits in the forward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
        x16, weight16 = x.bfloat16(), weight.bfloat16()
        logits, bias16 = torch.mm(x16, weight16.t()), bias.bfloat16()  # (N, V)
        losses = torch.empty(x.shape[0], device=x.device)
        for start in range(0, x.shape[0], ROWS):
            rows, wanted = logits[start : start + ROWS], targets[start : start + ROWS, None]
            rows += bias16  # here, while they are in the cache
            scores = rows.gather(1, wanted).float()
            probabilities = torch.softmax(rows, dim=1, dtype=torch.float32)
            chosen = probabilities.gather(1, wanted)
            # Where a probability underflows, its logarithm comes from the logits; that is rare, and slower.
            losses[start : start + ROWS] = -chosen.log()[:, 0]
            if bool((chosen < 1e-30).any()):
                losses[start : start + ROWS] = torch.logsumexp(rows.float(), 1) - scores[:, 0]
            rows.copy_(probabilities.scatter_(1, wanted, chosen - 1))  # d loss / d logits
        ctx.save_for_backward(x16, weight16, logits)
        return losses

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x16, weight16, d_logits = ctx.saved_tensors
        scale = grads[0][:, None]  # (N, 1)
        scale16 = scale.bfloat16()
        d_x = torch.mm(d_logits, weight16).float().mul_(scale)
        d_weight = torch.mm(d_logits.t(), x16 * scale16).float()
        d_bias = torch.mm(scale16.t(), d_logits)[0].float()
        return d_x, d_weight, d_bias, None


def linear_cross_entropy_bf16(x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """-log softmax(x W^T + b)[target] of each row: x (N, H), weight (V, H), bias (V,), targets (N,) -> (N,) float32."""
    return _LinearCrossEntropy.apply(x, weight, bias, targets)
