"""The command line as a user meets it: results on standard output, notes on standard error, errors in one line."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nlprnn.cli import COMMANDS, main


class Result:
    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def json(self) -> dict:
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def call(*arguments: object) -> Result:
        try:
            main([str(argument) for argument in arguments])
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return call


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), dialect="excel-tab"))


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=lambda a: a[0])
def test_help_answers_without_torch(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom nlprnn.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit as end: assert not end.code\n"
        "slow = {'torch', 'numpy', 'datasets', 'sentencepiece', 'matplotlib', 'sklearn'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage: nlprnn" in done.stdout


def test_python_m_nlprnn_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "nlprnn", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("nlprnn ")


def test_training_prints_the_promised_json_and_leaves_a_whole_directory(run, text: Path, tmp_path: Path) -> None:
    out = tmp_path / "lm"
    options = ["--hidden", 12, "--epochs", 1, "--batch-size", 8, "--threads", 1, "--cell", "gru"]
    result = run("train-lm", text, "--out", out, *options, "--json")
    assert result.status == 0, result.err
    assert set(result.json) == {"model", "valid_perplexity", "seconds", "steps", "tokens_per_second"}
    names = {path.name for path in out.iterdir()}
    assert names == {
        "config.json", "model.safetensors", "tokenizer.json", "counts.json", "training_state", "log.jsonl", "run.json",
        "README.md",
    }  # fmt: skip
    signature = json.loads((out / "run.json").read_text())
    assert signature["split"] == {"rule": "blocks", "block": 3, "every": 20}
    assert {"command", "seed", "corpus", "packages", "result"} <= set(signature)
    assert "held out" in result.err
    again = run("train-lm", text, "--out", out)
    assert again.status == 1
    assert "--resume" in again.err and "--overwrite" in again.err
    resumed = run("train-lm", text, "--out", out, "--resume", "--json")
    assert resumed.json["valid_perplexity"] == result.json["valid_perplexity"]
    other = run("train-lm", text, "--out", out, "--resume", "--hidden", 13)
    assert other.status == 2
    assert "--hidden 13: the run to resume was started with 12" in other.err


@pytest.mark.parametrize("tokenizer", ["words", "characters", "bpe", "unigram", "whitespace"])
def test_every_tokenizer_trains_predicts_words_and_tells_surprisal(run, tmp_path: Path, text: Path, tokenizer) -> None:
    out = tmp_path / "lm"
    size = ["--vocab-size", 150] if tokenizer in ("bpe", "unigram") else []
    options = ["--hidden", 16, "--epochs", 1, "--batch-size", 8, "--threads", 1]
    assert run("train-lm", text, "--out", out, "--tokenizer", tokenizer, *size, *options).status == 0
    words = run("predict", out, "the writer of the", "-k", 5, "--json").json["words"]
    assert len(words) == 5
    assert all(0 < word["probability"] < 1 and " " not in word["word"] for word in words)
    assert run("generate", out, "--words", 10, "--seed", 3).out == run("generate", out, "--words", 10, "--seed", 3).out
    sentences = tmp_path / "s.txt"
    sentences.write_text("the writer is old.\n\nthe books are here.\n", encoding="utf-8")
    table = rows(run("surprisal", out, sentences).out)
    assert [row["word"] for row in table] == [
        "the",
        "writer",
        "is",
        "old.",
        "<eos>",
        "the",
        "books",
        "are",
        "here.",
        "<eos>",
    ]
    assert [row["sentence_id"] for row in table] == ["1"] * 5 + ["3"] * 5
    evaluated = run("evaluate", out, sentences, "--json").json
    tokens = rows(run("surprisal", out, sentences, "--by", "token").out)
    assert len(tokens) == evaluated["tokens"]
    for bits in (sum(float(row["surprisal"]) for row in part) for part in (table, tokens)):
        assert 2 ** (bits / evaluated["tokens"]) == pytest.approx(evaluated["perplexity_fresh"], rel=1e-4)


def test_evaluate_has_the_promised_keys_for_both_kinds(run, small_model: Path, small_ngram: Path, text: Path) -> None:
    keys = {
        "perplexity", "perplexity_fresh", "tokens", "words", "bits_per_word", "bits_per_character", "oov_rate",
    }  # fmt: skip
    for model in (small_model, small_ngram):
        found = run("evaluate", model, text, "--json").json
        assert set(found) == keys
        assert found["words"] == len(text.read_text().split())
        assert found["oov_rate"] > 0 or found["bits_per_word"] is not None
        assert "perplexity" in run("evaluate", model, text).out


def test_the_probe_prints_the_promised_keys_and_a_verdict(run, small_model: Path, small_ngram: Path, tmp_path) -> None:
    items = tmp_path / "items.tsv"
    report = run("probe-agreement", small_model, "--baseline", small_ngram, "--items", items, "--json").json
    suite = report["models"][0]["suites"][0]
    assert {
        "name", "n", "skipped", "skipped_why", "accuracy", "interval", "match", "conflict", "recency_index",
        "constructions", "by_attractors", "by_subject_number", "baselines",
    } <= set(suite)  # fmt: skip
    assert set(suite["baselines"]) == {"nearest_noun", "majority", "unigram", "ngram"}
    assert suite["baselines"]["nearest_noun"]["conflict"]["accuracy"] == 0
    table = rows(items.read_text(encoding="utf-8"))
    assert len(table) == suite["n"] + suite["skipped"]
    right = sum(int(row["correct"]) for row in table if row["correct"])
    assert right / suite["n"] == pytest.approx(suite["accuracy"])
    assert "recency" in run("probe-agreement", small_model).out


def test_one_sentence_gets_both_probabilities(run, small_model: Path) -> None:
    found = run("probe-agreement", small_model, "--sentence", "the writer of the books is/are", "--json").json
    words = {row["word"]: row["log_probability"] for row in found["models"][0]["words"]}
    assert set(words) == {"is", "are"}
    printed = run("probe-agreement", small_model, "--sentence", "the writer of the books is/are").out
    assert "conflict" in printed


def test_a_users_own_pairs_are_scored_and_unknown_words_told(run, small_model: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "own.tsv"
    pairs.write_text("good\tbad\nthe book is old.\tthe book are old.\nthe book zorps.\tthe book zorp.\n")
    suite = run("probe-agreement", small_model, "--suite", pairs, "--json").json["models"][0]["suites"][0]
    assert (suite["n"], suite["skipped"]) == (1, 1)


def test_the_newest_model_is_taken_and_named_and_its_absence_is_told(run, small_model, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    missing = run("predict", "the writer")
    assert missing.status == 1
    assert "nlprnn train-lm CORPUS" in missing.err
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine").symlink_to(small_model)
    found = run("predict", "the writer", "-k", 3)
    assert "models/mine" in found.err
    assert len(found.out.splitlines()) == 3


def test_an_arpa_file_goes_out_and_in_with_the_same_scores(run, small_ngram: Path, tmp_path: Path, text: Path) -> None:
    arpa, back = tmp_path / "model.arpa.gz", tmp_path / "back"
    written = run("train-ngram", text, "--tokenizer", "whitespace", "--out", tmp_path / "a", "--arpa", arpa)
    assert written.status == 0, written.err
    assert run("train-ngram", "--from-arpa", arpa, "--out", back).status == 0
    first, second = (run("evaluate", model, text, "--json").json for model in (tmp_path / "a", back))
    assert first["perplexity"] == pytest.approx(second["perplexity"], rel=1e-6)


def test_generated_corpora_are_the_same_for_the_same_seed(run, tmp_path: Path) -> None:
    out = tmp_path / "corpus.txt"
    assert run("make-corpus", "agreement", "--sentences", 20, "--seed", 5, "--out", out).status == 0
    assert run("make-corpus", "agreement", "--sentences", 20, "--seed", 5).out == out.read_text(encoding="utf-8")


@pytest.mark.parametrize(("preset", "hidden", "dropout"), [("small", 200, 0.0), ("medium", 650, 0.5)])
def test_a_preset_is_what_is_trained(tmp_path: Path, preset: str, hidden: int, dropout: float) -> None:
    text = tmp_path / "text.txt"
    text.write_text("a b c d e f g h\n" * 30)
    out = tmp_path / "lm"
    main(["train-lm", str(text), "--out", str(out), "--preset", preset, "--epochs", "1", "--batch-size", "2"])
    model = json.loads((out / "config.json").read_text())["model"]
    assert (model["layers"], model["hidden"], model["dropout"], model["tied"]) == (2, hidden, dropout, False)
    assert model["locked_dropout"] is False


def test_the_newest_model_is_the_one_trained_last_and_neural(run, small_model, small_ngram, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place, (name, source) in enumerate([("old", small_model), ("new", small_model), ("counts", small_ngram)]):
        shutil.copytree(source, tmp_path / "models" / name)
        os.utime(tmp_path / "models" / name / "model.safetensors", (place, place))
    assert "models/new" in run("predict", "the writer").err


def test_a_folders_own_parts_are_used_and_its_test_text_is_evaluated(run, tmp_path: Path, text: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    lines = text.read_text().splitlines(keepends=True)
    for name, part in (("train", lines[:900]), ("valid", lines[900:1200]), ("test", lines[1200:])):
        (folder / f"{name}.txt").write_text("".join(part))
    options = ["--hidden", 12, "--epochs", 1, "--batch-size", 8, "--threads", 1]
    found = run("train-lm", folder, "--out", tmp_path / "lm", *options, "--json").json
    direct = run("evaluate", tmp_path / "lm", folder / "test.txt", "--json").json
    assert found["test"] == direct == run("evaluate", tmp_path / "lm", folder, "--json").json
    valid = run("evaluate", tmp_path / "lm", folder / "valid.txt", "--json").json
    assert found["valid_perplexity"] == pytest.approx(valid["perplexity"], rel=1e-6)


def test_generate_draws_as_many_words_as_it_is_asked_for(run, small_model: Path) -> None:
    text = run("generate", small_model, "--words", 12, "--seed", 4).out
    assert len([word for word in text.split() if any(letter.isalnum() for letter in word)]) == 12


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["train-lm"], 2, "Missing argument"),
        (["train-lm", "{text}", "--cell", "transformer"], 2, "transformer"),
        (["train-lm", "{text}", "--dropout", "1.5"], 2, "--dropout 1.5: give a number below 1"),
        (["train-lm", "{text}", "--hidden", "0"], 2, "--hidden 0: give a number of at least 1"),
        (["train-lm", "{text}", "--lr", "nan"], 2, "finite"),
        (["train-lm", "{text}", "--device", "cuda:7"], 2, "--device cuda:7: not usable here"),
        (["train-lm", "nowhere.txt"], 1, "nowhere.txt"),
        (["train-lm", "{text}", "--batch-size", "100000"], 1, "--batch-size"),
        (["train-lm", "{text}", "--resume"], 1, "nothing to resume"),
        (["evaluate", "nowhere", "{text}"], 1, "no such model directory"),
        (["evaluate", "{model}", "nowhere.txt"], 1, "nowhere.txt"),
        (["predict", "{model}", "two", "texts"], 2, "quotation marks"),
        (["train-ngram"], 2, "CORPUS"),
        (["train-ngram", "{text}", "--like", "{model}", "--vocab-size", "50"], 2, "leave out --vocab-size"),
        (["train-ngram", "{text}", "--from-arpa", "x.arpa"], 2, "leave out CORPUS"),
        (["train-lm", "{text}", "--resume", "--overwrite"], 2, "give one of them"),
        (["generate", "{model}", "--temperature", "nan"], 2, "--temperature nan"),
        (["generate", "{model}", "--top-p", "nan"], 2, "--top-p nan"),
        (["predict", "a " * 400], 1, "nlprnn train-lm CORPUS"),
        (["probe-agreement", "{model}", "--sentence", "it is/are", "--suite", "x"], 2, "--sentence stands alone"),
        (["probe-agreement", "{model}", "--sentence", "no slash here"], 2, "slash"),
        (["probe-agreement", "{model}", "--suite", "nowhere.tsv"], 1, "nowhere.tsv"),
        (["probe-agreement", "{model}", "--baseline", "{model}"], 1, "a model of kind language-model"),
    ],
)
def test_what_cannot_work_is_told_in_one_line(
    run, text, small_model, tmp_path, monkeypatch, arguments, status, message
):
    monkeypatch.chdir(tmp_path)
    result = run(*(argument.format(text=text, model=small_model) for argument in arguments))
    assert result.status == status
    assert message in result.err
    assert "Traceback" not in result.err
    assert not list(tmp_path.iterdir())  # and nothing is left behind


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_the_best_weights_and_says_how_to_go_on(text: Path, tmp_path: Path, number: int) -> None:
    out = tmp_path / "lm"
    command = [
        sys.executable,
        "-m",
        "nlprnn",
        "train-lm",
        str(text),
        "--out",
        str(out),
        "--hidden",
        "48",
        "--epochs",
        "500",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while not (out / "log.jsonl").is_file() and process.poll() is None:
        time.sleep(0.05)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "--resume goes on" in err
    assert (out / "model.safetensors").is_file()
    assert (out / "training_state" / "checkpoint.safetensors").is_file()
