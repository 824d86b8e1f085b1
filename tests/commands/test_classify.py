"""`nlprnn train-classifier`, `classify` and `evaluate` of a classifier, as a user meets them."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nlprnn.cli import main
from nlprnn.models import bag_of_words

LINES = "a great film\n\nthe plot was very dull\n"
TINY = ["--hidden", "4", "--embedding", "4", "--threads", "1", "--epochs", "1"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line, `given` on standard input: status, output and errors."""

    def call(*arguments: object, given: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode()), encoding="utf-8"))
        status = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_standard_input_and_a_file_come_out_the_same_line_for_line(
    run: Run, small_classifier: Path, texts: Path
) -> None:
    status, out, err = run("classify", small_classifier, texts)
    assert (status, err) == (0, "")
    first, empty, last, end = out.split("\n")
    assert (empty, end) == ("", "")
    for line, label in ((first, "3"), (last, "1")):
        assert re.fullmatch(rf"{label}\t(0\.\d{{4}}|1\.0000)", line)
    for given in (LINES, LINES.rstrip("\n"), LINES.replace("\n", "\r\n")):
        assert run("classify", small_classifier, given=given) == (0, out, "")
    assert run("classify", small_classifier) == (0, "", "")


def test_as_json_each_line_is_an_object(run: Run, small_classifier: Path, texts: Path) -> None:
    _, out, _ = run("classify", small_classifier, texts, "--json", "--explain")
    first, empty, last = (json.loads(line) for line in out.splitlines())
    assert (first["line"], first["text"], first["label"]) == (1, "a great film", "3")
    assert sum(first["probabilities"].values()) == pytest.approx(1)
    assert first["probability"] == first["probabilities"]["3"]
    assert [word["word"] for word in first["words"]] == ["a", "great", "film"]
    assert max(first["words"], key=lambda word: word["change"])["word"] == "great"
    nothing = {"label": None, "probability": None, "probabilities": None, "score": None, "words": []}
    assert empty == {"line": 2, "text": "", **nothing}
    assert last["label"] == "1"
    plain = json.loads(run("classify", small_classifier, texts, "--json")[1].splitlines()[0])
    assert plain == {key: value for key, value in first.items() if key != "words"}


def test_explained_the_words_that_moved_most_come_first(run: Run, small_classifier: Path, texts: Path) -> None:
    _, out, _ = run("classify", small_classifier, texts, "--explain")
    label, _, words = out.splitlines()[0].split("\t")
    assert label == "3"
    found = re.findall(r"(\S+) ([+-]\d+\.\d\d)", words)
    assert found[0][0] == "great"
    sizes = [abs(float(change)) for _, change in found]
    assert sizes == sorted(sizes, reverse=True)
    assert len(out.splitlines()[2].split("\t")[2].split(", ")) == 5


def test_a_lone_argument_is_the_model_or_the_file(
    run: Run, small_classifier: Path, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = run("classify", texts)
    assert status == 1
    made = "'nlprnn train-classifier REVIEWS.tsv' makes one"
    assert err == f"nlprnn: models/: no model of kind classifier there; {made}\n"
    (tmp_path / "models").mkdir()
    os.symlink(small_classifier, tmp_path / "models" / "mine")
    status, out, err = run("classify", texts)
    assert (status, err) == (0, "model: models/mine\n")
    assert out == run("classify", small_classifier, texts)[1]
    assert run("classify", "a", "b", "c")[0] == 2


def test_evaluate_tells_network_and_baseline_side_by_side(run: Run, small_classifier: Path, reviews: Path) -> None:
    status, out, _ = run("evaluate", small_classifier, reviews, "--json")
    found = json.loads(out)
    assert status == 0
    assert {"accuracy", "macro_f1", "mae", "baseline_accuracy", "interval"} <= set(found)
    assert {"confusion", "kappa", "ece", "n"} <= set(found)
    status, out, _ = run("evaluate", small_classifier, reviews, "--text-column", "text", "--label-column", "score")
    assert re.search(rf"^accuracy +{found['accuracy']:.2%} +{found['baseline_accuracy']:.2%}$", out, re.M)
    assert out.split("column)\n")[1].splitlines()[1].split() == ["1", *map(str, found["confusion"][0])]
    status, _, err = run("evaluate", small_classifier, reviews, "--beam", 3)
    assert (status, err) == (2, "nlprnn: --beam is for a translator; leave it out\n")


def test_options_of_classifiers_are_not_those_of_language_models(run: Run, small_model: Path, text: Path) -> None:
    status, _, err = run("evaluate", small_model, text, "--label-column", "score")
    assert (status, err) == (2, "nlprnn: --label-column is for a classifier; leave it out\n")


def test_training_prints_its_figures_beside_the_baselines(
    run: Run, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bag_of_words, "STRENGTHS", (0.1,))  # the bag of words is tested elsewhere
    arguments = ["train-classifier", reviews, "--out", tmp_path / "out", *TINY]
    status, out, err = run(*arguments, "--folds", 2, "--test", reviews)
    assert status == 0
    for row in ("validation accuracy", "  of the bag-of-words baseline", "accuracy over 2 folds", "test accuracy"):
        assert row in out
    assert "108 texts to train on, 12 to validate on, 3 classes, " in err
    assert "fold 2 of 2" in err
    assert re.search(r"train loss +\d\.\d+ \| valid loss +\d\.\d+ accuracy", err)
    assert "text/s" in err
    status, out, err = run(*arguments)
    assert status == 1
    assert "holds a model already; replace it with --overwrite" in err
    status, out, _ = run(*arguments, "--overwrite", "--json", "--ordinal", "--class-weights", "balanced")
    found = json.loads(out)
    assert found["model"] == str(tmp_path / "out")
    assert {"valid_accuracy", "seconds", "steps", "texts_per_second", "tokens_per_second"} < set(found)


def test_help_comes_without_torch_and_tells_where_language_models_come_in() -> None:
    script = (
        "import sys; from click.testing import CliRunner; from nlprnn.cli import group; "
        "out = CliRunner().invoke(group, ['train-classifier', '--help']).output; "
        "assert '--from' in out and 'Transfer:' in out, out; assert not {'torch', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("stars\tbody\n1\tx\n", [], r"bad.tsv:1: has no text column"),
        ("score\ttext\n" + "1\ta film\n" * 20, [], r"bad.tsv: all texts have the label '1'"),
        ("score\ttext\n" + "bad\ta\ngood\tb\n" * 20, ["--ordinal"], r"bad.tsv:2: the label 'bad' is not a number"),
        ("score\ttext\n1\ta\n2\n", [], r"bad.tsv:3: 1 cell, but the header has 2"),
        ("score\ttext\n1\ta\n2\t\n", [], r"bad.tsv:3: the text is empty"),
    ],
)
def test_bad_input_is_told_in_one_line(
    run: Run, tmp_path: Path, content: str, options: list[str], message: str
) -> None:
    (tmp_path / "bad.tsv").write_text(content, encoding="utf-8")
    status, out, err = run("train-classifier", tmp_path / "bad.tsv", "--out", tmp_path / "out", *TINY, *options)
    assert (status, out) == (1, "")
    assert err.startswith("nlprnn: ")
    assert re.search(message, err)
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_an_interrupted_training_is_resumed_where_it_was(reviews: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nlprnn", "train-classifier", str(reviews), "--out", str(tmp_path / "parts")]
    options = ["--hidden", "8", "--embedding", "8", "--epochs", "80", "--threads", "1"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "parts" / "model.safetensors").is_file() and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume goes on" in err
    subprocess.run([*command, "--resume"], capture_output=True, check=True)
    subprocess.run([*command[:-1], str(tmp_path / "whole"), *options], capture_output=True, check=True)
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("parts", "whole")]
    assert files[0] == files[1]
