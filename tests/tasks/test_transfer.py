"""A classifier that starts from a language model: what is carried over, how it learns, and going on after a stop."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from nlprnn import train_classifier
from nlprnn.checkpoint import CONFIG, GOOD, PARTS, STATE, WEIGHTS, read_json, read_tensors
from nlprnn.errors import ConfigError, ModelDirectoryError
from nlprnn.models.classifier import Classifier
from nlprnn.models.language_model import LanguageModel
from nlprnn.presets import TRANSFER
from nlprnn.tasks.classification import ClassifierRun
from nlprnn.tasks.loading import load_text_model
from nlprnn.tasks.transfer import inherited
from nlprnn.text.bucketing import ragged
from nlprnn.text.labelled import open_labelled
from nlprnn.text.labelled_batches import text_batches

TINY: dict[str, Any] = {"head_hidden": 0, "batch_size": 40, "threads": 1, "quiet": True, "epochs": 2}


@pytest.fixture(scope="module")
def written(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts of words that the language model knows, but backwards, of two labels."""
    path = tmp_path_factory.mktemp("texts") / "texts.tsv"
    lines = text.read_text(encoding="utf-8").splitlines()[:200]
    rows = [f"{n % 2}\t{' '.join(reversed(line.split()))}\n" for n, line in enumerate(lines)]
    path.write_text("score\ttext\n" + "".join(rows), encoding="utf-8")
    return path


def test_sizes_tokenizer_and_weights_are_the_language_models(small_model: Path, written: Path, tmp_path: Path) -> None:
    settings = TINY | {"epochs": 1, "pooling": "concatenated"}
    run = train_classifier(written, tmp_path / "out", pretrained=str(small_model), **settings)
    base = load_text_model(small_model)
    config = read_json(tmp_path / "out" / CONFIG)
    assert config["model"]["hidden"] == config["model"]["embedding"] == 24
    assert (config["model"]["layers"], config["model"]["bidirectional"]) == (2, False)
    assert config["training"]["schedule"] == "triangular"
    assert (config["training"]["lr"], config["training"]["unfreezing"]) == (TRANSFER["lr"], True)
    assert run.model.tokenizer.fingerprint() == base.tokenizer.fingerprint()
    first = read_tensors(tmp_path / "out" / GOOD)
    own = base.model.state_dict()
    assert torch.equal(first["embedding"], own["vocabulary.embedding"])
    # the head starts from units of mean 0 and deviation 1 over the texts, a tenth of which are held out
    ids = ragged((run.model.tokenizer.encode(item.text) for item in open_labelled(written)), len(base.tokenizer))
    (batch,) = text_batches(ids, 10_000)
    with torch.inference_mode():
        pooled = run.model.model.pooled(*batch[1:])
    standard = (pooled - first["shift"]) * first["scale"]
    torch.testing.assert_close(standard.mean(0), torch.zeros(72), rtol=0, atol=0.3)
    varied = first["scale"] < 1000
    assert varied.sum() > 30
    torch.testing.assert_close(standard.std(0)[varied], torch.ones(int(varied.sum())), rtol=0, atol=0.3)
    layers = [name for name in first if name.startswith("stack.")]
    assert len(layers) == 8
    assert all(torch.equal(first[name], own[name]) for name in layers)
    kept = read_tensors(tmp_path / "out" / WEIGHTS)  # one epoch: all but the top is frozen
    assert all(torch.equal(first[name], kept[name]) for name in (*layers, "embedding"))
    assert not torch.equal(first["output"], kept["output"])


def test_what_is_given_wins_over_the_recipe_but_not_over_the_language_model(small_model: Path) -> None:
    found = inherited({"pretrained": str(small_model), "lr": 0.5, "layers": None, "dropout": 0.2, "hidden": 24})
    assert (found["lr"], found["dropout"], found["layers"], found["unfreezing"]) == (0.5, 0.2, 2, True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hidden": 100}, r"--hidden 100: the language model .* has 24; leave the option out"),
        ({"bidirectional": True}, r"--bidirectional True: the language model .* reads in one direction"),
        ({"tokenizer": "bpe"}, r"--tokenizer bpe: the language model .* has words"),
    ],
)
def test_what_the_language_model_decides_is_not_asked_for_otherwise(
    small_model: Path, written: Path, tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        train_classifier(written, tmp_path / "out", pretrained=str(small_model), **TINY | given)
    assert not (tmp_path / "out").exists()


def test_only_a_neural_language_model_can_be_started_from(small_ngram: Path, written: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelDirectoryError, match="a model of kind ngram, but language-model is needed here"):
        train_classifier(written, tmp_path / "out", pretrained=str(small_ngram), **TINY)
    with pytest.raises(ModelDirectoryError, match="no such model directory"):
        train_classifier(written, tmp_path / "out", pretrained=str(tmp_path / "none"), **TINY)


FINE_TUNED = TINY | {"fine_tune": True}


@pytest.fixture(scope="module")
def whole(small_model: Path, written: Path, tmp_path_factory: pytest.TempPathFactory) -> ClassifierRun:
    """A run with fine-tuning that never stopped."""
    out = tmp_path_factory.mktemp("whole") / "whole"
    return train_classifier(written, out, pretrained=str(small_model), **FINE_TUNED)


def test_the_language_model_first_learns_the_texts_themselves(whole: ClassifierRun, small_model: Path) -> None:
    tuned = whole.fine_tuning
    assert tuned["perplexity"] < tuned["perplexity_before"]
    assert whole.summary()["fine_tuning"]["seconds"] > 0
    first, own = read_tensors(whole.model.directory / GOOD), load_text_model(small_model).model.state_dict()
    assert not torch.equal(first["embedding"], own["vocabulary.embedding"])
    assert not list((whole.model.directory / PARTS).iterdir())


@pytest.mark.parametrize(("kind", "step"), [(LanguageModel, 3), (Classifier, 1), (Classifier, 3)])
def test_stopped_in_either_part_and_resumed_the_weights_are_the_same(
    whole: ClassifierRun,
    small_model: Path,
    written: Path,
    tmp_path: Path,
    kind: type[torch.nn.Module],
    step: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forward, seen = kind.forward, 0

    def stopping(self: Any, *arguments: Any) -> Any:
        nonlocal seen
        if self.training:
            seen += 1
            if seen == step:
                signal.raise_signal(signal.SIGINT)
        return forward(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "forward", stopping)
        if kind is LanguageModel:
            with pytest.raises(KeyboardInterrupt):
                train_classifier(written, tmp_path / "parts", pretrained=str(small_model), **FINE_TUNED)
            assert not (tmp_path / "parts" / WEIGHTS).exists()
        else:
            stopped = train_classifier(written, tmp_path / "parts", pretrained=str(small_model), **FINE_TUNED)
            assert stopped.interrupted == signal.SIGINT
    resumed = train_classifier(written, tmp_path / "parts", resume=True, quiet=True)
    for name in (GOOD, STATE, WEIGHTS):
        one, other = (read_tensors(run.model.directory / name) for run in (whole, resumed))
        assert [key for key in one if not torch.equal(one[key], other[key])] == []
    assert {**whole.fine_tuning, "seconds": 0} == {**resumed.fine_tuning, "seconds": 0}
    assert json.loads((tmp_path / "parts" / "run.json").read_text())["fine_tuning"] == resumed.fine_tuning


def test_killed_before_its_first_checkpoint_a_run_begins_with_the_same_weights(
    whole: ClassifierRun, small_model: Path, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        """Stands for SIGKILL: nothing of ours catches it."""

    def kill(*_: Any) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Classifier, "forward", kill)
        with pytest.raises(KilledError):
            train_classifier(written, tmp_path / "parts", pretrained=str(small_model), **FINE_TUNED)
    assert not (tmp_path / "parts" / STATE).exists()
    resumed = train_classifier(written, tmp_path / "parts", resume=True, quiet=True)
    one, other = (read_tensors(run.model.directory / WEIGHTS) for run in (whole, resumed))
    assert [key for key in one if not torch.equal(one[key], other[key])] == []
