"""How well a language model predicts a text: perplexity as the field has it, and figures that compare tokenizers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlprnn.errors import ConfigError
from nlprnn.inference.cache import Cache, cache_nll, tune_cache
from nlprnn.inference.dynamic import Dynamic, dynamic_nll, gradient_sizes, tune_dynamic
from nlprnn.inference.scoring import SentenceScorer
from nlprnn.inference.streams import stream_nll
from nlprnn.metrics.likelihood import bits, perplexity
from nlprnn.models.language_model import LanguageModel
from nlprnn.models.ngram import NGramModel
from nlprnn.tasks.encoding import bar, encode
from nlprnn.tasks.loading import TextModel
from nlprnn.tasks.notes import Note, to_stderr
from nlprnn.text.chunk_tokenizer import EOS_ID
from nlprnn.text.corpus import join_lines, open_lines
from nlprnn.text.lines import Lines
from nlprnn.text.store import TokenStore

PIECE = 1 << 20  # tokens held at a time
READ = 2048  # sentences scored at a time
CACHE_TUNING, DYNAMIC_TUNING = 100_000, 10_000  # tokens that settings are chosen on


def evaluate(
    model: TextModel,
    files: str | Path | Sequence[str | Path],
    column: str | None = None,
    note: Note = to_stderr,
    *,
    cache: Cache | None = None,
    dynamic: Dynamic | None = None,
    tune: str | Path | None = None,
) -> dict[str, Any]:
    """The JSON of `evaluate` for one or more files, read as one text; of a folder its test text is read.

    With `cache` and `dynamic` there are figures of a model that adapts to the text, too: `perplexity_cache` and
    `perplexity_dynamic`, each with its settings beside it. `tune` names a text that their settings are chosen on.
    Raises ConfigError for an n-gram model, which can do neither.
    """
    adapting = cache is not None or dynamic is not None
    if adapting and not isinstance(model.model, LanguageModel):
        raise ConfigError(f"{model.directory} is an n-gram model; --cache and --dynamic need a neural one")
    if tune is not None and not adapting:
        raise ConfigError("--tune chooses the settings of --cache and --dynamic; give one of them, or leave it out")
    several = [files] if isinstance(files, (str, Path)) else files
    store = encode(join_lines([open_lines(file, column, "test") for file in several]), model.tokenizer, note)
    tuning = None if tune is None else encode(open_lines(tune, column, "valid"), model.tokenizer, note)
    if tuning is not None and np.array_equal(tuning.ids, store.ids):
        note("note: --tune is the text that is evaluated: its figures with --cache and --dynamic will be too good")
    found = _figures(model, store)
    if isinstance(model.model, LanguageModel):
        tuned_on = {"tuned_on": None if tune is None else str(tune)}
        if cache is not None:
            figure, cache = _with_cache(model.model, store, cache, tuning)
            found |= {"perplexity_cache": figure, "cache": cache.json() | tuned_on}
        if dynamic is not None:
            figure, dynamic = _dynamically(model.model, store, dynamic, tuning)
            found |= {"perplexity_dynamic": figure, "dynamic": dynamic.json() | tuned_on}
    return found


def evaluate_lines(model: TextModel, lines: Lines, note: Note = to_stderr) -> dict[str, Any]:
    """The figures of a text without adapting to it."""
    return _figures(model, encode(lines, model.tokenizer, note))


def _figures(model: TextModel, store: TokenStore) -> dict[str, Any]:
    """Figures over every token once, the end of each sentence included.

    `perplexity` reads one stream, a network's state carried over (n-grams never do); `perplexity_fresh` starts every
    sentence anew. Bits per word (white-space separated) and per character (a line's end counts as one) divide the
    stream's bits; they are None where a word was unknown, because a model is not asked for the word itself then.
    `oov_rate` is the share of unknown tokens.
    """
    count = len(store.ids)
    fresh = 0.0
    streamed = 0.0
    for piece in _pieces(store.ids):
        fresh -= sum(float(np.sum(scores)) for scores in _scores(model.scorer, piece))
        if isinstance(model.model, NGramModel):
            streamed -= float(np.sum(model.model.stream(piece)))
    nats = streamed if isinstance(model.model, NGramModel) else stream_nll(model.model, store.ids)
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


def _with_cache(
    model: LanguageModel, store: TokenStore, cache: Cache, tuning: TokenStore | None
) -> tuple[float, Cache]:
    """The perplexity with a cache, and the settings it had: as given, or what predicts `tuning` best."""
    if tuning is not None:
        with bar("tuning the cache", "token") as progress:
            cache = tune_cache(model, tuning.ids[:CACHE_TUNING], cache, progress)
    with bar("reading with a cache", "token") as progress:
        nats = cache_nll(model, store.ids, cache, progress)
    return perplexity(nats, len(store)), cache


def _dynamically(
    model: LanguageModel, store: TokenStore, dynamic: Dynamic, tuning: TokenStore | None
) -> tuple[float, Dynamic]:
    """The perplexity of dynamic evaluation, and the settings it had: as given, or what predicts `tuning` best."""
    with bar("gathering gradients", "step") as progress:
        sizes = gradient_sizes(model, dynamic.segment, progress=progress)
    if tuning is not None:
        with bar("tuning dynamic evaluation", "token") as progress:
            dynamic = tune_dynamic(model, tuning.ids[:DYNAMIC_TUNING], dynamic, sizes, progress)
    with bar("reading and learning", "token") as progress:
        nats = dynamic_nll(model, store.ids, dynamic, sizes, progress)
    return perplexity(nats, len(store)), dynamic


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
