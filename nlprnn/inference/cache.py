"""A continuous cache: words that stood in a like context a short while ago become likelier, without any training.

After Grave, Joulin and Usunier 2017 (Improving neural language models with a continuous cache, section 3). For each of
the last tokens the cache remembers the vector h that the output layer had read to predict it. Where it reads h now,

    p(w) = (1 - lambda) p_model(w) + lambda p_cache(w)
    p_cache(w) is proportional to the sum of exp(theta h . h_i) over the remembered tokens i that are w

The text is read as one column: columns side by side, as in `streams`, would each begin with an empty cache.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nlprnn.errors import ConfigError
from nlprnn.inference.scoring import tokens_at_a_time
from nlprnn.inference.streams import one_column
from nlprnn.models.language_model import LanguageModel
from nlprnn.text.store import Progress

BLOCK = 256  # positions at a time: their products with the window are one matrix product
PRODUCTS = 1 << 24  # numbers in a (positions x window) block at the most
THETAS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)  # what is tried when tuning
SHARES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
LEAST = torch.finfo(torch.float32).min


@dataclass(frozen=True)
class Cache:
    """How a cache is used.

    On the validation texts of Penn Treebank and Brown, the default `theta` and `share` were within 2 % of the best of a
    grid for LSTMs of 400 units, with windows of 500 and of 2,000 tokens.
    """

    window: int = 2000  # tokens remembered, as the paper has it for WikiText
    theta: float = 0.3  # how much likeness counts; at 0 the cache is a histogram of the window
    share: float = 0.15  # lambda, the weight of the cache in the mixture

    def __post_init__(self) -> None:
        """Raise ConfigError for what is no such setting."""
        if self.window < 1:
            raise ConfigError(f"--cache-window {self.window}: give a number of at least 1")
        if not (math.isfinite(self.theta) and self.theta >= 0):
            raise ConfigError(f"theta {self.theta} of the cache: give a finite number of at least 0")
        if not 0 <= self.share < 1:
            raise ConfigError(f"lambda {self.share} of the cache: give a number of at least 0 and below 1")

    def json(self) -> dict[str, Any]:
        return {"window": self.window, "theta": self.theta, "lambda": self.share}


def cache_nll(model: LanguageModel, ids: np.ndarray, cache: Cache, progress: Progress | None = None) -> float:
    """-log p of all ids (N,) in nats, each counted once: the first is predicted from <eos> and an empty cache."""
    return float(_grid_nll(model, ids, cache.window, [cache.theta], [cache.share], progress)[0, 0])


def tune_cache(model: LanguageModel, ids: np.ndarray, cache: Cache, progress: Progress | None = None) -> Cache:
    """`cache` with the theta and the share, of THETAS and SHARES, that predict ids (N,) best; all in one reading."""
    nll = _grid_nll(model, ids, cache.window, THETAS, SHARES, progress)
    row, column = np.unravel_index(np.argmin(nll), nll.shape)
    return replace(cache, theta=THETAS[row], share=SHARES[column])


@torch.inference_mode()
def _grid_nll(
    model: LanguageModel,
    ids: np.ndarray,
    window: int,
    thetas: Sequence[float],
    shares: Sequence[float],
    progress: Progress | None,
) -> np.ndarray:
    """-log p of ids (N,) in nats, for each theta and each share: (thetas, shares)."""
    model.eval()
    window = max(min(window, len(ids)), 1)
    steps = max(min(BLOCK, PRODUCTS // window, tokens_at_a_time(model)), 1)
    keys = torch.empty(0, model.stack.sizes[-1], device=model.device)
    words = torch.empty(0, dtype=torch.long, device=model.device)
    total, state, done = np.zeros((len(thetas), len(shares))), None, 0
    for batch in one_column(ids, steps):
        batch = batch.to(model.device)
        outputs, state = model.outputs(batch.inputs, state)
        alone = torch.exp(-model.vocabulary.losses(outputs, batch.targets)[:, 0].cpu().double())
        queries, targets = outputs[:, 0], batch.targets[:, 0]
        keys, words = torch.cat([keys, queries]), torch.cat([words, targets])
        found = cached(queries, keys, words, targets, window, thetas).cpu().double()
        weight = (torch.arange(done, done + len(targets)) > 0).double()  # 0 where the cache is empty
        for column, share in enumerate(shares):
            mixed = torch.lerp(alone.expand_as(found), found, share * weight)
            total[:, column] -= mixed.log().sum(1).numpy()
        keys, words = keys[-window:], words[-window:]
        done += len(targets)
        if progress is not None:
            progress(done, len(ids))
    return total


def cached(
    queries: Tensor, keys: Tensor, words: Tensor, targets: Tensor, window: int, thetas: Sequence[float]
) -> Tensor:
    """p_cache of each target, for each theta: (thetas, T). It is 0 where nothing came before.

    `queries` (T, H) are the last T of `keys` (M + T, H), and `words` (M + T,) the tokens predicted from these. A query
    sees the `window` keys before itself:

        row 0   . k k k q . .      M = 4, T = 3, window = 3
        row 1   . . k k k q .
        row 2   . . . k k k q
    """
    place = torch.arange(len(keys), device=keys.device)
    own = place[len(keys) - len(queries) :, None]
    seen = (place < own) & (place >= own - window)  # (T, M + T)
    hit = seen & (words == targets[:, None])
    products = queries @ keys.T
    rows = [torch.softmax((theta * products).masked_fill(~seen, LEAST), dim=1) for theta in thetas]
    return torch.stack([(row * hit).sum(1) for row in rows])
