"""Next-word prediction from corpus to model directory: text, model, trainer and directory put together."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from nlprnn.checkpoint import RUN, ModelDirectory
from nlprnn.config.language_model import LanguageModelConfig, StreamTrainingConfig
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.inference.streams import stream_nll
from nlprnn.metrics.likelihood import perplexity
from nlprnn.models.language_model import LanguageModel
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.tasks.computing import place, start_computing
from nlprnn.tasks.encoding import encode, learn_tokenizer
from nlprnn.tasks.loading import LANGUAGE_MODEL, TextModel, load_text_model
from nlprnn.tasks.notes import Note, nowhere, to_stderr
from nlprnn.tasks.places import default_out
from nlprnn.tasks.run_settings import RunSettings, choose_settings
from nlprnn.tasks.signature import check_text, write_counts, write_result, write_signature
from nlprnn.text.batching import StreamBatches
from nlprnn.text.corpus import Corpus, open_corpus
from nlprnn.text.store import TokenStore
from nlprnn.text.tokenizer import Tokenizer, load_tokenizer
from nlprnn.training.progress import Progress
from nlprnn.training.trainer import Trained, Trainer, Validation


@dataclasses.dataclass(frozen=True)
class LanguageModelRun:
    """A finished, or interrupted, training run."""

    model: TextModel
    valid_perplexity: float
    seconds: float
    steps: int
    tokens_per_second: float  # of training steps alone
    interrupted: int | None = None  # the signal that ended it
    test: dict[str, Any] | None = None  # what `evaluate` says of the test text

    def summary(self) -> dict[str, Any]:
        """The JSON of `train-lm`."""
        found = {
            "model": str(self.model.directory),
            "valid_perplexity": self.valid_perplexity,
            "seconds": self.seconds,
            "steps": self.steps,
            "tokens_per_second": self.tokens_per_second,
        }
        return found if self.test is None else found | {"test": self.test}


@dataclasses.dataclass(frozen=True)
class Settings(RunSettings):
    """All that decides what a run computes."""

    tokenizer: TokenizerConfig
    model: LanguageModelConfig
    training: StreamTrainingConfig


def train_language_model(
    corpus: str | Path | Sequence[str | Path],
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
    LanguageModelConfig and StreamTrainingConfig, on top of `preset`. Raises NlprnnError for anything that cannot work.
    """
    paths = [corpus] if isinstance(corpus, (str, Path)) else list(corpus)
    directory = ModelDirectory(Path(out) if out is not None else default_out(paths, "lm"))
    settle = functools.partial(choose_settings, Settings, LANGUAGE_MODEL, directory.path, settings, resume, preset)
    if not resume:
        settle()  # what cannot work is told before where it would go
    with directory.claimed(overwrite, resume):
        chosen = settle()
        note = nowhere if quiet else note
        device = start_computing(chosen.training, note)
        text = open_corpus(paths, valid=valid, test=test, column=column)
        tokenizer, fresh = _tokenizer(directory.path, chosen.tokenizer, text, resume, note)
        train, held_out = encode(text.train, tokenizer, note), encode(text.valid, tokenizer, note)
        batches = stream_batches(train, chosen.training)
        model = language_network(chosen, len(tokenizer), device)
        _tell(note, text, tokenizer, train, held_out)
        if fresh:
            directory.clear()
            _write_head(directory, chosen, tokenizer, train, text)
        check_text(directory.path, text)
        trained = train_network(directory, chosen.training, model, batches, held_out, Progress(quiet), resume)
        return _finish(directory, trained, text, note)


def _tokenizer(path: Path, config: TokenizerConfig, text: Corpus, resume: bool, note: Note) -> tuple[Tokenizer, bool]:
    """The run's tokenizer, and whether it is a fresh one: a run killed before it saved one starts over."""
    if resume and (path / RUN).is_file():
        return load_tokenizer(path), False
    return learn_tokenizer(config, text.train, note), True


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


def language_network(chosen: Settings, vocabulary: int, device: torch.device) -> LanguageModel:
    """The network with its first weights. Raises ConfigError where it does not fit into memory."""
    model = place(lambda: LanguageModel(chosen.model, vocabulary, chosen.training.seed), device)
    # Plain SGD leaves rows without a gradient as they are: an embedding of its own needs those of the rows read alone.
    plain = chosen.training.optimizer == "sgd" and not chosen.training.weight_decay
    model.vocabulary.sparse = plain and not chosen.model.tied and device.type == "cpu"
    model.use(choose(chosen.training.kernels, chosen.training.precision, device))
    return model


def stream_batches(train: TokenStore, training: StreamTrainingConfig) -> StreamBatches:
    """The training text as it is read. Raises DataError where it is too short."""
    return StreamBatches(train.ids, training.batch_size, training.bptt, training.variable_bptt, training.seed)


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


def _finish(directory: ModelDirectory, trained: Trained, text: Corpus, note: Note) -> LanguageModelRun:
    """Load the best weights, evaluate the test text, and write what the run came to."""
    from nlprnn.tasks.evaluation import evaluate_lines

    model = load_text_model(directory.path, LANGUAGE_MODEL)
    test = evaluate_lines(model, text.test, note) if text.test is not None and not trained.interrupted else None
    state = trained.state
    run = LanguageModelRun(
        model,
        state.best_record["valid_perplexity"],
        round(state.seconds, 2),
        state.step,
        state.tokens_per_second,
        trained.interrupted,
        test,
    )
    write_result(directory.path, run.summary())
    return run
