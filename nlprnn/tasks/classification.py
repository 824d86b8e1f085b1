"""Classification from labelled texts to model directory: what `train-classifier` calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nlprnn.checkpoint import CONFIG, ModelDirectory
from nlprnn.errors import ConfigError
from nlprnn.tasks.classification_evaluation import evaluate_texts, figures_of
from nlprnn.tasks.classification_model import CLASSIFIER, ClassificationModel
from nlprnn.tasks.classifier_training import Fitted, Settings, Way, fit
from nlprnn.tasks.computing import start_computing
from nlprnn.tasks.cross_validation import check_folds, cross_validate
from nlprnn.tasks.labels import Labels
from nlprnn.tasks.notes import Note, nowhere, to_stderr
from nlprnn.tasks.places import default_out
from nlprnn.tasks.run_settings import choose_settings
from nlprnn.tasks.signature import write_result
from nlprnn.tasks.transfer import inherited
from nlprnn.text.labelled import LabelledCorpus, LabelledTexts, open_labelled, open_labelled_corpus


@dataclasses.dataclass(frozen=True)
class ClassifierRun:
    """A finished, or interrupted, training run; figures of the validation texts, which chose the weights."""

    model: ClassificationModel
    valid_accuracy: float
    valid_macro_f1: float
    valid_mae: float | None  # None where labels are no numbers
    valid_loss: float  # nats a text; of scores half the mean square, in deviations
    baseline_valid_accuracy: float
    baseline_seconds: float
    temperature: float
    seconds: float  # of training the classifier alone
    steps: int
    texts_per_second: float  # of training steps alone
    tokens_per_second: float
    interrupted: int | None = None  # the signal that ended it
    fine_tuning: dict[str, Any] | None = None  # of the language model, its own seconds included
    folds: dict[str, Any] | None = None  # what cross-validation came to
    test: dict[str, Any] | None = None  # what `evaluate` says of the test texts

    def summary(self) -> dict[str, Any]:
        """The JSON of `train-classifier`."""
        found = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        del found["interrupted"]
        for name in ("fine_tuning", "folds", "test"):
            if found[name] is None:
                del found[name]
        return found | {"model": str(self.model.directory)}


def train_classifier(
    texts: str | Path | Sequence[str | Path],
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
    paths = [texts] if isinstance(texts, (str, Path)) else list(texts)
    directory = ModelDirectory(Path(out) if out is not None else default_out(paths, "classifier"))
    if not resume:
        _settle(directory.path, settings, resume)  # what cannot work is told before where it would go
    with directory.claimed(overwrite, resume):
        chosen = _settle(directory.path, settings, resume)
        note = nowhere if quiet else note
        device = start_computing(chosen.training, note)
        text = open_labelled_corpus(paths, valid, test, text_column, label_column)
        labels = Labels.of(text.train, chosen.model)
        _check(chosen, labels, text)
        whole = open_labelled(paths, text_column, label_column) if chosen.training.folds else None
        if whole is not None:
            check_folds(whole, chosen.training.folds, labels)
        way = Way(chosen, labels, device, resume, quiet, note)
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
        model,
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
