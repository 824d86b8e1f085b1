"""Places in a text that a measurement looks at, and what stands before them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from nlprnn.errors import DataError

WARM = 50  # tokens read before what is looked at, so that the state is one that the network is used to


def spread_places(ids: np.ndarray, before: int, count: int) -> np.ndarray:
    """Up to `count` places (P,) spread evenly over a text (N,), each with at least `before` tokens before it.

    Raises DataError where there is none.
    """
    if len(ids) <= before:
        raise DataError(f"the text has {len(ids):,} tokens; to look {before} back needs at least {before + 1}")
    return np.unique(np.linspace(before, len(ids) - 1, count).round().astype(np.int64))


def tokens_before(ids: np.ndarray, places: np.ndarray, count: int) -> Tensor:
    """The `count` tokens before each place (P,), the nearest last: (`count`, P) int64."""
    return torch.from_numpy(np.asarray(ids[places[None, :] + np.arange(-count, 0)[:, None]], dtype=np.int64))


def tokens_at(ids: np.ndarray, places: np.ndarray) -> Tensor:
    """The token at each place: (P,) int64."""
    return torch.from_numpy(np.asarray(ids[places], dtype=np.int64))
