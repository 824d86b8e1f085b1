"""Output layer and cross entropy in one: there is a single tensor of tokens x vocabulary, in bfloat16 if asked for."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ROWS = 64  # softmax rows in float32 at a time: few enough to stay in the cache


class _LinearCrossEntropy(torch.autograd.Function):
    """Softmax in float32, and the gradient written over the logits in the forward pass."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        targets: Tensor,
        smoothing: float,
        kind: torch.dtype,
        learn: bool,
    ) -> tuple[Tensor, Tensor]:
        x, weight, bias = x.to(kind), weight.to(kind), bias.to(kind)
        logits = torch.mm(x, weight.t())  # (N, V)
        losses, objective = (torch.empty(x.shape[0], device=x.device) for _ in range(2))
        for start in range(0, x.shape[0], ROWS):
            part = slice(start, start + ROWS)
            rows, wanted = logits[part], targets[part, None]
            rows += bias  # here, while they are in the cache
            scores = rows.gather(1, wanted).float()
            probabilities = torch.softmax(rows, dim=1, dtype=torch.float32)
            chosen = probabilities.gather(1, wanted)
            nll = -chosen.log()[:, 0]
            # Where a probability underflows, its logarithm comes from the logits; that is rare, and slower.
            if bool((chosen < 1e-30).any()):
                nll = torch.logsumexp(rows.float(), 1) - scores[:, 0]
            losses[part] = objective[part] = nll
            if smoothing:  # the mean of -log p over all types is log(sum of exp) less the mean of the logits
                objective[part] += smoothing * (scores[:, 0] - rows.float().mean(dim=1))
            if learn:  # d objective / d logits
                even = smoothing / rows.shape[1]
                if smoothing:
                    probabilities -= even
                rows.copy_(probabilities.scatter_(1, wanted, chosen - even - (1 - smoothing)))
        ctx.save_for_backward(x, weight, logits)
        ctx.mark_non_differentiable(losses)
        return objective, losses

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, d_logits = ctx.saved_tensors
        scale = grads[0][:, None]  # (N, 1)
        rounded = scale.to(x.dtype)
        d_x = torch.mm(d_logits, weight).float().mul_(scale)
        d_weight = torch.mm(d_logits.t(), x * rounded).float()
        d_bias = torch.mm(rounded.t(), d_logits)[0].float()
        return d_x, d_weight, d_bias, None, None, None, None


def linear_cross_entropy(
    x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float = 0.0, bf16: bool = False
) -> tuple[Tensor, Tensor]:
    """The smoothed objective of each row, and -log softmax(x W^T + b)[target] without a gradient: two (N,), in nats.

    x (N, H), weight (V, H), bias (V,), targets (N,). `bf16`: products and logits are in bfloat16.
    """
    kind, learn = torch.bfloat16 if bf16 else torch.float32, torch.is_grad_enabled()
    objective, losses = _LinearCrossEntropy.apply(x, weight, bias, targets, smoothing, kind, learn)
    return objective, losses
