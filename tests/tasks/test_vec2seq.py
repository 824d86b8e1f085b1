"""Training a network that makes texts from vectors: what is left in the directory, what it learns, and exact resume."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nlprnn import Search, load, train_vec2seq
from nlprnn.checkpoint import CONFIG, LOG, STATE, WEIGHTS, read_tensors
from nlprnn.errors import ConfigError, DataError, ModelDirectoryError
from nlprnn.models.vec2seq import Vec2Seq
from nlprnn.tasks.vec2seq import Vec2SeqRun
from nlprnn.tasks.vec2seq_model import Vec2SeqModel, load_vec2seq

TINY: dict[str, Any] = {"hidden": 8, "embedding": 8, "batch_tokens": 2000, "tokenizer": "whitespace", "threads": 1}


def opinion(stars: int, plural: int) -> str:
    """The text that belongs to two numbers."""
    noun = "plots were" if plural else "plot was"
    return f"the {noun} {'dull' if stars < 3 else 'fine'} ."


def write_opinions(folder: Path, count: int) -> Path:
    rng = np.random.default_rng(3)
    rows = [(int(rng.integers(1, 6)), int(rng.integers(0, 2))) for _ in range(count)]
    path = folder / "opinions.tsv"
    lines = [f"{stars}\t{opinion(stars, plural)}\t{plural}\n" for stars, plural in rows]
    path.write_text("stars\ttext\tplural\n" + "".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def opinions(tmp_path: Path) -> Path:
    """Sixty rows, of which three are held out."""
    return write_opinions(tmp_path, 60)


def logged(path: Path) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in (path / LOG).read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in record.items() if key != "seconds"} for record in records]


@pytest.mark.parametrize("feed", ["state", "input", "both"])
def test_a_network_learns_what_each_vector_says(tmp_path: Path, feed: str) -> None:
    path = write_opinions(tmp_path, 200)
    settings = TINY | {"hidden": 16, "embedding": 16, "lr": 0.05, "warmup": 5, "batch_tokens": 300, "dropout": 0.0}
    run = train_vec2seq(path, tmp_path / "out", feed=feed, epochs=15, quiet=True, **settings)
    every = np.array([[stars, plural] for stars in range(1, 6) for plural in (0, 1)])
    found = [made.text for (made,) in run.model.generate(every, Search(beam=1))]
    assert found == [opinion(stars, plural) for stars, plural in every]
    assert run.valid_perplexity < 1.1  # nothing is left to chance


def test_what_training_leaves_makes_the_same_texts_as_the_run_that_made_it(opinions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    notes: list[str] = []
    run = train_vec2seq(opinions, out, test=opinions, epochs=1, note=notes.append, **TINY)
    assert notes == [
        "vectors of 2 numbers (stars, plural)",
        "57 texts to train on, 3 to validate on, 10 types",
        "validation texts: every 20th block of 1 rows, held out",
    ]
    again = load(out)
    assert isinstance(again, Vec2SeqModel)
    assert (again.columns, again.size) == (("stars", "plural"), 2)
    vectors = np.array([[5, 1], [1, 0], [3, 0]])
    assert list(again.generate(vectors, seed=4, draws=2)) == list(run.model.generate(vectors, seed=4, draws=2))
    rows = [line.split("\t") for line in opinions.read_text(encoding="utf-8").splitlines()[1:]]
    kept = np.array([[float(row[0]), float(row[2])] for index, row in enumerate(rows) if index % 20 != 19])
    tensors = read_tensors(out / WEIGHTS)
    assert tensors["mean"].tolist() == pytest.approx(kept.mean(axis=0).tolist())
    assert tensors["deviation"].tolist() == pytest.approx(kept.std(axis=0).tolist())
    summary = run.summary()
    assert set(summary) == {"model", "valid_perplexity", "seconds", "steps", "tokens_per_second", "test"}
    assert summary["test"]["texts"] == 60
    assert summary["test"]["tokens"] == 60 * 6
    assert json.loads((out / "run.json").read_text())["result"] == summary
    assert json.loads((out / CONFIG).read_text())["vectors"] == {"size": 2, "columns": ["stars", "plural"]}
    assert logged(out)[-1]["valid_perplexity"] == run.valid_perplexity


def test_validation_tells_the_perplexity_of_the_texts_that_were_held_out(opinions: Path, tmp_path: Path) -> None:
    run = train_vec2seq(opinions, tmp_path / "out", epochs=1, quiet=True, **TINY)
    rows = [line.split("\t") for line in opinions.read_text(encoding="utf-8").splitlines()[1:]][19::20]
    network, nll, tokens = run.model.network, 0.0, 0
    for stars, text, plural in rows:
        ids = run.model.tokenizer.encode(text)
        with torch.no_grad():
            state = network.start(torch.tensor([[float(stars), float(plural)]]))
            outputs, _ = network.read(torch.tensor([[0, *ids]]).T, state)
            log_probs = network.vocabulary.logits(outputs[:, 0]).log_softmax(1)
        nll -= sum(float(row[id]) for row, id in zip(log_probs, [*ids, 0], strict=True))
        tokens += len(ids) + 1
    assert run.valid_perplexity == pytest.approx(math.exp(nll / tokens), rel=1e-5)


def stop_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM to this process in that step of training."""
    forward, seen = Vec2Seq.forward, 0

    def counting(self: Vec2Seq, *arguments: Any) -> Any:
        nonlocal seen
        seen += self.training
        if seen == step and self.training:
            os.kill(os.getpid(), signal.SIGTERM)
        return forward(self, *arguments)

    monkeypatch.setattr(Vec2Seq, "forward", counting)


RESUMED = TINY | {"epochs": 2, "batch_tokens": 70, "averaging": 0.9, "evaluations_per_epoch": 2, "dropout": 0.3}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Vec2SeqRun:
    """A run of twelve steps that never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    return train_vec2seq(write_opinions(folder, 60), folder / "whole", quiet=True, **RESUMED)


@pytest.mark.parametrize("step", [1, 6, 8])
def test_a_run_stopped_and_resumed_ends_with_the_same_weights_bit_for_bit(
    whole: Vec2SeqRun, opinions: Path, tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stop_at(step, patch)
        stopped = train_vec2seq(opinions, tmp_path / "parts", quiet=True, **RESUMED)
    assert (stopped.interrupted, stopped.steps) == (signal.SIGTERM, step)
    assert whole.steps > 9
    assert list(stopped.model.generate(np.ones((1, 2))))  # what is kept so far is a model
    resumed = train_vec2seq(opinions, tmp_path / "parts", quiet=True, resume=True)
    for name in (WEIGHTS, STATE):
        one, other = (read_tensors(run.model.directory / name) for run in (whole, resumed))
        assert one.keys() == other.keys()
        assert [key for key in one if not torch.equal(one[key], other[key])] == []
    assert logged(whole.model.directory) == logged(tmp_path / "parts")


def test_a_resumed_run_keeps_its_text_and_settings(opinions: Path, tmp_path: Path) -> None:
    train_vec2seq(opinions, tmp_path / "out", quiet=True, epochs=1, **TINY)
    with pytest.raises(ConfigError, match=r"--feed state: the run to resume was started with both"):
        train_vec2seq(opinions, tmp_path / "out", resume=True, feed="state", quiet=True)
    for change in ({"columns": ["stars"]}, {"columns": ["plural", "stars"]}):
        with pytest.raises(ModelDirectoryError, match="was trained or validated on another text"):
            train_vec2seq(opinions, tmp_path / "out", resume=True, quiet=True, **change)


def test_bad_input_leaves_nothing_and_costs_no_model(opinions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(DataError, match="no column 'size'"):
        train_vec2seq(opinions, out, columns=["size"], quiet=True, **TINY)
    assert not out.exists()
    train_vec2seq(opinions, out, quiet=True, epochs=1, **TINY)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with opinions.open("a") as file:
        file.write("nan\tthe plot was dull .\t0\n")
    with pytest.raises(DataError, match=r"opinions.tsv:62: the column 'stars' holds 'nan'"):
        train_vec2seq(opinions, out, overwrite=True, quiet=True, **TINY)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_what_is_not_learnt_from_is_told(opinions: Path, tmp_path: Path) -> None:
    lines = opinions.read_text(encoding="utf-8").splitlines()
    long = ["1\t" + "dull " * 20 + "\t1"]
    table = [lines[0] + "\tyear", *(f"{line}\t1999" for line in [*long, *lines[1:]])]
    opinions.write_text("\n".join(table), encoding="utf-8")
    notes: list[str] = []
    train_vec2seq(opinions, tmp_path / "out", note=notes.append, epochs=1, max_length=19, **TINY)
    assert notes[2] == "note: left out of training, being longer than --max-length: 1"
    assert notes[3] == "note: the same in every training vector, so nothing is learnt from it: number 3"


@pytest.mark.parametrize("described", [None, {"size": 0, "columns": None}, {"size": 2, "columns": ["stars"]}, [2]])
def test_a_directory_that_does_not_say_what_its_vectors_are_is_refused(
    whole: Vec2SeqRun, described: Any, tmp_path: Path
) -> None:
    shutil.copytree(whole.model.directory, tmp_path / "copy")
    config = json.loads((tmp_path / "copy" / CONFIG).read_text())
    (tmp_path / "copy" / CONFIG).write_text(json.dumps(config | {"vectors": described}))
    with pytest.raises(ModelDirectoryError, match=r"config.json: does not say what its vectors are; train the model"):
        load_vec2seq(tmp_path / "copy")
