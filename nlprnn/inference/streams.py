"""The perplexity of a long text, read as one stream with the state carried from sentence to sentence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from nlprnn.inference.scoring import tokens_at_a_time
from nlprnn.models.language_model import LanguageModel
from nlprnn.text.batching import Batch

WARM = 200  # tokens that each column reads before it counts
SHORTEST = 3000  # tokens of a column, so that warming up costs little
MOST_COLUMNS = 32


@torch.inference_mode()
def stream_nll(model: LanguageModel, ids: np.ndarray, columns: int | None = None) -> float:
    """-log p of all ids (N,), in nats, each counted once: the first is predicted from <eos> and a fresh state.

    The text is read in columns side by side, each of which first reads the `WARM` tokens before it without counting
    them: a recurrent network has forgotten nearly all that lies further back (tested to be within 0.1 %).
    """
    model.eval()
    columns = columns or min(max(len(ids) // SHORTEST, 1), MOST_COLUMNS)
    length = -(-len(ids) // columns)
    window = max(tokens_at_a_time(model) // columns, 1)
    starts = np.arange(columns) * length
    state = None
    if columns > 1:
        before = starts[None, :] + np.arange(-WARM - 1, -1)[:, None]  # (WARM, C)
        _, state = model.outputs(_tokens(ids, before).to(model.device))
        for layer in state:
            for part in layer:
                part[0] = 0.0  # nothing stands before the first column
    total = 0.0
    for first in range(0, length, window):
        places = starts[None, :] + np.arange(first, min(first + window, length))[:, None]  # (T, C)
        batch = _batch(ids, places).to(model.device)
        losses, state = model.losses(batch, state)
        total += float((losses.cpu().double() * torch.from_numpy(places < len(ids))).sum())
    return total


def one_column(ids: np.ndarray, steps: int) -> Iterator[Batch]:
    """All ids (N,) in their order as batches of one column, (`steps`, 1) and a shorter last; the first input is <eos>.

    Slower than columns side by side, and needed where what comes later is predicted from what was read before it.
    """
    for first in range(0, len(ids), steps):
        yield _batch(ids, np.arange(first, min(first + steps, len(ids)))[:, None])


def _batch(ids: np.ndarray, places: np.ndarray) -> Batch:
    """The tokens at some places as targets, each predicted from the token before it."""
    return Batch(_tokens(ids, places - 1), _tokens(ids, places))


def _tokens(ids: np.ndarray, places: np.ndarray) -> torch.Tensor:
    """The ids at some places, of which those before the text are <eos>, and those after it anything."""
    inside = np.asarray(ids[np.clip(places, 0, len(ids) - 1)], dtype=np.int64)
    return torch.from_numpy(np.where(places < 0, 0, inside))
