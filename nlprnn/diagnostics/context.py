"""Effective context: how much of what came before a model uses, and what of it (Khandelwal et al. 2018, Sharp nearby,
fuzzy far away: how neural language models use context).

The same tokens are predicted again and again, and only what the model has read before each differs. Of a whole history
of so many tokens the nearest k are left as they are, and those beyond are

    forgotten   the model reads the nearest k alone, from a fresh state
    shuffled    put in a random order: what is lost is what their order told
    dropped     thinned: half of them, drawn at random, are left out
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from nlprnn.diagnostics.practice import Progress
from nlprnn.diagnostics.windows import spread_places, tokens_at, tokens_before
from nlprnn.metrics.likelihood import perplexity
from nlprnn.metrics.shares import Z95
from nlprnn.models.language_model import LanguageModel

TOKENS = 1 << 14  # read at a time
ENOUGH = 0.01  # a perplexity that is no more than this share above that of the whole history


@dataclass(frozen=True)
class ContextPoint:
    """How well the tokens were predicted with one kind of history."""

    history: str  # forgotten, shuffled or dropped, beyond
    kept: int  # so many tokens; the whole history, where nothing is beyond
    perplexity: float
    increase: float  # of the perplexity, as a share of that with the whole history
    low: float  # its 95 % interval, from the differences of single tokens
    high: float


@dataclass(frozen=True)
class Context:
    """All kinds of history; the whole one is the last that is `forgotten` beyond."""

    points: tuple[ContextPoint, ...]
    whole: int
    targets: int

    header: ClassVar[tuple[str, ...]] = ("history", "kept", "perplexity", "increase", "low", "high")

    def rows(self) -> list[tuple[str | int | float, ...]]:
        return [tuple(getattr(point, name) for name in self.header) for point in self.points]

    def effective(self, history: str) -> int:
        """The fewest tokens kept from which on the perplexity is within 1 % (ENOUGH) of that with the whole history."""
        far = [point.kept for point in self.points if point.history == history and point.increase > ENOUGH]
        return min(
            (point.kept for point in self.points if point.history == history and point.kept > max(far, default=0)),
            default=self.whole,
        )

    def lengths(self) -> dict[str, int]:
        """The same for each kind of history."""
        return {history: self.effective(history) for history in HISTORIES}


def effective_context(
    model: LanguageModel,
    ids: np.ndarray,
    kept: Sequence[int] = (1, 2, 5, 10, 20, 50, 100),
    disturbed: Sequence[int] = (2, 5, 20, 50),
    whole: int = 200,
    targets: int = 400,
    seed: int = 1,
    progress: Progress | None = None,
) -> Context:
    """Perplexity over tokens spread evenly over a text (N,), against the kind of history that they are given.

    The history is forgotten beyond each of the numbers of tokens in `kept`, and shuffled or dropped beyond those in
    `disturbed`. Raises DataError where the text is too short.
    """
    assert all(0 < count < whole for count in (*kept, *disturbed)), (kept, disturbed, whole)
    model.eval()
    places = spread_places(ids, whole, targets)
    history, wanted = tokens_before(ids, places, whole), tokens_at(ids, places)
    generator = torch.Generator().manual_seed(seed)
    full = _losses(model, history, wanted)
    plan = [(name, count) for name in HISTORIES for count in sorted(kept if name == FORGOTTEN else disturbed)]
    points = []
    for name, count in plan:
        given = torch.cat([HISTORIES[name](history[:-count], generator), history[-count:]])
        points.append(_point(name, count, _losses(model, given, wanted), full))
        if progress is not None:
            progress(len(points), len(plan))
    points.insert(len(kept), _point(FORGOTTEN, whole, full, full))
    return Context(tuple(points), whole, len(places))


def _forgotten(beyond: Tensor, generator: torch.Generator) -> Tensor:
    return beyond[:0]


def _shuffled(beyond: Tensor, generator: torch.Generator) -> Tensor:
    """Each column (T, P) in a random order of its own."""
    return beyond.gather(0, torch.rand(beyond.shape, generator=generator).argsort(dim=0))


def _dropped(beyond: Tensor, generator: torch.Generator) -> Tensor:
    """Half of each column (T, P), in the order it stands in."""
    left = torch.rand(beyond.shape, generator=generator).argsort(dim=0)[: len(beyond) // 2]
    return beyond.gather(0, left.sort(dim=0).values)


FORGOTTEN = "forgotten"
HISTORIES: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    FORGOTTEN: _forgotten,
    "shuffled": _shuffled,
    "dropped": _dropped,
}


@torch.inference_mode()
def _losses(model: LanguageModel, history: Tensor, wanted: Tensor) -> Tensor:
    """-log p, in nats, of tokens (P,) after reading (T, P) from a fresh state: (P,) float64."""
    side_by_side = max(TOKENS // len(history), 1)
    found = []
    for some, targets in zip(history.split(side_by_side, dim=1), wanted.split(side_by_side), strict=True):
        outputs, _ = model.outputs(some.to(model.device))
        found.append(model.vocabulary.losses(outputs[-1:], targets[None].to(model.device))[0])
    return torch.cat(found).cpu().double()


def _point(name: str, kept: int, losses: Tensor, full: Tensor) -> ContextPoint:
    difference = losses - full
    mean = float(difference.mean())
    half = Z95 * float(difference.std(correction=0)) / math.sqrt(len(difference))
    increase, low, high = (math.expm1(nats) for nats in (mean, mean - half, mean + half))
    return ContextPoint(name, kept, perplexity(float(losses.sum()), len(losses)), increase, low, high)
