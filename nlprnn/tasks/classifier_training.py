"""One classifier trained on one corpus into one directory: a whole run, or the part of one that leaves out a fold."""

from __future__ import annotations

import dataclasses
import functools
import shutil
import time
from typing import Any

import numpy as np
import torch

from nlprnn.checkpoint import (
    CALIBRATION,
    GOOD,
    PARTS,
    RUN,
    ModelDirectory,
    load_weights,
    read_json,
    save_weights,
    write_json,
)
from nlprnn.config.classification import (
    ClassifierConfig,
    ClassifierTokenizerConfig,
    ClassifierTrainingConfig,
    TransferConfig,
)
from nlprnn.inference.classification import text_scores
from nlprnn.metrics.classification import fit_temperature
from nlprnn.models.classifier import Classifier
from nlprnn.models.language_model import LanguageModel
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.tasks.baseline import Baseline
from nlprnn.tasks.classification_evaluation import figures_of
from nlprnn.tasks.classification_model import CLASSIFIER, ClassificationModel, load_classifier
from nlprnn.tasks.computing import place
from nlprnn.tasks.encoding import bar, learn_tokenizer
from nlprnn.tasks.labels import Labels
from nlprnn.tasks.loading import LANGUAGE_MODEL, TextModel, load_text_model
from nlprnn.tasks.notes import Note
from nlprnn.tasks.run_settings import RunSettings
from nlprnn.tasks.signature import check_text, write_signature
from nlprnn.tasks.transfer import TUNED, fine_tune, standardise, take_weights
from nlprnn.text.labelled import LabelledCorpus, LabelledTexts
from nlprnn.text.labelled_batches import EncodedTexts, TextBatches, encode_texts
from nlprnn.text.tokenizer import Tokenizer, load_tokenizer
from nlprnn.training.progress import Progress
from nlprnn.training.run_state import RunState
from nlprnn.training.trainer import Trainer, Validation


@dataclasses.dataclass(frozen=True)
class Settings(RunSettings):
    """All that decides what a run computes."""

    tokenizer: ClassifierTokenizerConfig
    model: ClassifierConfig
    training: ClassifierTrainingConfig
    transfer: TransferConfig


@dataclasses.dataclass(frozen=True)
class Way:
    """How a run is made, which all of its parts share."""

    chosen: Settings
    labels: Labels
    device: torch.device
    resume: bool
    quiet: bool
    note: Note


@dataclasses.dataclass(frozen=True)
class Fitted:
    """A trained classifier with its best weights, and how it came about."""

    model: ClassificationModel
    state: RunState
    interrupted: int | None  # the signal
    tokens_per_second: float  # of training steps alone
    fine_tuning: dict[str, Any] | None  # of the language model
    baseline_seconds: float


def fit(directory: ModelDirectory, text: LabelledCorpus, way: Way) -> Fitted:
    """Train on a corpus and leave all that makes up a model in the directory, the baseline and calibration included."""
    chosen, note = way.chosen, way.note
    fresh = not (way.resume and (directory.path / RUN).is_file())
    base = load_text_model(chosen.transfer.pretrained, LANGUAGE_MODEL) if fresh and chosen.transfer.pretrained else None
    tokenizer = _tokenizer(directory, text.train, fresh, base, chosen.tokenizer, note)
    truth, held_truth = way.labels.truth(text.train), way.labels.truth(text.valid)
    train, held_out = (_encode(part, tokenizer, chosen.tokenizer.max_length) for part in (text.train, text.valid))
    model = place(lambda: classifier_network(chosen, len(tokenizer), way.labels, truth), way.device)
    batches = TextBatches(train.ids, way.labels.targets(truth), chosen.training.batch_size, chosen.training.seed)
    _tell(note, text, train, held_out, tokenizer, way.labels)
    if fresh:
        _begin(directory, text, way, tokenizer, train, truth, model, base)
    check_text(directory.path, text)
    if (directory.path / GOOD).is_file():  # what a run began with that was killed before its first checkpoint
        load_weights(model, directory.path / GOOD)
    begun = read_json(directory.path / RUN)
    validate = functools.partial(_validate, model, held_out, held_truth, way.labels, chosen.training.best_by)
    progress = Progress(way.quiet, "text")
    trained = Trainer(model, batches, validate, chosen.training, directory, progress).run(way.resume)
    return Fitted(
        _calibrate(directory, held_out, held_truth, way.labels),
        trained.state,
        trained.interrupted,
        trained.state.tokens_per_second * train.mean_length,
        begun.get("fine_tuning"),
        begun["baseline_seconds"],
    )


def classifier_network(chosen: Settings, vocabulary: int, labels: Labels, truth: np.ndarray) -> Classifier:
    """The network with its first weights, on the CPU; classes weigh as the training labels (N,) and settings say."""
    classes = len(labels.names)
    model = Classifier(chosen.model, vocabulary, classes, chosen.training.seed)
    if chosen.training.class_weights == "balanced":
        counts = np.bincount(truth, minlength=classes)
        weights = np.where(counts, len(truth) / (np.count_nonzero(counts) * np.maximum(counts, 1)), 1.0)
        model.class_weights.copy_(torch.from_numpy(weights))
    model.use(choose(chosen.training.kernels, chosen.training.precision, torch.device(chosen.training.device)))
    return model


def _tokenizer(
    directory: ModelDirectory,
    train: LabelledTexts,
    fresh: bool,
    base: TextModel | None,
    config: ClassifierTokenizerConfig,
    note: Note,
) -> Tokenizer:
    """The run's own, the language model's, or a new one."""
    if not fresh:
        return load_tokenizer(directory.path)
    return base.tokenizer if base is not None else learn_tokenizer(config, train.lines(), note)


def _encode(texts: LabelledTexts, tokenizer: Tokenizer, max_length: int) -> EncodedTexts:
    with bar("encoding", "text") as progress:
        counted = (progress(done, len(texts)) or item.text for done, item in enumerate(texts))
        return encode_texts(counted, tokenizer, max_length)


def _tell(
    note: Note, text: LabelledCorpus, train: EncodedTexts, held_out: EncodedTexts, tokenizer: Tokenizer, labels: Labels
) -> None:
    told = "scores" if labels.scores else f"{len(labels.names)} classes"
    note(f"{len(train):,} texts to train on, {len(held_out):,} to validate on, {told}, {len(tokenizer):,} types")
    if train.cut:
        note(f"note: {train.describe()}")
    if text.split["rule"] != "files":
        of = " of each label" if text.split["rule"] == "labels" else ""
        note(f"validation texts: every {text.split['every']}th{of}, held out")


def _begin(
    directory: ModelDirectory,
    text: LabelledCorpus,
    way: Way,
    tokenizer: Tokenizer,
    train: EncodedTexts,
    truth: np.ndarray,
    model: Classifier,
    base: TextModel | None,
) -> None:
    """What a directory holds before the first update; run.json last, as the sign that the rest is there."""
    directory.clear(parts=not way.resume)
    directory.write_config(CLASSIFIER, **way.chosen.to_json())
    tokenizer.save(directory.path)
    way.labels.save(directory.path)
    seconds = _baseline(directory, text.train, way, tokenizer, truth)
    began: dict[str, Any] = {"baseline_seconds": seconds}
    part = directory.path / PARTS / TUNED
    if base is not None:
        assert isinstance(base.model, LanguageModel)
        network = base.model
        if way.chosen.transfer.fine_tune:
            training = way.chosen.training
            network, began["fine_tuning"] = fine_tune(base, text, training, part, way.resume, way.quiet, way.note)
        take_weights(model, network)
        standardise(model, train.ids)
    save_weights(directory.path / GOOD, model.state_dict())
    write_signature(directory.path, text, way.chosen.training, began)
    shutil.rmtree(part, ignore_errors=True)


def _baseline(
    directory: ModelDirectory, texts: LabelledTexts, way: Way, tokenizer: Tokenizer, truth: np.ndarray
) -> float:
    """Train and save the bag of words; how long that took, in seconds."""
    started = time.monotonic()
    plain, classes = (item.text for item in texts), way.labels.classes(truth)
    bag = Baseline.fit(plain, classes, len(way.labels.names), tokenizer, way.chosen.tokenizer.lowercase)
    bag.save(directory.path)
    seconds = time.monotonic() - started
    way.note(f"bag-of-words baseline (NB-SVM) trained in {seconds:.1f} s")
    return round(seconds, 2)


def _validate(
    model: Classifier, held_out: EncodedTexts, truth: np.ndarray, labels: Labels, best_by: str | None
) -> Validation:
    """Mean loss and all figures of the held-out texts, of which the chosen one decides."""
    outputs = text_scores(model, held_out.ids)
    if labels.scores:
        loss = float(np.square(outputs[:, 0] - labels.targets(truth)).mean() / 2)
    else:
        loss = -float(outputs[np.arange(len(truth)), truth].mean())
    found = figures_of(labels, truth, labels.told(outputs))
    accuracy, f1, mae = found["accuracy"], found["macro_f1"], found["mae"]
    best = {"loss": loss, "accuracy": -accuracy, "macro_f1": -f1, "mae": mae}
    record = {"valid_loss": loss, "valid_accuracy": accuracy, "valid_macro_f1": f1, "valid_mae": mae}
    told = f"valid loss {loss:6.3f} accuracy {accuracy:6.2%}" + ("" if mae is None else f" mae {mae:.3f}")
    return Validation(best[best_by or ("loss" if labels.scores else "accuracy")], record, told)


def _calibrate(
    directory: ModelDirectory, held_out: EncodedTexts, truth: np.ndarray, labels: Labels
) -> ClassificationModel:
    """The best weights with the temperature that suits the held-out texts, which is kept."""
    model = load_classifier(directory.path)
    if labels.scores:
        return model
    temperature = cautious_temperature(text_scores(model.model, held_out.ids), truth)
    write_json(directory.path / CALIBRATION, {"temperature": temperature, "fitted_on": len(truth)})
    return dataclasses.replace(model, temperature=temperature)


def cautious_temperature(log_probs: np.ndarray, truth: np.ndarray) -> float:
    """The temperature that suits log-probabilities (N, K) of classes (N,), and one text more that was told wrongly.

    That text has the mean log-probabilities of the likeliest class, the second, ..., and the second is right: Laplace's
    rule of succession, without which a validation without errors would make every probability 1.
    """
    wrong = np.sort(log_probs, axis=1)[:, ::-1].mean(axis=0)
    return fit_temperature(np.concatenate([log_probs, wrong[None]]), np.append(truth, 1))
