"""Classification from labelled texts to model directory: what `train-classifier` calls."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import Any

from nlprnn.checkpoint import CONFIG
from nlprnn.errors import ConfigError
from nlprnn.tasks.classification_evaluation import evaluate_texts, figures_of
from nlprnn.tasks.classification_model import CLASSIFIER, ClassificationModel
from nlprnn.tasks.classifier_training import Fitted, Settings, Way, fit
from nlprnn.tasks.cross_validation import check_folds, cross_validate
from nlprnn.tasks.labels import Labels
from nlprnn.tasks.notes import Note, to_stderr
from nlprnn.tasks.places import Paths, default_out, several
from nlprnn.tasks.run_settings import choose_settings
from nlprnn.tasks.signature import write_result
from nlprnn.tasks.training_runs import TrainingRun, begin
from nlprnn.tasks.transfer import inherited
from nlprnn.text.labelled import LabelledCorpus, LabelledTexts, open_labelled, open_labelled_corpus


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClassifierRun(TrainingRun):
    """What `train-classifier` tells; the validation texts chose the weights."""

    model: ClassificationModel
    valid_accuracy: float
    valid_macro_f1: float
    valid_mae: float | None  # None where labels are no numbers
    valid_loss: float  # nats a text; of scores half the mean square, in deviations
    baseline_valid_accuracy: float
    baseline_seconds: float
    temperature: float
    texts_per_second: float  # of training steps alone
    fine_tuning: dict[str, Any] | None = None  # of the language model, its own seconds included
    folds: dict[str, Any] | None = None  # what cross-validation came to


def train_classifier(
    texts: Paths,
    out: str | Path | None = None,
    *,
    valid: str | Path | None = None,
    test: str | Path | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    quiet: bool = False,
    note: Note = to_stderr,
    **settings: Any,
) -> ClassifierRun:
    """Train a classifier on labelled texts and leave it in the model directory `out`.

    `texts` are tables, fastText files, a folder or a data set, see `find_labelled`. `settings` are fields of
    ClassifierTokenizerConfig, ClassifierConfig, ClassifierTrainingConfig and TransferConfig. Raises NlprnnError for
    anything that cannot work.
    """
    paths = several(texts)
    path = Path(out) if out is not None else default_out(paths, "classifier")
    settle = functools.partial(_settle, path, settings, resume)
    with begin(path, settle, resume=resume, overwrite=overwrite, quiet=quiet, note=note) as begun:
        chosen, directory, note = begun.chosen, begun.directory, begun.note
        text = open_labelled_corpus(paths, valid, test, text_column, label_column)
        labels = Labels.of(text.train, chosen.model)
        _check(chosen, labels, text)
        whole = open_labelled(paths, text_column, label_column) if chosen.training.folds else None
        if whole is not None:
            check_folds(whole, chosen.training.folds, labels)
        way = Way(chosen, labels, begun.device, resume, quiet, note)
        fitted = fit(directory, text, way)
        found: dict[str, Any] = {}
        if fitted.interrupted is None and text.test is not None:
            found["test"] = evaluate_texts(fitted.model, text.test, note)
        run = _run(fitted, text, found)
        write_result(directory.path, run.summary())
        if fitted.interrupted is None and whole is not None:
            folds, stopped = cross_validate(directory, whole, text, way)
            run = dataclasses.replace(run, folds=folds, interrupted=stopped)
            write_result(directory.path, run.summary())
        return run


def _settle(path: Path, given: dict[str, Any], resume: bool) -> Settings:
    """The settings of a new run, with those that a language model decides, or those that are stored."""
    stored = resume and (path / CONFIG).is_file()
    if given.get("pretrained") is not None and not stored:
        given = inherited(given)
    return choose_settings(Settings, CLASSIFIER, path, given, resume)


def _check(chosen: Settings, labels: Labels, text: LabelledCorpus) -> None:
    """Raise ConfigError where settings and labels do not go together, DataError for labels that training lacks."""
    training = chosen.training
    if labels.scores and training.class_weights != "none":
        raise ConfigError(f"--class-weights {training.class_weights}: --regression has no classes; leave one out")
    if training.best_by == "mae" and labels.values is None:
        raise ConfigError(f"--best-by mae: the labels are names ({', '.join(labels.names[:3])}, ...); choose another")
    for part in (text.valid, text.test):
        if part is not None:
            labels.truth(part)  # raises where one was never seen


def _run(fitted: Fitted, text: LabelledCorpus, found: dict[str, Any]) -> ClassifierRun:
    state, model = fitted.state, fitted.model
    return ClassifierRun(
        model=model,
        **state.best_record,
        baseline_valid_accuracy=_baseline_accuracy(model, text.valid),
        baseline_seconds=fitted.baseline_seconds,
        temperature=model.temperature,
        seconds=round(state.seconds, 2),
        steps=state.step,
        texts_per_second=state.tokens_per_second,
        tokens_per_second=fitted.tokens_per_second,
        interrupted=fitted.interrupted,
        fine_tuning=fitted.fine_tuning,
        **found,
    )


def _baseline_accuracy(model: ClassificationModel, texts: LabelledTexts) -> float:
    assert model.baseline is not None, "what is in a directory has a baseline"
    told = model.labels.of_classes(model.baseline.predict([item.text for item in texts]))
    return float(figures_of(model.labels, model.labels.truth(texts), told)["accuracy"])
