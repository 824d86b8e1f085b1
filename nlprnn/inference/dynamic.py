"""Dynamic evaluation: a model that learns, while it reads, from what it has just read.

After Krause, Kahembwe, Murray and Renals 2018 (Dynamic evaluation of neural sequence models, section 5, the rule "RMS
with an RMS global prior"). The text is read in short segments, as one column. Each is first predicted; then the
gradient g of its mean loss changes the weights w, which are drawn back to the trained ones, w0:

    w <- w - lr g / (r + epsilon) + decay (w0 - w) min(r / mean(r), 1 / decay)
    r = sqrt(mean of g^2 over some other text)

The paper's other text is the training text. A model directory does not have that, so text drawn from the model itself
takes its place, which makes r^2 the diagonal of the Fisher information. Such a sample has too few of the rare words to
tell how large their gradients are; epsilon is therefore mean(r), not a small number.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nlprnn.errors import ConfigError
from nlprnn.inference.streams import one_column
from nlprnn.models.language_model import LanguageModel
from nlprnn.text.batching import Batch
from nlprnn.text.chunk_tokenizer import EOS_ID
from nlprnn.text.store import Progress

COLUMNS = 100  # sequences that the model draws side by side; as many as the authors' program reads
SEGMENTS = 50  # of each
RATES = (1e-5, 2e-5, 5e-5, 1e-4)  # what is tried when tuning


@dataclass(frozen=True)
class Dynamic:
    """How dynamic evaluation learns.

    On the first 15,000 and 6,000 tokens of the validation texts of Penn Treebank and Brown, the default `lr` was within
    1 % of the best of 2e-5, 5e-5 and 1e-4, and on the former `decay` within 1 % of the best of 3e-4, 1e-3 and 3e-3.
    """

    lr: float = 5e-5  # as in the authors' program
    decay: float = 0.001  # the paper's lambda
    segment: int = 5  # tokens between updates, as in the paper

    def __post_init__(self) -> None:
        """Raise ConfigError for what is no such setting."""
        for name, value in (("lr", self.lr), ("decay", self.decay)):
            if not (math.isfinite(value) and value >= 0):
                raise ConfigError(f"{name} {value} of dynamic evaluation: give a finite number of at least 0")
        if self.segment < 1:
            raise ConfigError(f"segment {self.segment} of dynamic evaluation: give a number of at least 1")

    def json(self) -> dict[str, Any]:
        return asdict(self)


def dynamic_nll(
    model: LanguageModel, ids: np.ndarray, dynamic: Dynamic, sizes: Sequence[Tensor], progress: Progress | None = None
) -> float:
    """-log p of all ids (N,) in nats, each predicted before it is learnt from; afterwards the model is what it was.

    `sizes` is r of every parameter, from `gradient_sizes`.
    """
    mean = _mean(sizes)
    rates = [dynamic.lr / (size + mean) for size in sizes]
    pulls = [(dynamic.decay * size / mean).clamp_(max=1.0) for size in sizes]
    total, state, done = 0.0, None, 0
    model.eval()  # in training mode there would be dropout, and bfloat16
    with _restored(model) as (weights, trained):
        for batch in one_column(ids, dynamic.segment):
            loss = model(batch.to(model.device), state)
            gradients = torch.autograd.grad(loss.nll / loss.count, weights)
            with torch.no_grad():
                torch._foreach_lerp_(weights, trained, pulls)
                torch._foreach_addcmul_(weights, gradients, rates, value=-1.0)
            total, state, done = total + loss.nll.item(), loss.state, done + loss.count
            if progress is not None:
                progress(done, len(ids))
    return total


def tune_dynamic(
    model: LanguageModel, ids: np.ndarray, dynamic: Dynamic, sizes: Sequence[Tensor], progress: Progress | None = None
) -> Dynamic:
    """`dynamic` with the learning rate, of RATES, that predicts ids (N,) best."""
    tried = [replace(dynamic, lr=rate) for rate in RATES]
    nll = []
    for number, candidate in enumerate(tried):
        shown = None if progress is None else _part(progress, number, len(tried))
        nll.append(dynamic_nll(model, ids, candidate, sizes, shown))
    return tried[int(np.argmin(np.nan_to_num(nll, nan=np.inf)))]  # too large a rate may lead to NaN


def gradient_sizes(model: LanguageModel, segment: int, seed: int = 1, progress: Progress | None = None) -> list[Tensor]:
    """r of every parameter: the root of the mean squared gradient of segments' mean losses, over text that it draws."""
    model.eval()
    halves = (None, None) if progress is None else (_part(progress, 0, 2), _part(progress, 1, 2))
    drawn = _drawn(model, COLUMNS, SEGMENTS * segment, seed, halves[0])
    return root_mean_squares(model, drawn, segment, halves[1])


def root_mean_squares(
    model: LanguageModel, text: Tensor, segment: int, progress: Progress | None = None
) -> list[Tensor]:
    """r of every parameter over the segments of `text` (T + 1, B), whose first row is only read."""
    weights = list(model.parameters())
    squares = [torch.zeros_like(weight) for weight in weights]
    pairs = list(zip(text[:-1].split(segment), text[1:].split(segment), strict=True))
    state = None
    for number, (inputs, targets) in enumerate(pairs, start=1):
        loss = model(Batch(inputs, targets), state)
        gradients = torch.autograd.grad(loss.nll / loss.count, weights)
        torch._foreach_addcmul_(squares, gradients, gradients)
        state = loss.state
        if progress is not None:
            progress(number, len(pairs))
    return [(square / len(pairs)).sqrt_() for square in squares]


@torch.no_grad()
def _drawn(model: LanguageModel, columns: int, steps: int, seed: int, progress: Progress | None = None) -> Tensor:
    """Text (`steps` + 1, `columns`) that the model draws after <eos>, which is the first row."""
    generator = torch.Generator().manual_seed(seed)
    rows, state = [torch.full((columns,), EOS_ID)], model.start(columns)
    for number in range(1, steps + 1):
        log_probs, state = model.step(rows[-1], state)
        rows.append(torch.multinomial(log_probs.exp().cpu(), 1, generator=generator)[:, 0])
        if progress is not None:
            progress(number, steps)
    return torch.stack(rows).to(model.device)


@contextlib.contextmanager
def _restored(model: LanguageModel) -> Iterator[tuple[list[Tensor], list[Tensor]]]:
    """The model's weights, to be changed in place, and a copy of them, from which they are restored at any end."""
    weights: list[Tensor] = list(model.parameters())
    kept = [weight.detach().clone() for weight in weights]
    try:
        yield weights, kept
    finally:
        with torch.no_grad():
            torch._foreach_copy_(weights, kept)


def _mean(sizes: Sequence[Tensor]) -> float:
    """The mean over all weights of all parameters."""
    return sum(float(size.sum()) for size in sizes) / sum(size.numel() for size in sizes)


def _part(progress: Progress, number: int, parts: int) -> Progress:
    """Progress of one of several readings of the same text."""
    return lambda done, total: progress(number * total + done, parts * total)
