"""Training a classifier: what is left in the directory, which weights are kept, exact resume, and bad input."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nlprnn import load, train_classifier
from nlprnn.checkpoint import BASELINE, BASELINE_TYPES, CALIBRATION, LABELS, LOG, STATE, WEIGHTS, read_tensors
from nlprnn.errors import ConfigError, DataError, ModelDirectoryError
from nlprnn.metrics.classification import fit_temperature
from nlprnn.models.classifier import Classifier
from nlprnn.tasks import classifier_training
from nlprnn.tasks.classification import ClassifierRun
from nlprnn.tasks.classification_model import ClassificationModel
from nlprnn.tasks.classifier_training import cautious_temperature

TINY: dict[str, Any] = {"hidden": 4, "embedding": 4, "head_hidden": 0, "batch_size": 40, "threads": 1, "quiet": True}


def logged(path: Path) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in (path / LOG).read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in record.items() if key != "seconds"} for record in records]


@pytest.mark.parametrize(
    "settings",
    [{}, {"ordinal": True, "pooling": "attention", "cell": "gru"}, {"regression": True}, {"tokenizer": "characters"}],
)
def test_what_training_leaves_tells_labels_as_the_run_that_made_it(
    reviews: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    run = train_classifier(reviews, tmp_path / "out", epochs=1, **TINY | settings)
    again = load(tmp_path / "out")
    assert isinstance(again, ClassificationModel)
    some = ["a great film", "dull", "zorp with songs"]
    assert list(run.model.classify(some)) == list(again.classify(some))
    assert again.model.config.ordinal == ("ordinal" in settings)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {BASELINE, BASELINE_TYPES, LABELS, WEIGHTS, "run.json", "config.json", "tokenizer.json"} <= names
    assert (CALIBRATION in names) == ("regression" not in settings)
    summary = run.summary()
    assert {"valid_accuracy", "valid_macro_f1", "valid_mae", "valid_loss", "baseline_valid_accuracy"} <= set(summary)
    assert {"model", "temperature", "seconds", "steps", "texts_per_second", "tokens_per_second"} <= set(summary)
    assert not {"interrupted", "folds", "test", "fine_tuning"} & set(summary)
    assert json.loads((tmp_path / "out" / "run.json").read_text())["result"] == summary


def stop_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM to this process in that step of training."""
    forward, seen = Classifier.forward, 0

    def counting(self: Classifier, *arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGTERM)
        return forward(self, *arguments)

    monkeypatch.setattr(Classifier, "forward", counting)


RESUMED = TINY | {"epochs": 2, "batch_size": 25, "averaging": 0.9, "class_weights": "balanced", "unfreezing": True}


@pytest.fixture(scope="module")
def whole(reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> ClassifierRun:
    """A run of ten steps that never stopped."""
    return train_classifier(reviews, tmp_path_factory.mktemp("whole") / "whole", test=reviews, **RESUMED)


@pytest.mark.parametrize("step", [1, 5, 8])  # an epoch has five
def test_a_run_stopped_and_resumed_ends_with_the_same_weights_bit_for_bit(
    whole: ClassifierRun, reviews: Path, tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stop_at(step, patch)
        stopped = train_classifier(reviews, tmp_path / "parts", test=reviews, **RESUMED)
    assert (stopped.interrupted, stopped.steps, stopped.test) == (signal.SIGTERM, step, None)
    assert whole.steps == 10
    assert list(stopped.model.classify(["a great film"]))  # what is kept so far is a model
    resumed = train_classifier(reviews, tmp_path / "parts", test=reviews, resume=True, quiet=True)
    for name in (WEIGHTS, STATE):
        one, other = (read_tensors(run.model.directory / name) for run in (whole, resumed))
        assert one.keys() == other.keys()
        assert [key for key in one if not torch.equal(one[key], other[key])] == []
    assert logged(whole.model.directory) == logged(tmp_path / "parts")
    told = {"model", "seconds", "baseline_seconds", "texts_per_second", "tokens_per_second"}
    assert {k: v for k, v in whole.summary().items() if k not in told} == {
        k: v for k, v in resumed.summary().items() if k not in told
    }


# loss, accuracy, macro F1 and mae of five validations, each of which has its best at another place
SCRIPT = {
    "accuracy": [0.1, 0.9, 0.3, 0.9, 0.2],
    "macro_f1": [0.1, 0.2, 0.9, 0.3, 0.4],
    "mae": [1.0, 0.9, 0.8, 0.2, 0.9],
}


@pytest.mark.parametrize(
    ("best_by", "best", "patience"),
    [(None, 2, None), ("accuracy", 2, 1), ("macro_f1", 3, 1), ("mae", 4, None)],
)
def test_the_chosen_figure_decides_which_weights_are_kept_and_when_to_stop(
    reviews: Path, tmp_path: Path, best_by: str | None, best: int, patience: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = iter(zip(*SCRIPT.values(), strict=True))
    monkeypatch.setattr(classifier_training, "figures_of", lambda *_: dict(zip(SCRIPT, next(rounds), strict=True)))
    kept: dict[int, torch.Tensor] = {}
    validate = classifier_training._validate

    def watched(model: Classifier, *arguments: Any) -> Any:
        kept[len(kept) + 1] = model.output.detach().clone()
        return validate(model, *arguments)

    monkeypatch.setattr(classifier_training, "_validate", watched)
    run = train_classifier(reviews, tmp_path / "out", epochs=5, best_by=best_by, patience=patience, **TINY)
    assert (run.valid_accuracy, run.valid_macro_f1, run.valid_mae) == tuple(SCRIPT[key][best - 1] for key in SCRIPT)
    assert torch.equal(read_tensors(tmp_path / "out" / WEIGHTS)["output"], kept[best])
    assert len(kept) == (5 if patience is None else best + patience)


def test_what_is_told_of_validation_is_what_the_kept_weights_do(reviews: Path, tmp_path: Path) -> None:
    run = train_classifier(reviews, tmp_path / "out", valid=reviews, epochs=3, lr=0.05, **TINY)
    rows = [line.split("\t") for line in reviews.read_text(encoding="utf-8").splitlines()[1:]]
    found = list(run.model.classify([text for _, text in rows]))
    right = [one.label == label for one, (label, _) in zip(found, rows, strict=True)]
    assert run.valid_accuracy == pytest.approx(np.mean(right))
    assert run.valid_mae == pytest.approx(
        np.mean([abs(float(one.label) - float(label)) for one, (label, _) in zip(found, rows, strict=True)])
    )
    assert run.baseline_valid_accuracy > 0.9


def test_balanced_classes_weigh_the_same_in_all_and_a_text_one_on_average() -> None:
    from nlprnn.config.classification import (
        ClassifierConfig,
        ClassifierTokenizerConfig,
        ClassifierTrainingConfig,
        TransferConfig,
    )
    from nlprnn.tasks.labels import Labels

    truth = np.array([0] * 6 + [1] * 3 + [3])
    settings = classifier_training.Settings(
        training=ClassifierTrainingConfig(class_weights="balanced"),
        tokenizer=ClassifierTokenizerConfig(),
        model=ClassifierConfig(hidden=2, embedding=2),
        transfer=TransferConfig(),
    )
    model = classifier_training.classifier_network(settings, 5, Labels(("a", "b", "c", "d"), None), truth)
    weights = model.class_weights.numpy()
    np.testing.assert_allclose([6 * weights[0], 3 * weights[1], weights[3]], 10 / 3, rtol=1e-6)
    assert weights[2] == 1.0  # which never counts


def test_a_validation_without_errors_does_not_make_every_probability_one() -> None:
    log_probs = np.log(np.array([[0.9, 0.05, 0.05], [0.02, 0.96, 0.02]] * 10))
    truth = np.array([0, 1] * 10)
    assert fit_temperature(log_probs, truth) == 0.01
    temperature = cautious_temperature(log_probs, truth)
    scaled = np.exp(log_probs / temperature)
    confidence = (scaled.max(1) / scaled.sum(1)).mean()
    assert confidence == pytest.approx(20 / 21, abs=0.02)


def write(folder: Path, content: str, name: str = "bad.tsv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


GOOD = "score\ttext\n" + "1\tdull film\n2\tgreat film\n" * 10


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        ("stars\tbody\n1\tx\n", {}, r"bad.tsv:1: has no text column .* --text-column, there are: stars, body"),
        (GOOD, {"label_column": "stars"}, r"bad.tsv:1: has no column 'stars'; name one with --label-column"),
        (GOOD + "1\t \n", {}, r"bad.tsv:22: the text is empty"),
        (GOOD + "1\n", {}, r"bad.tsv:22: 1 cell, but the header has 2"),
        (GOOD.replace("2\t", "1\t"), {}, r"bad.tsv: all texts have the label '1'"),
        (GOOD + "good\tfilm\n", {"ordinal": True}, r"bad.tsv:22: the label 'good' is not a number"),
        (GOOD + "good\tfilm\n", {"regression": True}, r"bad.tsv:22: the label 'good' is not a number"),
        (GOOD + "nan\tfilm\n", {"regression": True}, r"bad.tsv:22: the label 'nan' is not a number"),
        ("score\ttext\n1\ta\n2\tb\n", {}, r"bad.tsv: 2 texts are too few to hold some out; give others with --valid"),
        ("", {}, r"bad.tsv: the file is empty"),
        ("score\ttext\n", {}, r"bad.tsv: no texts"),
    ],
)
def test_bad_texts_are_told_in_one_line_and_leave_nothing(
    tmp_path: Path, content: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        train_classifier(write(tmp_path, content), tmp_path / "out", **TINY | settings)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_label_never_seen_in_training_is_told_before_anything_is_trained(tmp_path: Path) -> None:
    good, other = write(tmp_path, GOOD, "good.tsv"), write(tmp_path, GOOD + "3\tfilm\n", "other.tsv")
    for part in ("valid", "test"):
        with pytest.raises(DataError, match=r"other.tsv:22: the label '3' was never seen in training"):
            train_classifier(good, tmp_path / "out", **TINY | {part: other})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ordinal": True, "regression": True}, "--ordinal and --regression are two ways"),
        ({"regression": True, "class_weights": "balanced"}, "--class-weights balanced: --regression has no classes"),
        ({"folds": 1}, "--folds 1: give at least 2"),
        ({"fine_tune": True}, "--fine-tune trains a language model further: name one with --from"),
        ({"best_by": "bleu"}, "--best-by bleu: choose one of"),
        ({"bptt": 3}, "bptt: no such setting"),
    ],
)
def test_settings_that_cannot_work_are_refused_and_leave_nothing(
    reviews: Path, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        train_classifier(reviews, tmp_path / "out", **TINY | settings)
    assert str(caught.value).startswith(message)
    assert not (tmp_path / "out").exists()


def test_names_have_no_mean_absolute_error_to_choose_by(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("1\t", "bad\t").replace("2\t", "good\t"))
    with pytest.raises(ConfigError, match=r"--best-by mae: the labels are names \(bad, good"):
        train_classifier(path, tmp_path / "out", best_by="mae", **TINY)
    run = train_classifier(path, tmp_path / "out", epochs=1, **TINY)
    assert run.valid_mae is None
    assert run.summary()["valid_mae"] is None


def test_a_resumed_run_keeps_its_text_and_settings(reviews: Path, tmp_path: Path) -> None:
    train_classifier(reviews, tmp_path / "out", epochs=1, **TINY)
    with pytest.raises(ConfigError, match=r"--pooling mean: the run to resume was started with max"):
        train_classifier(reviews, tmp_path / "out", resume=True, pooling="mean", quiet=True)
    other = write(tmp_path, GOOD.replace("2\tgreat", "3\tgreat") + "2\tx\n" * 12)
    with pytest.raises(ModelDirectoryError, match="was trained or validated on another text"):
        train_classifier(other, tmp_path / "out", resume=True, quiet=True)


def test_overwriting_leaves_nothing_of_the_old_model(reviews: Path, tmp_path: Path, text: Path) -> None:
    from nlprnn import train_language_model

    out = tmp_path / "out"
    train_classifier(reviews, out, epochs=1, **TINY)
    train_language_model(text, out, epochs=1, hidden=4, batch_size=200, quiet=True, threads=1, overwrite=True)
    assert not {path.name for path in out.iterdir()} & {LABELS, CALIBRATION, BASELINE, BASELINE_TYPES}
