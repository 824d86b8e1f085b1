"""Gradient reach: how much of the loss at time t arrives, on its way back, at the state k steps before.

By the chain rule dL_t/dh_(t-k) is dL_t/dh_t times k Jacobians of one step. Where these shrink what they are multiplied
with, the gradient vanishes with k, and where they stretch it, it explodes (Hochreiter 1991; Bengio, Simard and Frasconi
1994; Pascanu, Mikolov and Bengio 2013, section 2). Here it is not estimated from the weights but taken by autograd
through the readable cells, so that gates, squashing and all layers count as they are on the inputs at hand.

An LSTM has two states. d/dh is what arrives at the output h_(t-k), whose only way on is through the gates of the next
step; d/dc is what arrives at the memory c_(t-k), both along the memory and through h_(t-k), which is made from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from nlprnn.diagnostics.trace import trace
from nlprnn.diagnostics.windows import WARM, spread_places, tokens_at, tokens_before
from nlprnn.models.language_model import LanguageModel
from nlprnn.nn.stack import RecurrentStack, StackState

PARTS = ("h", "c")  # of a state
SIDE_BY_SIDE = 16  # sequences whose graph is held at a time
LOST = 0.01  # the share of the gradient below which it counts as lost


@dataclass(frozen=True)
class ReachCurve:
    """The norms of dL_t/dh_(t-k) of one network, layer and part of its state, for k = 0, 1, ...

    Norms at different places differ by orders of magnitude: each is a product of many factors. The median is therefore
    what is typical (for such products it is near the geometric mean, and it bears zeros, which dead relu units make),
    and the quartiles are the spread. The arithmetic mean is there, too, because an update sums over places, and a
    few exploding ones are enough for it to explode.
    """

    network: str
    setting: str  # what the network differs in from others of its kind: its gain, or before and after training
    layer: int  # from 1
    part: str  # h or c
    n: int  # sequences or places
    median: tuple[float, ...]
    low: tuple[float, ...]  # first quartile
    high: tuple[float, ...]  # third quartile
    mean: tuple[float, ...]

    @property
    def factor(self) -> float:
        """What one step back multiplies the gradient with, over all steps: below 1 it vanishes, above it explodes."""
        steps = len(self.median) - 1
        return (self.median[-1] / self.median[0]) ** (1 / steps) if self.median[0] > 0 else math.nan

    @property
    def reaches(self) -> int:
        """The largest k at which there is still a hundredth (LOST) of the gradient at k = 0; 0 where there is none."""
        return max((k for k, norm in enumerate(self.median) if norm >= LOST * self.median[0] > 0), default=0)


@dataclass(frozen=True)
class Reach:
    """Curves side by side."""

    curves: tuple[ReachCurve, ...]

    header: ClassVar[tuple[str, ...]] = (
        "network",
        "setting",
        "layer",
        "part",
        "k",
        "median",
        "low_quartile",
        "high_quartile",
        "mean",
    )
    summary_header: ClassVar[tuple[str, ...]] = (
        "network",
        "setting",
        "layer",
        "part",
        "n",
        "factor_per_step",
        "reaches",
    )

    def rows(self) -> list[tuple[str | int | float, ...]]:
        """A row for every curve and k."""
        return [
            (one.network, one.setting, one.layer, one.part, k, *norms)
            for one in self.curves
            for k, norms in enumerate(zip(one.median, one.low, one.high, one.mean, strict=True))
        ]

    def summary_rows(self) -> list[tuple[str | int | float, ...]]:
        return [(one.network, one.setting, one.layer, one.part, one.n, one.factor, one.reaches) for one in self.curves]


Norms = list[list[Tensor]]  # per layer and part of the state (K+1, B), float64, k = 0 first


def gradient_norms(
    stack: RecurrentStack, x: Tensor, state: StackState | None, loss: Callable[[Tensor], Tensor]
) -> Norms:
    """The norm of dL/d(state k steps before the end), per sequence: x (T, B, I) -> k = 0 ... T-1.

    `loss` takes the last layer's last output (B, H) to a loss of each sequence (B,), of which no other depends on it.
    """
    with torch.enable_grad():
        steps = list(trace(stack, x.detach().requires_grad_(), state))  # a graph, even where no weight wants one
        last = loss(steps[-1][-1].after[0]).sum()
        depths, parts = range(len(stack.layers)), range(stack.cell.states)
        nodes = [[[step[depth].after[part] for step in steps] for part in parts] for depth in depths]
        flat = [node for layer in nodes for part in layer for node in part]
        gradients = iter(torch.autograd.grad(last, flat))
    return [
        [torch.stack([next(gradients).double().norm(dim=1) for _ in part]).flip(0) for part in layer] for layer in nodes
    ]


def curves(network: str, setting: str, norms: Norms) -> list[ReachCurve]:
    """What is typical of the norms, and how they are spread."""
    found = []
    for layer, parts in enumerate(norms, start=1):
        for name, norm in zip(PARTS, parts, strict=False):
            quartiles = torch.quantile(norm, torch.tensor([0.5, 0.25, 0.75]).to(norm), dim=1)
            median, low, high, mean = (tuple(row.tolist()) for row in (*quartiles, norm.mean(dim=1)))
            found.append(ReachCurve(network, setting, layer, name, norm.shape[1], median, low, high, mean))
    return found


def gradient_reach(model: LanguageModel, ids: np.ndarray, distance: int = 100, places: int = 64) -> Reach:
    """How far back the loss of a trained model's predictions reaches, at places spread evenly over a text (N,).

    The loss is -log p of the token at the place, in nats. Raises DataError where the text is too short.
    """
    model.eval()
    chosen = spread_places(ids, WARM + distance + 1, places)
    batches: list[Norms] = []
    for first in range(0, len(chosen), SIDE_BY_SIDE):
        some = chosen[first : first + SIDE_BY_SIDE]
        before = tokens_before(ids, some, WARM + distance + 1).to(model.device)
        wanted = tokens_at(ids, some).to(model.device)
        with torch.no_grad():
            _, state = model.outputs(before[:WARM])

        def loss(hidden: Tensor, wanted: Tensor = wanted) -> Tensor:
            return F.cross_entropy(model.vocabulary.logits(hidden), wanted, reduction="none")

        batches.append(gradient_norms(model.stack, model.vocabulary.embed(before[WARM:]), state, loss))
    return Reach(tuple(curves("model", "as trained", side_by_side(batches))))


def side_by_side(batches: Sequence[Norms]) -> Norms:
    """The norms of all sequences of some batches."""
    return [[torch.cat(parts, dim=1) for parts in zip(*layers, strict=True)] for layers in zip(*batches, strict=True)]
