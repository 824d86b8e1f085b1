"""Optimizers, learning-rate schedules, clipping and weight averaging."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from nlprnn.config import TrainingConfig


def make_optimizer(parameters: Sequence[Tensor], config: TrainingConfig) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2019) or plain SGD, in torch's fused form where there is one."""
    if config.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=config.lr, weight_decay=config.weight_decay)
    fused = parameters[0].device.type in ("cpu", "cuda")
    return torch.optim.AdamW(parameters, lr=config.lr, betas=(0.9, 0.99), weight_decay=config.weight_decay, fused=fused)


def learning_rate(config: TrainingConfig, step: int, total: int | None, epoch: int) -> float:
    """The learning rate of a step, apart from what plateau decay and the NaN guard make of it.

    `total` is the number of all steps, None while a budget in minutes is still being turned into steps. Warm-up is
    linear; the cosine (Loshchilov and Hutter 2017) ends at zero.
    """
    warmup = config.warmup if total is None else min(config.warmup, total // 10)
    if step < warmup:
        return config.lr * (step + 1) / warmup
    if config.schedule == "cosine" and total is not None:
        return config.lr * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(total - warmup, 1)))
    if config.schedule == "exponential":
        return config.lr * config.decay ** max(epoch + 1 - config.decay_after, 0)
    return config.lr


def clip_gradients(parameters: Sequence[Tensor], largest: float) -> float:
    """Scale all gradients so that their joint norm is at most `largest` (0: no limit); returns the norm before."""
    grads = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads))))
    if 0 < largest < norm and math.isfinite(norm):
        torch._foreach_mul_(grads, largest / norm)
    return norm


class Average:
    """An exponential moving average of the weights, unbiased at its start (Kingma and Ba 2015, section 3)."""

    def __init__(self, parameters: Sequence[Tensor], decay: float) -> None:
        self.parameters, self.decay, self.steps = parameters, decay, 0
        self.tensors = [parameter.detach().clone() for parameter in parameters]

    def update(self) -> None:
        """Take in the weights after a step."""
        self.steps += 1
        weight = (1 - self.decay) / (1 - self.decay**self.steps)
        with torch.no_grad():
            torch._foreach_lerp_(self.tensors, [parameter.detach() for parameter in self.parameters], weight)

    def swap(self) -> None:
        """Exchange the model's weights and their average: once to validate with the average, and once to go back."""
        with torch.no_grad():
            for parameter, average in zip(self.parameters, self.tensors, strict=True):
                kept = parameter.detach().clone()
                parameter.copy_(average)
                average.copy_(kept)
