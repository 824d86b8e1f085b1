"""Choosing tokens, over any Stepper: sampling, and whole next words with their probabilities."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from nlprnn.config.decoding import Sampling
from nlprnn.text.chunk_tokenizer import EOS_ID

State = Any  # nested tuples of tensors whose dimension 0 is the batch


class Stepper(Protocol):
    """A model as decoding sees it."""

    def start(self, batch: int) -> State: ...
    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]: ...


def read(stepper: Stepper, ids: Sequence[int]) -> tuple[Tensor, State]:
    """Read <eos> and then `ids` -> log-probabilities (V,) of the next token, and the state (batch of one)."""
    state = stepper.start(1)
    log_probs = torch.empty(0)
    for token in (EOS_ID, *ids):
        log_probs, state = stepper.step(torch.tensor([token]), state)
    return log_probs[0], state


def draw(log_probs: Tensor, sampling: Sampling, generator: torch.Generator) -> int:
    """One token id from log-probabilities (V,)."""
    if sampling.temperature == 0:
        return int(log_probs.argmax())
    scores, ids = ((log_probs - log_probs.max()) / sampling.temperature).sort(descending=True, stable=True)
    if sampling.top_k is not None:
        scores, ids = scores[: sampling.top_k], ids[: sampling.top_k]
    probabilities = torch.softmax(scores, dim=0)
    if sampling.top_p is not None:
        before = probabilities.cumsum(0) - probabilities
        probabilities = probabilities * (before < sampling.top_p)  # the first is always kept
    return int(ids[torch.multinomial(probabilities, 1, generator=generator)])


def sample(
    stepper: Stepper, prompt: Sequence[int], sampling: Sampling, seed: int, never: Sequence[int] = ()
) -> Iterator[int]:
    """Token ids that go on after `prompt`, without end; ids in `never` are not drawn. The same seed draws the same."""
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        log_probs, state = read(stepper, prompt)
    while True:
        allowed = log_probs.clone().cpu()
        allowed[list(never)] = -math.inf
        token = draw(allowed, sampling, generator)
        yield token
        with torch.inference_mode():
            rows, state = stepper.step(torch.tensor([token]), state)
        log_probs = rows[0]


@torch.inference_mode()
def next_words(
    stepper: Stepper, prompt: Sequence[int], k: int, starts_word: np.ndarray | None, most_steps: int = 200
) -> list[tuple[list[int], float]]:
    """The k likeliest next words, as token ids, with their probabilities, likeliest first.

    With whole-word tokens these are the k likeliest tokens. With subwords, words are searched best first: a word's
    probability is the product over its pieces times the mass on word-beginning tokens after it, over that before it.
    `most_steps` bounds the search; what it has found by then is returned.
    """
    log_probs, state = read(stepper, prompt)
    if starts_word is None:
        values, ids = log_probs.topk(min(k, len(log_probs)))
        return [([token], math.exp(value)) for value, token in zip(values.tolist(), ids.tolist(), strict=True)]
    starts = torch.from_numpy(np.asarray(starts_word))
    at_start = log_probs.cpu()
    before = float(at_start[starts].logsumexp(0)) if len(prompt) else 0.0
    found = [(float(at_start[EOS_ID]) - before, [EOS_ID])]  # <eos> is a word of its own
    open_words: list[tuple[float, int, list[int], State]] = []
    serial = 0  # breaks ties, so that states are never compared

    def grow(scores: Tensor, allowed: Tensor, base: float, word: list[int], at: State) -> None:
        nonlocal serial
        usable = scores.masked_fill(~allowed, -math.inf)
        values, ids = usable.topk(min(4 * k, len(usable)))
        for value, token in zip(values.tolist(), ids.tolist(), strict=True):
            if value > -math.inf:
                serial += 1
                heapq.heappush(open_words, (-(base + value), serial, [*word, token], at))

    beginners = starts.clone() if len(prompt) else torch.ones_like(starts)  # at a line's start any token begins a word
    beginners[EOS_ID] = False
    grow(at_start, beginners, -before, [], state)
    for _ in range(most_steps):
        best = sorted(found, reverse=True)[:k]
        if not open_words or (len(best) == k and best[-1][0] >= -open_words[0][0]):
            break
        negative, _, word, at = heapq.heappop(open_words)
        rows, after = stepper.step(torch.tensor(word[-1:]), at)
        scores = rows[0].cpu()
        found.append((-negative + float(scores[starts].logsumexp(0)), word))
        grow(scores, ~starts, -negative, word, after)
    return [(word, math.exp(score)) for score, word in sorted(found, reverse=True)[:k]]
