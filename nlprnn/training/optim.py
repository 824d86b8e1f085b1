"""Optimizers, learning-rate schedules, clipping and weight averaging."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nlprnn.config.training import TrainingConfig

RISING, RATIO = 0.1, 32  # of the slanted triangle


def make_optimizer(
    parameters: Sequence[Tensor], config: TrainingConfig, groups: Sequence[Sequence[Tensor]] | None = None
) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2019) in torch's fused form where there is one, or plain SGD, also for nt-asgd.

    `groups` part the parameters into those that may have a learning rate of their own.
    """
    parts: list[dict[str, Any]] = [{"params": list(group)} for group in groups or [parameters]]
    if config.optimizer in ("sgd", "nt-asgd"):
        return torch.optim.SGD(parts, lr=config.lr, weight_decay=config.weight_decay)
    fused = parameters[0].device.type in ("cpu", "cuda")
    return torch.optim.AdamW(parts, lr=config.lr, betas=(0.9, 0.99), weight_decay=config.weight_decay, fused=fused)


def learning_rate(config: TrainingConfig, step: int, total: int | None, epoch: int) -> float:
    """The learning rate of a step, apart from what plateau decay and the NaN guard make of it.

    `total` is the number of all steps, None while a budget in minutes is still being turned into steps. Warm-up is
    linear; the cosine (Loshchilov and Hutter 2017) ends at zero. The slanted triangle has its own way up.
    """
    if config.schedule == "triangular" and total is not None:
        return config.lr * slanted_triangle(step, total)
    warmup = config.warmup if total is None else min(config.warmup, total // 10)
    if step < warmup:
        return config.lr * (step + 1) / warmup
    if config.schedule == "cosine" and total is not None:
        return config.lr * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(total - warmup, 1)))
    if config.schedule == "exponential":
        return config.lr * config.decay ** max(epoch + 1 - config.decay_after, 0)
    return config.lr


def slanted_triangle(step: int, total: int) -> float:
    """The share of the peak rate at a step: linearly up for a tenth of all steps, then linearly down to a 32nd.

    Howard and Ruder 2018, equation 3, with their cut_frac 0.1 and ratio 32.
    """
    cut = max(int(total * RISING), 1)
    p = step / cut if step < cut else 1 - (step - cut) / max(total - cut, 1)
    return (1 + p * (RATIO - 1)) / RATIO


def gradient_norm(parameters: Sequence[Tensor]) -> float:
    """The joint norm of all gradients. Those of rows (sparse) are first added up row by row."""
    grads = []
    for parameter in parameters:
        if parameter.grad is not None and parameter.grad.is_sparse:
            parameter.grad = parameter.grad.coalesce()
        if parameter.grad is not None:
            grads.append(parameter.grad.values() if parameter.grad.is_sparse else parameter.grad)
    return float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads))))


def clipped_step(
    optimizer: torch.optim.Optimizer, norm: float, largest: float, rate: float, shares: Sequence[float] = (1.0,)
) -> None:
    """One update at a learning rate, with gradients scaled so that their joint norm is at most `largest` (0: no limit).

    Each group of parameters has its share of the rate; one without gradients stays as it is.
    The scale is not written into the gradients, which would be one more pass over memory: plain SGD takes it into its
    rate, and torch's fused AdamW divides each gradient as it reads it.
    """
    scale = largest / norm if 0 < largest < norm else 1.0
    plain = isinstance(optimizer, torch.optim.SGD) and not optimizer.defaults["weight_decay"]
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for group, share in zip(optimizer.param_groups, shares, strict=True):
        group["lr"] = share * (rate * scale if plain else rate)
    if optimizer.defaults["fused"]:
        optimizer.grad_scale = torch.tensor(1 / scale, device=parameters[0].device)  # type: ignore[attr-defined]
    elif not plain and scale < 1:
        torch._foreach_mul_([parameter.grad for parameter in parameters if parameter.grad is not None], scale)
    optimizer.step()


def has_stalled(figure: float, earlier: Sequence[float], interval: int) -> bool:
    """Whether a validation's figure starts averaging: worse than the best of those more than `interval` before it.

    `earlier` are the figures of all validations before, oldest first; less is better (Merity et al. 2018, algorithm 1).
    """
    return len(earlier) > interval and figure > min(earlier[: len(earlier) - interval])


class Average:
    """A mean of the weights taken in so far, in which each counts `decay` times as much as the one after it.

    Below 1 that is an exponential moving average, unbiased at its start (Kingma and Ba 2015, section 3); at 1, its
    limit, the arithmetic mean (Polyak and Juditsky 1992).
    """

    def __init__(self, parameters: Sequence[Tensor], decay: float = 1.0) -> None:
        self.parameters, self.decay, self.steps = parameters, decay, 0
        self.tensors: list[Tensor] = []  # there is no mean of nothing

    def update(self) -> None:
        """Take in the weights as they are now."""
        current = [parameter.detach() for parameter in self.parameters]
        self.steps += 1
        weight = 1 / self.steps if self.decay == 1 else (1 - self.decay) / (1 - self.decay**self.steps)
        if self.tensors:
            torch._foreach_lerp_(self.tensors, current, weight)
        else:
            self.tensors = [tensor.clone() for tensor in current]

    def swap(self) -> None:
        """Exchange the model's weights and their average, where there is one: once to validate, and once to go back."""
        if not self.tensors:
            return
        with torch.no_grad():
            for parameter, average in zip(self.parameters, self.tensors, strict=True):
                kept = parameter.detach().clone()
                parameter.copy_(average)
                average.copy_(kept)
