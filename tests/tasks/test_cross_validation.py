"""Cross-validation: every text judged once, by a model that never saw it; resumed, and added up by hand."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlprnn import train_classifier
from nlprnn.checkpoint import FOLDS, PARTS, WEIGHTS
from nlprnn.errors import ConfigError
from nlprnn.metrics.shares import wilson
from nlprnn.tasks import classifier_training, cross_validation
from nlprnn.tasks.cross_validation import together
from nlprnn.tasks.labels import Labels
from nlprnn.text.labelled import LabelledCorpus, LabelledTexts

TINY: dict[str, Any] = {"hidden": 4, "embedding": 4, "head_hidden": 0, "batch_size": 40, "threads": 1, "quiet": True}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, list[str]]]:
    """The texts of each fold: those it was trained on, chosen by, and judged on."""
    found: list[dict[str, list[str]]] = []
    fit, evaluate = cross_validation.fit, cross_validation.evaluate_texts

    def fitting(directory: Any, text: LabelledCorpus, way: Any) -> Any:
        found.append({"train": [item.text for item in text.train], "valid": [item.text for item in text.valid]})
        return fit(directory, text, way)

    def evaluating(model: Any, texts: LabelledTexts, note: Any) -> dict[str, Any]:
        found[-1]["test"] = [item.text for item in texts]
        return evaluate(model, texts, note)

    monkeypatch.setattr(cross_validation, "fit", fitting)
    monkeypatch.setattr(cross_validation, "evaluate_texts", evaluating)
    return found


def numbered(path: Path) -> Path:
    """Sixty texts that are all different."""
    words = ("dull", "fair", "great")
    rows = "".join(f"{number % 3 + 1}\tfilm {number} was {words[number % 3]}\n" for number in range(60))
    path.write_text("score\ttext\n" + rows, encoding="utf-8")
    return path


def test_every_text_is_judged_once_by_a_model_that_has_not_seen_it(
    tmp_path: Path, seen: list[dict[str, list[str]]]
) -> None:
    path = numbered(tmp_path / "texts.tsv")
    run = train_classifier(path, tmp_path / "out", folds=3, epochs=1, **TINY)
    every = sorted(line.split("\t")[1] for line in path.read_text(encoding="utf-8").splitlines()[1:])
    assert len(seen) == 3
    assert sorted(text for fold in seen for text in fold["test"]) == every
    for fold in seen:
        assert sorted([*fold["train"], *fold["valid"], *fold["test"]]) == every
        assert len(fold["valid"]) == 3  # a tenth of each label's texts
    assert run.folds is not None
    assert (run.folds["folds"], run.folds["n"]) == (3, 60)
    assert np.sum(run.folds["confusion"]) == 60
    assert not list((tmp_path / "out" / PARTS).iterdir())
    assert json.loads((tmp_path / "out" / "run.json").read_text())["result"]["folds"] == run.folds
    assert run.model.directory == tmp_path / "out"


def test_given_validation_texts_choose_the_models_of_all_folds(
    tmp_path: Path, reviews: Path, seen: list[dict[str, list[str]]]
) -> None:
    path = numbered(tmp_path / "texts.tsv")
    train_classifier(path, tmp_path / "out", valid=reviews, folds=2, epochs=1, **TINY)
    assert [(len(fold["train"]), len(fold["valid"]), len(fold["test"])) for fold in seen] == [(30, 120, 30)] * 2


def test_a_cross_validation_that_was_stopped_goes_on_in_its_fold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = numbered(tmp_path / "texts.tsv")
    whole = train_classifier(path, tmp_path / "whole", folds=3, epochs=2, **TINY)
    forward, steps = classifier_training.Classifier.forward, 0

    def stopping(self: Any, *arguments: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == 8:  # two epochs of two batches, then as many of one batch in the first fold: in the second one
            os.kill(os.getpid(), signal.SIGINT)
        return forward(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(classifier_training.Classifier, "forward", stopping)
        stopped = train_classifier(path, tmp_path / "parts", folds=3, epochs=2, **TINY)
    assert (stopped.interrupted, stopped.folds) == (signal.SIGINT, None)
    done = len(json.loads((tmp_path / "parts" / FOLDS).read_text()))
    assert 0 < done < 3
    assert (tmp_path / "parts" / WEIGHTS).is_file()
    resumed = train_classifier(path, tmp_path / "parts", resume=True, quiet=True)
    assert {**resumed.folds, "seconds": 0} == {**whole.folds, "seconds": 0}


def test_more_folds_than_texts_of_a_label_are_refused(tmp_path: Path) -> None:
    path = numbered(tmp_path / "texts.tsv")
    with pytest.raises(ConfigError, match=r"--folds 21: .*texts.tsv has 20 texts of one label at most; give no larger"):
        train_classifier(path, tmp_path / "out", folds=21, epochs=1, **TINY)
    assert not (tmp_path / "out").exists()


def test_folds_are_added_up() -> None:
    labels = Labels(("1", "2"), (1.0, 2.0))

    def fold(right: int, wrong: int) -> dict[str, Any]:
        share, n = right / (right + wrong), right + wrong
        figures = {"accuracy": share, "confusion": [[right, 0], [wrong, 0]], "mae": wrong / n, "n": n}
        return figures | {"ece": 0.1 * right, "seconds": 1.5, "baseline": figures}

    found = together(labels, [fold(9, 1), fold(6, 4), fold(3, 3)])
    assert found["accuracy"] == found["baseline_accuracy"] == pytest.approx((0.9 + 0.6 + 0.5) / 3)
    assert found["deviation"] == pytest.approx(np.std([0.9, 0.6, 0.5], ddof=1))
    assert found["interval"] == list(wilson(18, 26))
    assert found["mae"] == pytest.approx(8 / 26)
    assert found["ece"] == pytest.approx(0.6)
    assert (found["n"], found["seconds"]) == (26, 4.5)
