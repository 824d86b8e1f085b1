"""Next-word prediction from corpus to model directory: text, model, trainer and directory put together."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import Any

import torch

from nlprnn.checkpoint import STATE, ModelDirectory
from nlprnn.config.language_model import LanguageModelConfig, StreamTrainingConfig
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.config.training import MOST_EPOCHS
from nlprnn.inference.streams import stream_nll
from nlprnn.metrics.likelihood import perplexity
from nlprnn.models.language_model import LanguageModel
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.presets import FEW, FEW_PASSES, MANY, MANY_OF_SMALL, MANY_PASSES, SMALL_TEXT
from nlprnn.settings import flag
from nlprnn.tasks.computing import place
from nlprnn.tasks.encoding import bar, encode, learn_tokenizer
from nlprnn.tasks.evaluation import evaluate_lines
from nlprnn.tasks.loading import LANGUAGE_MODEL, TextModel, load_text_model
from nlprnn.tasks.notes import Note, to_stderr
from nlprnn.tasks.places import Paths, default_out, several
from nlprnn.tasks.run_settings import RunSettings, choose_settings
from nlprnn.tasks.signature import check_text, write_counts, write_signature
from nlprnn.tasks.training_runs import TrainingRun, begin, finish
from nlprnn.text.batching import StreamBatches
from nlprnn.text.corpus import Corpus, open_corpus
from nlprnn.text.neighbours import neighbour_vectors
from nlprnn.text.store import TokenStore
from nlprnn.text.tokenizer import Tokenizer, load_tokenizer
from nlprnn.training.progress import Progress
from nlprnn.training.timing import seconds_of_an_epoch
from nlprnn.training.trainer import Trained, Trainer, Validation


@dataclasses.dataclass(frozen=True, kw_only=True)
class LanguageModelRun(TrainingRun):
    """What `train-lm` tells."""

    model: TextModel
    valid_perplexity: float


@dataclasses.dataclass(frozen=True)
class Settings(RunSettings):
    """All that decides what a run computes."""

    tokenizer: TokenizerConfig
    model: LanguageModelConfig
    training: StreamTrainingConfig


def train_language_model(
    corpus: Paths,
    out: str | Path | None = None,
    *,
    valid: str | Path | None = None,
    test: str | Path | None = None,
    column: str | None = None,
    preset: str = "default",
    resume: bool = False,
    overwrite: bool = False,
    quiet: bool = False,
    note: Note = to_stderr,
    **settings: Any,
) -> LanguageModelRun:
    """Train a language model on a corpus and leave it in the model directory `out`.

    `corpus` is a text file, several, or a folder with train, valid and test; `settings` are fields of TokenizerConfig,
    LanguageModelConfig and StreamTrainingConfig, on top of `preset`; the default one takes a network of another size
    where `max_minutes` allow for few passes, or for many (presets.py). Raises NlprnnError for anything that cannot
    work.
    """
    paths = several(corpus)
    path = Path(out) if out is not None else default_out(paths, "lm")
    settle = functools.partial(choose_settings, Settings, LANGUAGE_MODEL, path, settings, resume, preset)
    with begin(path, settle, resume=resume, overwrite=overwrite, quiet=quiet, note=note) as run:
        chosen, directory, note = run.chosen, run.directory, run.note
        text = open_corpus(paths, valid=valid, test=test, column=column)
        tokenizer = learn_tokenizer(chosen.tokenizer, text.train, note) if run.fresh else load_tokenizer(path)
        train, held_out = encode(text.train, tokenizer, note), encode(text.valid, tokenizer, note)
        if run.fresh and preset == "default" and chosen.training.max_minutes is not None:
            seconds = _seconds_of_a_pass(chosen, train, len(tokenizer), run.device)
            affordable = 60 * chosen.training.max_minutes / seconds
            chosen = fit_to_budget(chosen, settings, affordable, len(train.ids), note)
        batches = stream_batches(train, chosen.training)
        model = language_network(chosen, len(tokenizer), run.device)
        _tell(note, text, tokenizer, train, held_out)
        if run.fresh or not (path / STATE).is_file():
            start_from_counts(model, train, chosen)
        if run.fresh:
            directory.clear()
            _write_head(directory, chosen, tokenizer, train, text)
        check_text(path, text)
        trained = train_network(directory, chosen.training, model, batches, held_out, Progress(quiet), resume)
        best = load_text_model(path, LANGUAGE_MODEL)
        evaluate = None if text.test is None else functools.partial(evaluate_lines, best, text.test, note)
        return finish(LanguageModelRun, directory, best, trained, evaluate)


def _tell(note: Note, text: Corpus, tokenizer: Tokenizer, train: TokenStore, held_out: TokenStore) -> None:
    note(
        f"{len(train.ids):,} tokens to train on, {len(held_out.ids):,} to validate on, {len(tokenizer):,} types; "
        f"{train.oov_rate:.1%} of the training tokens are <unk>"
    )
    if text.split["rule"] == "blocks":
        note(f"validation text: every {text.split['every']}th block of {text.split['block']} lines, held out")


def _write_head(
    directory: ModelDirectory, chosen: Settings, tokenizer: Tokenizer, train: TokenStore, text: Corpus
) -> None:
    """What a model directory holds before the first weights; run.json last, as the sign that the rest is there."""
    directory.write_config(LANGUAGE_MODEL, **chosen.to_json())
    tokenizer.save(directory.path)
    write_counts(directory.path, train)
    write_signature(directory.path, text, chosen.training)


def _seconds_of_a_pass(chosen: Settings, train: TokenStore, types: int, device: torch.device) -> float:
    """Told by a network that is gone afterwards."""
    trial = language_network(chosen, types, device)
    return seconds_of_an_epoch(trial, stream_batches(train, chosen.training), device)


def fit_to_budget(chosen: Settings, given: dict[str, Any], affordable: float, tokens: int, note: Note) -> Settings:
    """What was not given as it suits the passes over a text of `tokens` that are affordable, or asked for."""
    expected = min(affordable, chosen.training.epochs or MOST_EPOCHS)
    if expected <= FEW_PASSES:
        fitting = FEW
    elif expected >= MANY_PASSES and given.get("hidden") is None:
        fitting = MANY if tokens >= SMALL_TEXT else MANY_OF_SMALL
    else:
        fitting = {}
    suited = {name: value for name, value in fitting.items() if given.get(name) is None}
    if suited:
        told = " ".join(f"{flag(name)} {value}" for name, value in suited.items())
        note(f"to suit some {expected:.2g} passes over the text: {told}")
    return chosen.but(suited)


def language_network(chosen: Settings, vocabulary: int, device: torch.device) -> LanguageModel:
    """The network with its first weights. Raises ConfigError where it does not fit into memory."""
    model = place(lambda: LanguageModel(chosen.model, vocabulary, chosen.training.seed), device)
    # Plain SGD leaves rows without a gradient as they are: an embedding of its own needs those of the rows read alone.
    plain = chosen.training.optimizer == "sgd" and not chosen.training.weight_decay
    model.vocabulary.sparse = plain and not chosen.model.tied and device.type == "cpu"
    model.use(choose(chosen.training.kernels, chosen.training.precision, device))
    return model


def start_from_counts(model: LanguageModel, train: TokenStore, chosen: Settings) -> None:
    """Have a new network know, as its settings ask, how often the types of its text are, and beside which others."""
    how, seed = chosen.model, chosen.training.seed
    if how.unigram_bias:
        model.vocabulary.start_at(torch.from_numpy(train.counts))
    if how.embedding_init == "neighbours" and how.init_range is None:
        types, dimensions = model.vocabulary.embedding.shape
        with bar("neighbours", "piece") as progress:
            vectors = neighbour_vectors(train.ids, types, dimensions, seed, progress)
        model.vocabulary.start_near(torch.from_numpy(vectors), how.embedding_range)


def stream_batches(train: TokenStore, training: StreamTrainingConfig) -> StreamBatches:
    """The training text as it is read. Raises DataError where it is too short."""
    return StreamBatches(
        train.ids,
        training.batch_size,
        training.bptt,
        training.variable_bptt,
        training.rotated_columns,
        training.seed,
    )


def train_network(
    directory: ModelDirectory,
    training: StreamTrainingConfig,
    model: LanguageModel,
    batches: StreamBatches,
    held_out: TokenStore,
    progress: Progress,
    resume: bool,
) -> Trained:
    """Train a network with `held_out` for validation; the best weights are left in the directory."""

    def validate() -> Validation:
        nll = stream_nll(model, held_out.ids)
        figure = perplexity(nll, len(held_out.ids))
        return Validation(nll / len(held_out.ids), {"valid_perplexity": figure}, f"valid ppl {figure:8.2f}")

    return Trainer(model, batches, validate, training, directory, progress).run(resume)
