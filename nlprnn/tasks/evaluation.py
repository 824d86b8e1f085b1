"""How well a language model predicts a text: perplexity as the field has it, and figures that compare tokenizers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlprnn.inference.scoring import SentenceScorer
from nlprnn.inference.streams import stream_nll
from nlprnn.metrics import bits, perplexity
from nlprnn.models.ngram import NGramModel
from nlprnn.tasks.loading import TextModel
from nlprnn.text.corpus import join_lines, open_lines
from nlprnn.text.lines import Lines
from nlprnn.text.store import TokenStore, build_store

READ = 2048  # sentences scored at a time


def evaluate(model: TextModel, files: Sequence[str | Path], column: str | None = None) -> dict[str, Any]:
    """The JSON of `evaluate` for one or more files, read as one text; see `evaluate_lines`."""
    return evaluate_lines(model, join_lines([open_lines(file, column) for file in files]))


def evaluate_lines(model: TextModel, lines: Lines) -> dict[str, Any]:
    """Figures over every token once, the end of each sentence included.

    `perplexity` reads one stream, the state carried over; `perplexity_fresh` starts every sentence anew. Bits per word
    (white-space separated) and per character (a line's end counts as one) divide the stream's bits; they are None where
    a word was unknown, because a model is not asked for the word itself then. `oov_rate`: the share of unknown tokens.
    """
    store = build_store(lines, model.tokenizer)
    count = len(store.ids)
    if isinstance(model.model, NGramModel):
        nats = -float(np.sum(model.model.stream(store.ids)))
    else:
        nats = stream_nll(model.model, store.ids, len(model.tokenizer))
    fresh = -sum(float(np.sum(scores)) for scores in _scores(model.scorer, store))
    known = store.unknown == 0
    return {
        "perplexity": perplexity(nats, count),
        "perplexity_fresh": perplexity(fresh, count),
        "tokens": count,
        "words": store.words,
        "bits_per_word": bits(nats) / store.words if known else None,
        "bits_per_character": bits(nats) / store.characters if known else None,
        "oov_rate": store.unknown / max(count - store.lines, 1),
    }


def _scores(scorer: SentenceScorer, store: TokenStore) -> Iterator[np.ndarray]:
    """The log-probabilities of each sentence from a fresh state, in bounded memory."""
    ends = np.flatnonzero(store.ids == 0) + 1
    starts = itertools.chain([0], ends[:-1].tolist())
    places = zip(starts, ends.tolist(), strict=True)
    while chunk := list(itertools.islice(places, READ)):
        for log_probs, _ in scorer.score_ids([np.asarray(store.ids[a:b], dtype=np.int64) for a, b in chunk]):
            yield log_probs
