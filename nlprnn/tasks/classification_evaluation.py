"""How well a classifier does on labelled texts, beside the bag of words that was trained on the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlprnn.metrics.classification import (
    BINS,
    confusion_matrix,
    expected_calibration_error,
    macro_f1,
    mean_absolute_error,
    quadratic_kappa,
)
from nlprnn.metrics.shares import accuracy, wilson
from nlprnn.tasks.classification_model import ClassificationModel, calibrated
from nlprnn.tasks.labels import Labels
from nlprnn.tasks.notes import Note, to_stderr
from nlprnn.text.labelled import LabelledTexts, open_labelled

FEW = 100  # texts, below which a figure tells little


def evaluate_classifier(
    model: ClassificationModel,
    files: str | Path | Sequence[str | Path],
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    note: Note = to_stderr,
) -> dict[str, Any]:
    """The JSON of `evaluate` for labelled texts; of a folder or data set with parts its test texts.

    Raises DataError for texts that cannot be read and for a label that training has not seen.
    """
    return evaluate_texts(model, open_labelled(files, text_column, label_column, "test"), note)


def evaluate_texts(model: ClassificationModel, texts: LabelledTexts, note: Note = to_stderr) -> dict[str, Any]:
    """Figures of the network, its calibration with and without temperature, and the figures of the baseline."""
    labels, truth = model.labels, model.labels.truth(texts)
    if len(truth) < FEW:
        note(f"note: only {len(truth)} texts: the figures are as uncertain as their interval says")
    plain = [item.text for item in texts]
    outputs = model.outputs(plain, note)
    found = figures_of(labels, truth, labels.told(outputs))
    found |= {"ece": None, "ece_uncalibrated": None, "ece_bins": BINS, "temperature": None, "loss": None}
    if not labels.scores:
        untempered = calibrated(outputs, 1 / model.temperature)
        found["ece"] = expected_calibration_error(np.exp(outputs), truth)
        found["ece_uncalibrated"] = expected_calibration_error(np.exp(untempered), truth)
        found["temperature"] = model.temperature
        found["loss"] = -float(outputs[np.arange(len(truth)), truth].mean())
    assert model.baseline is not None, "what is in a directory has a baseline"
    beside = figures_of(labels, truth, labels.of_classes(model.baseline.predict(plain)))
    found |= {"baseline_accuracy": beside["accuracy"], "baseline": beside}
    return found | {"labels": list(labels.names)}


def figures_of(labels: Labels, truth: np.ndarray, told: np.ndarray) -> dict[str, Any]:
    """What follows from the labels (N,) told and the true ones; of scores, levels are counted.

    `mae` and `kappa` (quadratic weights) are None where labels are no numbers. Row i of `confusion` counts what was
    told of texts of class i.
    """
    confusion = confusion_matrix(labels.classes(truth), labels.classes(told), len(labels.names))
    return figures_of_counts(labels, confusion) | {"mae": _mae(labels, truth, told)}


def figures_of_counts(labels: Labels, confusion: np.ndarray) -> dict[str, Any]:
    """The same without mae, from the confusion matrix (K, K) alone."""
    n, right = int(confusion.sum()), int(np.trace(confusion))
    return {
        "n": n,
        "accuracy": accuracy(right, n),
        "interval": list(wilson(right, n)),
        "macro_f1": macro_f1(confusion),
        "kappa": None if labels.values is None else quadratic_kappa(confusion, np.array(labels.values)),
        "confusion": confusion.tolist(),
    }


def _mae(labels: Labels, truth: np.ndarray, told: np.ndarray) -> float | None:
    true, guessed = labels.numbers(truth), labels.numbers(told)
    return None if true is None or guessed is None else mean_absolute_error(true, guessed)
