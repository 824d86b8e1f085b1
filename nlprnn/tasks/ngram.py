"""The n-gram baseline from corpus to model directory, or from an ARPA file, or to one."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlprnn.checkpoint import RUN, WEIGHTS, ModelDirectory, read_config, read_json, save_weights
from nlprnn.config.language_model import NGramConfig
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.errors import ConfigError
from nlprnn.metrics.likelihood import perplexity
from nlprnn.models.arpa import read_arpa, write_arpa
from nlprnn.models.ngram import NGramModel
from nlprnn.settings import build, check_names, flag
from nlprnn.tasks.encoding import encode, learn_tokenizer
from nlprnn.tasks.loading import NGRAM, TextModel, load_text_model
from nlprnn.tasks.notes import Note, nowhere, to_stderr
from nlprnn.tasks.places import default_out
from nlprnn.tasks.signature import write_counts, write_result, write_signature
from nlprnn.text.corpus import Corpus, open_corpus
from nlprnn.text.store import TokenStore
from nlprnn.text.tokenizer import TOKENIZERS, Tokenizer, load_tokenizer


@dataclasses.dataclass(frozen=True)
class NGramRun:
    """An estimated n-gram model and how well it predicts the validation text."""

    model: TextModel
    valid_perplexity: float
    seconds: float
    tokens_per_second: float

    def summary(self) -> dict[str, Any]:
        """The JSON of `train-ngram`."""
        return vars(self) | {"model": str(self.model.directory), "steps": None}


def train_ngram(
    corpus: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    *,
    valid: str | Path | None = None,
    column: str | None = None,
    like: str | Path | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    note: Note = to_stderr,
    **settings: Any,
) -> NGramRun:
    """Estimate an interpolated modified Kneser-Ney model and leave it in the model directory `out`.

    `like` is a model directory whose tokenizer and split of the corpus are used again, so that both models read the
    same tokens. `settings` are fields of TokenizerConfig and NGramConfig. Raises NlprnnError for what cannot work.
    """
    paths = [corpus] if isinstance(corpus, (str, Path)) else list(corpus)
    directory = ModelDirectory(Path(out) if out is not None else default_out(paths, "ngram"))
    note = nowhere if quiet else note
    check_names(settings, TokenizerConfig, NGramConfig)
    config = build(NGramConfig, settings)
    chosen = {name for name in (item.name for item in dataclasses.fields(TokenizerConfig)) if settings.get(name)}
    if like is not None and chosen:
        raise ConfigError(f"--like takes the tokenizer of {like}; leave out {', '.join(map(flag, sorted(chosen)))}")
    with directory.claimed(overwrite, resume=False):
        if like is not None:
            read_config(Path(like))
        split = None if like is None else read_json(Path(like) / RUN).get("split")
        text = open_corpus(paths, valid=valid, column=column, split=split)
        tokenizer = _tokenizer(settings, text, like, note)
        train, held_out = encode(text.train, tokenizer, note), encode(text.valid, tokenizer, note)
        started = time.monotonic()
        model = NGramModel.estimate(train.ids, len(tokenizer), config.order)
        seconds = time.monotonic() - started
        for line in model.notes:
            note(f"note: {line}")
        directory.clear()
        directory.write_config(NGRAM, model=dataclasses.asdict(config))
        tokenizer.save(directory.path)
        write_counts(directory.path, train)
        write_signature(directory.path, text)
        save_weights(directory.path / WEIGHTS, model.tensors())
        return _finish(directory, model, train, held_out, seconds)


def _tokenizer(settings: dict[str, Any], text: Corpus, like: str | Path | None, note: Note) -> Tokenizer:
    if like is not None:
        return load_tokenizer(Path(like))
    return learn_tokenizer(build(TokenizerConfig, settings), text.train, note)


def _finish(
    directory: ModelDirectory, model: NGramModel, train: TokenStore, held_out: TokenStore, seconds: float
) -> NGramRun:
    figure = perplexity(-float(np.sum(model.stream(held_out.ids))), len(held_out.ids))
    run = NGramRun(
        load_text_model(directory.path, NGRAM), figure, round(seconds, 2), len(train.ids) / max(seconds, 1e-9)
    )
    write_result(directory.path, run.summary())
    return run


def export_arpa(directory: str | Path, path: str | Path) -> None:
    """Write an n-gram model as an ARPA file (gzipped where the name ends in .gz)."""
    text = load_text_model(directory, NGRAM)
    assert isinstance(text.model, NGramModel)
    tokens = [text.tokenizer.token(index) for index in range(len(text.tokenizer))]
    write_arpa(text.model, tokens, path)


def import_arpa(path: str | Path, out: str | Path, overwrite: bool = False, note: Note = to_stderr) -> TextModel:
    """Make a model directory from an ARPA file; its words are taken to be separated by white space."""
    model, tokens = read_arpa(path)
    for line in model.notes:
        note(f"note: {line}")
    directory = ModelDirectory(Path(out))
    with directory.claimed(overwrite, resume=False):
        directory.clear()
        directory.write_config(NGRAM, model={"order": model.order})
        tokenizer = TOKENIZERS["whitespace"](tokens)
        tokenizer.save(directory.path)
        write_signature(directory.path, None)
        save_weights(directory.path / WEIGHTS, model.tensors())
        write_result(directory.path, {})
    return load_text_model(out, NGRAM)
