"""The dropouts and activation penalties of recurrent networks, as functions of tensors.

Out of training, or with p = 0, a dropout does nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nlprnn.nn.kernels.dispatch import Compute, drop
from nlprnn.nn.steps import Steps


def keep_mask(shape: tuple[int, ...], p: float, like: Tensor) -> Tensor:
    """A mask of 0 (with probability p) and 1/(1-p), of `like`'s type and device."""
    return torch.empty(shape, dtype=like.dtype, device=like.device).bernoulli_(1 - p).div_(1 - p)


def dropout(x: Tensor, p: float, locked: bool, training: bool, compute: Compute) -> Tensor:
    """Dropout of units of x (T, B, H); locked: one mask (1, B, H) for all steps (Gal and Ghahramani 2016)."""
    if not training or p == 0:
        return x
    return x * keep_mask((1, *x.shape[1:]), p, x) if locked else drop(compute, x, p)


def row_dropout(x: Tensor, steps: Steps, p: float, locked: bool, training: bool, compute: Compute) -> Tensor:
    """The same of rows x (N, H) without padding; locked: one mask for all steps of a sequence."""
    if not training or p == 0:
        return x
    if not locked:
        return drop(compute, x, p)
    mask = keep_mask((steps.sequences, x.shape[1]), p, x)
    if steps.even:
        return (x.view(steps.count, *mask.shape) * mask).flatten(0, 1)
    return x * mask[steps.sequence_of().to(x.device)]


def embedding_dropout(weight: Tensor, p: float, training: bool) -> Tensor | None:
    """A scale (V, 1) for the rows of an embedding matrix (V, E), dropping whole word types; None for no dropout.

    A type is dropped at all its places in a batch at once (Gal and Ghahramani 2016; Merity et al. 2018, section 4.3).
    """
    if not training or p == 0:
        return None
    return keep_mask((weight.shape[0], 1), p, weight)


def weight_dropout(weight: Tensor, p: float, training: bool, compute: Compute) -> Tensor:
    """DropConnect on a recurrent matrix, one mask for all steps of a batch (Merity et al. 2018, section 2)."""
    return weight if not training or p == 0 else drop(compute, weight, p)


def activation_penalty(outputs: Tensor, mask: Tensor | None = None) -> Tensor:
    """AR: the mean square () of a layer's outputs (T, B, H), where the mask (T, B) is not False.

    Merity, McCann and Socher 2017 and Merity et al. 2018, section 4.6, write an L2 norm; what they computed, and what
    their weight of 2 belongs to, is the mean square.
    """
    return _mean(outputs.square(), mask)


def slowness_penalty(outputs: Tensor, mask: Tensor | None = None) -> Tensor:
    """TAR: the mean square () of what changes from step to step in outputs (T, B, H); 0 for a single step."""
    return _mean((outputs[1:] - outputs[:-1]).square(), None if mask is None else mask[1:])


def _mean(x: Tensor, mask: Tensor | None) -> Tensor:
    """The mean () of x (T, B, H) over the units of all places where the mask (T, B) is not False; 0 without any."""
    places = x.mean(-1)  # (T, B)
    if mask is None:
        return places.sum() / max(places.numel(), 1)
    return (places * mask).sum() / mask.sum().clamp(min=1)
