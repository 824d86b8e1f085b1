"""`nlprnn train-vec2seq`, `generate --vector` and `evaluate` of what it trained, as a user meets them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nlprnn.cli import main

TINY = ["--hidden", "8", "--embedding", "8", "--epochs", "1", "--threads", "1", "--tokenizer", "whitespace"]


class Result:
    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err
        self.lines = out.splitlines()


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> Result:
        status = 0
        capsys.readouterr()
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return call


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty texts with two numbers each, as a table and as array and text; and a model of either."""
    folder = tmp_path_factory.mktemp("files")
    texts = [f"{'very ' * (i % 3)}{'good' if i % 2 else 'bad'}" for i in range(30)]
    numbers = np.array([[i % 3, i % 2] for i in range(30)], dtype=np.float32)
    np.save(folder / "v.npy", numbers)
    (folder / "t.txt").write_text("\n".join(texts) + "\n")
    rows = [f"{text},{a:g},{b:g}\n" for text, (a, b) in zip(texts, numbers, strict=True)]
    (folder / "t.csv").write_text("text,how,what\n" + "".join(rows))
    (folder / "swapped.csv").write_text("what,how\n" + "".join(f"{b:g},{a:g}\n" for a, b in numbers))
    for name, paths in (("named", ["t.csv"]), ("unnamed", ["v.npy", "t.txt"])):
        given = [str(folder / path) for path in paths]
        main(["train-vec2seq", *given, "--out", str(folder / name), "--min-count", "1", *TINY])
    return folder


def test_training_tells_what_it_came_to(run: Run, files: Path, tmp_path: Path) -> None:
    table = ["train-vec2seq", files / "t.csv", "--test", files / "t.csv", *TINY]
    found = run(*table, "--out", tmp_path / "one", "--columns", "what", "--feed", "input")
    assert found.status == 0
    names = [line.split("  ")[0] for line in found.lines]
    assert names == ["model", "validation perplexity", "minutes", "steps", "tokens a second", "test perplexity"]
    assert "vectors of 1 number (what)" in found.err
    summary = json.loads(run(*table, "--out", tmp_path / "two", "--json").out)
    assert {"model", "valid_perplexity", "seconds", "steps", "tokens_per_second", "test"} == set(summary)
    one, other = (json.loads((files / name / "config.json").read_text()) for name in ("named", "unnamed"))
    assert (one.pop("vectors"), other.pop("vectors")) == (
        {"size": 2, "columns": ["how", "what"]},
        {"size": 2, "columns": None},
    )
    assert one == other
    assert (files / "named" / "model.safetensors").read_bytes() == (
        files / "unnamed" / "model.safetensors"
    ).read_bytes()


def test_a_text_comes_out_for_each_vector_however_it_is_given(run: Run, files: Path) -> None:
    found = run("generate", files / "named", "--vector", files / "v.npy", "--seed", 3)
    assert (found.status, found.err, len(found.lines)) == (0, "", 30)
    for source in ("t.csv", "swapped.csv"):
        assert run("generate", files / "named", "--vector", files / source, "--seed", 3).out == found.out
    assert run("generate", files / "unnamed", "--vector", files / "t.csv", "--seed", 3).out == found.out
    assert run("generate", files / "named", "--vector", files / "v.npy", "--seed", 4).out != found.out
    first = run("generate", files / "named", "--vector", "0, 0", "--seed", 3)
    assert first.lines == found.lines[:1]
    assert run("generate", files / "named", "--vector", "-1,1.5").status == 0


def test_so_many_texts_are_drawn_or_the_best_is_searched_for(run: Run, files: Path) -> None:
    several = run("generate", files / "named", "--vector", "2,1", "--draws", 5)
    assert len(several.lines) == 5 and len(set(several.lines)) > 1
    objects = [
        json.loads(line)
        for line in run("generate", files / "named", "--vector", files / "v.npy", "--draws", 2, "--json").lines
    ]
    assert [one["vector"] for one in objects] == list(range(1, 31))
    assert all(set(text) == {"text", "log_prob", "ended"} for one in objects for text in one["texts"])
    assert [len(one["texts"]) for one in objects] == [2] * 30
    best = run("generate", files / "named", "--vector", files / "v.npy", "--beam", 3, "--length-penalty", 0)
    again = run(
        "generate", files / "named", "--vector", files / "v.npy", "--beam", 3, "--length-penalty", 0, "--seed", 9
    )
    assert best.status == 0 and best.out == again.out and len(best.lines) == 30
    cold = run("generate", files / "named", "--vector", files / "v.npy", "--temperature", 0)
    assert cold.out == run("generate", files / "named", "--vector", files / "v.npy", "--beam", 1).out


def test_evaluate_tells_the_perplexity_of_given_texts(run: Run, files: Path) -> None:
    of_table = json.loads(run("evaluate", files / "named", files / "t.csv", "--json").out)
    of_array = json.loads(run("evaluate", files / "unnamed", files / "v.npy", files / "t.txt", "--json").out)
    assert of_table == of_array
    assert set(of_table) == {"perplexity", "tokens", "texts"}
    assert (of_table["texts"], of_table["tokens"]) == (30, 30 + 30 + 30)
    assert run("evaluate", files / "named", files / "t.csv").lines[1].split() == ["texts", "30"]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--vector", "1,2,3"], 1, "1,2,3: vectors of 3 numbers, but those that {model} was trained on have 2"),
        (["--vector", "1,nan"], 1, "'1,nan' is neither a file of vectors that is there, nor finite numbers"),
        (["--vector", "gone.npy"], 1, "'gone.npy' is neither a file of vectors that is there, nor finite numbers"),
        (["--vector", "{folder}/t.txt"], 1, "t.txt: neither .npy nor a table by the ending of its name"),
        (["--vector", "{folder}/ragged.csv"], 1, "ragged.csv:3: 1 cell, but the header has 2"),
        (["--vector", "{folder}/other.csv"], 1, "other.csv: has no column 'how'; there are: a, what"),
        (["--vector", "1,2", "--words", "5"], 2, "--words is for a language model; leave it out"),
        (["--vector", "1,2", "--prompt", "a"], 2, "--prompt is for a language model; leave it out"),
        (
            ["--vector", "1,2", "--beam", "2", "--top-k", "3"],
            2,
            "--top-k is for drawing, not for searching with --beam",
        ),
        (["--vector", "1,2", "--beam", "2", "--draws", "3"], 2, "--draws is for drawing, not for searching"),
        (["--vector", "1,2", "--length-penalty", "1"], 2, "--length-penalty is a setting of --beam; leave it out"),
        (["--draws", "2"], 2, "--draws goes with --vector; leave it out"),
        (["--beam", "2"], 2, "--beam goes with --vector; leave it out"),
        ([], 2, "{model} makes texts from vectors; give some with --vector"),
    ],
)
def test_what_cannot_be_made_is_told_in_one_line(
    run: Run, files: Path, arguments: list[str], status: int, message: str
) -> None:
    (files / "ragged.csv").write_text("how,what\n1,2\n3\n")
    (files / "other.csv").write_text("a,what\n1,2\n")
    model = files / "named"
    found = run("generate", model, *(one.format(folder=files) for one in arguments))
    assert (found.status, found.out) == (status, "")
    (line,) = found.err.splitlines()
    assert line.startswith("nlprnn: ")
    assert message.format(model=model) in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{folder}/v.npy", "{folder}/t.csv"], "v.npy: 30 vectors, but 31 lines of text in"),
        (["{folder}/t.csv", "--columns", "how,text"], "t.csv: the column 'text' cannot be both text and number"),
        (["{folder}/t.csv", "--text-column", "how"], "t.csv:2: the column 'text' holds 'bad', not a finite number"),
    ],
)
def test_training_on_what_does_not_fit_is_refused(
    run: Run, files: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    given = [one.format(folder=files) for one in arguments]
    found = run("train-vec2seq", *given, "--out", tmp_path / "out", *TINY)
    assert (found.status, found.out) == (1, "")
    assert message in found.err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_the_newest_model_is_taken_and_named(
    run: Run, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    missing = run("generate", "--vector", "1,1")
    assert missing.status == 1
    assert "nlprnn train-vec2seq VECTORS TEXTS" in missing.err
    for place, name in enumerate(["unnamed", "named"]):
        shutil.copytree(files / name, tmp_path / "models" / name)
        os.utime(tmp_path / "models" / name / "model.safetensors", (place, place))
    found = run("generate", "--vector", "1,1")
    assert found.err == "model: models/named\n"
    assert found.out == run("generate", files / "named", "--vector", "1,1").out
