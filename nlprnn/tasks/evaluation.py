"""How well a language model predicts a text: perplexity as the field has it, and figures that compare tokenizers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlprnn.inference.scoring import SentenceScorer
from nlprnn.inference.streams import stream_nll
from nlprnn.metrics import bits, perplexity
from nlprnn.models.ngram import NGramModel
from nlprnn.tasks.encoding import encode
from nlprnn.tasks.loading import TextModel
from nlprnn.tasks.notes import Note, to_stderr
from nlprnn.text.chunk_tokenizer import EOS_ID
from nlprnn.text.corpus import join_lines, open_lines
from nlprnn.text.lines import Lines

PIECE = 1 << 20  # tokens held at a time
READ = 2048  # sentences scored at a time


def evaluate(
    model: TextModel, files: str | Path | Sequence[str | Path], column: str | None = None, note: Note = to_stderr
) -> dict[str, Any]:
    """The JSON of `evaluate` for one or more files, read as one text; of a folder its test text is read."""
    several = [files] if isinstance(files, (str, Path)) else files
    return evaluate_lines(model, join_lines([open_lines(file, column, "test") for file in several]), note)


def evaluate_lines(model: TextModel, lines: Lines, note: Note = to_stderr) -> dict[str, Any]:
    """Figures over every token once, the end of each sentence included.

    `perplexity` reads one stream, a network's state carried over (n-grams never do); `perplexity_fresh` starts every
    sentence anew. Bits per word (white-space separated) and per character (a line's end counts as one) divide the
    stream's bits; they are None where a word was unknown, because a model is not asked for the word itself then.
    `oov_rate` is the share of unknown tokens.
    """
    store = encode(lines, model.tokenizer, note)
    count = len(store.ids)
    fresh = 0.0
    streamed = 0.0
    for piece in _pieces(store.ids):
        fresh -= sum(float(np.sum(scores)) for scores in _scores(model.scorer, piece))
        if isinstance(model.model, NGramModel):
            streamed -= float(np.sum(model.model.stream(piece)))
    nats = streamed if isinstance(model.model, NGramModel) else stream_nll(model.model, store.ids, len(model.tokenizer))
    known = store.unknown == 0
    return {
        "perplexity": perplexity(nats, count),
        "perplexity_fresh": perplexity(fresh, count),
        "tokens": count,
        "words": store.words,
        "bits_per_word": bits(nats) / store.words if known else None,
        "bits_per_character": bits(nats) / store.characters if known else None,
        "oov_rate": store.oov_rate,
    }


def _pieces(ids: np.ndarray) -> Iterator[np.ndarray]:
    """A text in parts of some PIECE tokens that end with a sentence, so that memory does not grow with it."""
    start = 0
    while start < len(ids):
        stop = min(start + PIECE, len(ids))
        while stop < len(ids) and ids[stop - 1] != EOS_ID:
            stop += 1
        yield np.asarray(ids[start:stop], dtype=np.int64)
        start = stop


def _scores(scorer: SentenceScorer, ids: np.ndarray) -> Iterator[np.ndarray]:
    """The log-probabilities of each sentence from a fresh state."""
    sentences = np.split(ids, np.flatnonzero(ids == EOS_ID)[:-1] + 1)
    for start in range(0, len(sentences), READ):
        for log_probs, _ in scorer.score_ids(sentences[start : start + READ]):
            yield log_probs
