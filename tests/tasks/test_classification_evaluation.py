"""The figures of a classifier, against scikit-learn and counts by hand, beside its baseline's."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, confusion_matrix, f1_score

from nlprnn import evaluate_classifier
from nlprnn.errors import DataError
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.tasks.classification_evaluation import figures_of
from nlprnn.tasks.classification_model import ClassificationModel, load_classifier
from nlprnn.tasks.labels import Labels


@pytest.fixture
def model(small_classifier: Path) -> ClassificationModel:
    """It reads in float32, whatever the processor has."""
    found = load_classifier(small_classifier)
    found.model.use(choose("auto", "fp32", found.model.device))
    return found


def test_figures_are_those_of_scikit_learn_on_what_is_told(
    model: ClassificationModel, reviews: Path, tmp_path: Path
) -> None:
    rows = [line.split("\t") for line in reviews.read_text(encoding="utf-8").splitlines()[1:]]
    labels = [["1", "2", "3"][(int(label) - 1 + (number % 4 == 0)) % 3] for number, (label, _) in enumerate(rows)]
    path = tmp_path / "other.tsv"  # every fourth label is wrong, so that there are errors to count
    path.write_text(
        "score\ttext\n" + "".join(f"{label}\t{text}\n" for label, (_, text) in zip(labels, rows, strict=True)),
        encoding="utf-8",
    )
    found = evaluate_classifier(model, path)
    judged = list(model.classify([text for _, text in rows]))
    told = [one.label for one in judged]
    assert found["n"] == 120
    assert found["accuracy"] == pytest.approx(np.mean([a == b for a, b in zip(told, labels, strict=True)]))
    assert found["interval"][0] < found["accuracy"] < found["interval"][1]
    assert found["macro_f1"] == pytest.approx(f1_score(labels, told, average="macro"))
    assert found["kappa"] == pytest.approx(cohen_kappa_score(labels, told, weights="quadratic"))
    assert found["confusion"] == confusion_matrix(labels, told).tolist()
    assert found["mae"] == pytest.approx(np.mean([abs(int(a) - int(b)) for a, b in zip(told, labels, strict=True)]))
    truth = [one.probabilities[label] for one, label in zip(judged, labels, strict=True)]
    assert found["loss"] == pytest.approx(-np.mean(np.log(truth)), rel=1e-4)
    assert found["labels"] == ["1", "2", "3"]
    own = model.labels.names[int(model.baseline.predict([rows[0][1]])[0])]
    assert own == rows[0][0]
    assert found["baseline_accuracy"] == found["baseline"]["accuracy"] == pytest.approx(0.75, abs=0.05)


def test_calibration_is_told_with_and_without_the_temperature(model: ClassificationModel, reviews: Path) -> None:
    found = evaluate_classifier(model, reviews)
    plain = evaluate_classifier(dataclasses.replace(model, temperature=1.0), reviews)
    assert found["temperature"] == model.temperature != 1
    assert plain["ece"] == pytest.approx(plain["ece_uncalibrated"])
    assert found["ece_uncalibrated"] == pytest.approx(plain["ece"], abs=1e-6)
    assert found["ece"] != pytest.approx(plain["ece"])
    assert found["accuracy"] == plain["accuracy"]


def test_of_scores_the_nearest_levels_are_counted_and_the_error_is_that_of_the_numbers() -> None:
    labels = Labels(("1", "2", "4"), (1.0, 2.0, 4.0), (2.0, 1.0))
    truth, told = np.array([1.0, 2.0, 4.0, 4.0]), np.array([1.4, 1.1, 3.1, 9.0])
    found = figures_of(labels, truth, told)
    assert found["confusion"] == [[1, 0, 0], [1, 0, 0], [0, 0, 2]]
    assert found["accuracy"] == 0.75
    assert found["mae"] == pytest.approx((0.4 + 0.9 + 0.9 + 5.0) / 4)


def test_names_have_neither_error_nor_kappa() -> None:
    found = figures_of(Labels(("bad", "good"), None), np.array([0, 1, 1]), np.array([0, 1, 0]))
    assert (found["mae"], found["kappa"]) == (None, None)
    assert found["accuracy"] == pytest.approx(2 / 3)


def test_few_texts_and_unknown_labels_are_told(model: ClassificationModel, tmp_path: Path) -> None:
    path, notes = tmp_path / "few.tsv", []
    path.write_text("score\ttext\n1\tdull\n3\tgreat\n", encoding="utf-8")
    evaluate_classifier(model, path, note=notes.append)
    assert notes == ["note: only 2 texts: the figures are as uncertain as their interval says"]
    path.write_text("score\ttext\n1\tdull\n7\tgreat\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"few.tsv:3: the label '7' was never seen in training, there are 1, 2, 3"):
        evaluate_classifier(model, path)
