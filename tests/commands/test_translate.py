"""`nlprnn translate`, `train-translator` and `evaluate` of a translator, as a user meets them."""

from __future__ import annotations

import io
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nlprnn.cli import main

LINES = "the bird sleeps .\n\nthe dogs are old .\n"


class Result:
    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def lines(self) -> list[str]:
        assert not self.out or self.out.endswith("\n")
        return self.out.split("\n")[:-1]


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line, `given` on standard input."""

    def call(*arguments: object, given: bytes | str = b"") -> Result:
        data = given.encode() if isinstance(given, str) else given
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        status = 0
        capsys.readouterr()
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return call


@pytest.fixture
def english(tmp_path: Path) -> Path:
    path = tmp_path / "text.en"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_standard_input_and_a_file_come_out_the_same_line_for_line(
    run: Run, word_translator: Path, english: Path
) -> None:
    of_file = run("translate", word_translator, english)
    assert (of_file.status, of_file.err, len(of_file.lines)) == (0, "", 3)
    assert of_file.lines[1] == "" and of_file.lines[0] and of_file.lines[2]
    marked = b"\xef\xbb\xbf" + LINES.replace("\n", "\r\n").encode()
    for given in (LINES, LINES.rstrip("\n"), marked):
        assert run("translate", word_translator, given=given).out == of_file.out
    assert run("translate", word_translator, given="").out == ""
    one = run("translate", word_translator, "--beam", 1, given=LINES)
    assert len(one.lines) == 3


def test_the_n_best_are_tsv_sorted_and_different(run: Run, word_translator: Path, english: Path) -> None:
    found = [line.split("\t") for line in run("translate", word_translator, english, "--n-best", 3).lines]
    assert [row[0] for row in found] == ["1"] * 3 + ["2"] + ["3"] * 3
    assert found[3] == ["2", "0.0000", ""]
    for three in (found[:3], found[4:]):
        assert [float(row[1]) for row in three] == sorted((float(row[1]) for row in three), reverse=True)
        assert len({row[2] for row in three}) == 3
    best = run("translate", word_translator, english).lines
    assert [found[0][2], found[3][2], found[4][2]] == best


def test_json_is_an_object_a_line(run: Run, word_translator: Path, english: Path) -> None:
    found = [json.loads(line) for line in run("translate", word_translator, english, "--n-best", 2, "--json").lines]
    assert [(row["line"], row["source"]) for row in found] == list(enumerate(LINES.split("\n")[:3], 1))
    assert [len(row["translations"]) for row in found] == [2, 1, 2]
    for row in found:
        assert all(set(one) == {"text", "score", "log_prob"} for one in row["translations"])
    assert [row["translations"][0]["text"] for row in found] == run("translate", word_translator, english).lines


def test_a_seed_draws_the_same_again(run: Run, word_translator: Path, english: Path) -> None:
    draw = ("translate", word_translator, english, "--sample", "--n-best", 3)
    first = run(*draw, "--seed", 5)
    assert (first.status, len(first.lines)) == (0, 7)
    assert run(*draw, "--seed", 5).out == first.out != run(*draw, "--seed", 6).out
    cold = run("translate", word_translator, english, "--sample", "--temperature", 0)
    assert cold.out == run("translate", word_translator, english, "--beam", 1).out


def test_an_ensemble_of_a_model_with_itself_changes_nothing(run: Run, word_translator: Path, english: Path) -> None:
    alone = run("translate", word_translator, english)
    assert run("translate", word_translator, english, "--ensemble", word_translator).out == alone.out


def test_a_lone_argument_is_a_model_or_a_file_and_the_newest_translator_is_named(
    run: Run, word_translator: Path, small_model: Path, english: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    missing = run("translate", given=LINES)
    assert (missing.status, missing.out) == (1, "")
    assert "nlprnn train-translator SOURCE TARGET" in missing.err
    for place, (name, source) in enumerate([("old", word_translator), ("new", word_translator), ("lm", small_model)]):
        shutil.copytree(source, tmp_path / "models" / name)
        os.utime(tmp_path / "models" / name / "model.safetensors", (place, place))
    expected = run("translate", word_translator, english).out
    for arguments in ([], ["text.en"]):
        found = run("translate", *arguments, given=LINES)
        assert (found.out, found.err) == (expected, "model: models/new\n")
    assert run("translate", "models/old", given=LINES).err == ""


def test_alignments_are_drawn_beside_the_translations(run: Run, word_translator: Path, english: Path) -> None:
    page = english.parent / "a.html"
    found = run("translate", word_translator, english, "--alignments", page)
    assert found.out == run("translate", word_translator, english).out
    assert found.err == f"alignments: {page}\n"
    drawn = page.read_text(encoding="utf-8")
    for word in ("bird", "sleeps", *found.lines[2].rstrip(".").split()):
        assert word in drawn
    again = run("translate", word_translator, "--alignments", page, given="\n\n")
    assert (again.status, again.out) == (0, "\n\n")


def test_a_long_line_is_cut_with_a_note(run: Run, word_translator: Path) -> None:
    found = run("translate", word_translator, "--beam", 1, given="the bird\n" + "bird " * 1500 + "\n")
    assert (found.status, len(found.lines)) == (0, 2)
    assert found.err == "note: line 2 has 1,500 tokens; only the first 1,000 are read\n"


def test_evaluate_prints_its_figures_as_a_table_and_as_json(
    run: Run, word_translator: Path, parallel_text: Path, tmp_path: Path
) -> None:
    files = []
    for ending in ("en", "pt"):
        lines = (parallel_text / f"pairs.{ending}").read_text(encoding="utf-8").splitlines(keepends=True)[:25]
        files.append(tmp_path / f"some.{ending}")
        files[-1].write_text("".join(lines), encoding="utf-8")
    found = json.loads(run("evaluate", word_translator, *files, "--beam", 2, "--json").out)
    assert {"bleu", "chrf", "signature", "by_source_length", "teacher_forced", "free_running"} < set(found)
    assert (found["pairs"], found["beam"]) == (25, 2)
    table = run("evaluate", word_translator, *files, "--beam", 2).out
    for text in (f"{found['bleu']:.2f}", f"{found['chrf']:.2f}", f"n {25}", found["signature"], "BLEU, beam 2"):
        assert text in table
    done = run("translate", word_translator, files[0], "--beam", 2)
    output = tmp_path / "found"
    output.write_text(done.out, encoding="utf-8")
    command = [sys.executable, "-m", "sacrebleu", files[1], "-i", output, "-b", "-w", "6"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert float(told) == pytest.approx(found["bleu"], abs=1e-6)


def test_training_prints_its_figures_and_leaves_a_whole_directory(
    run: Run, parallel_text: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new"
    files = parallel_text / "pairs.en", parallel_text / "pairs.pt"
    options = ["--out", out, "--hidden", 8, "--embedding", 8, "--epochs", 1, "--tokenizer", "words", "--threads", 1]
    result = run("train-translator", *files, *options, "--separate", "--attention", "additive", "--json")
    assert result.status == 0, result.err
    summary = json.loads(result.out)
    assert set(summary) == {
        "model", "valid_bleu", "valid_chrf", "valid_perplexity", "signature", "seconds", "steps", "tokens_per_second",
    }  # fmt: skip
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert names == {
        "config.json", "model.safetensors", "source/tokenizer.json", "target/tokenizer.json", "log.jsonl", "run.json",
        "README.md", "training_state/checkpoint.safetensors", "training_state/initial.safetensors",
        "training_state/lock",
    }  # fmt: skip
    assert len(run("translate", out, "--beam", 1, given=LINES).lines) == 3
    table = run("train-translator", *files, "--out", out, "--resume").out
    assert f"{summary['valid_perplexity']:.2f}" in table and f"BLEU: {summary['signature']}" in table
    again = run("train-translator", *files, *options)
    assert again.status == 1 and "--resume" in again.err and "--overwrite" in again.err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--sample", "--beam", "3"], 2, "--sample draws and does not search: leave --beam and the penalties out"),
        (["--sample", "--length-penalty", "1"], 2, "leave --beam and the penalties out"),
        (["--sample", "--n-best", "0"], 2, "--n-best 0: give a number of at least 1"),
        (["--sample", "--top-p", "0"], 2, "--top-p 0.0: give a number above 0"),
        (["--sample", "--temperature", "nan"], 2, "--temperature nan: give a finite number"),
        (["--temperature", "0.5"], 2, "are settings of --sample"),
        (["--top-k", "5"], 2, "are settings of --sample"),
        (["--n-best", "9"], 2, "--n-best 9: give at most the width of the beam, --beam 5"),
        (["--beam", "0"], 2, "--beam 0: give a number of at least 1"),
        (["{text}", "{text}"], 2, "give a model and one file"),
        (["--ensemble", "{pieces}"], 2, "its vocabulary is not that of"),
        (["--ensemble", "{lm}"], 1, "a model of kind language-model, but translator is needed here"),
        (["--ensemble", "nowhere"], 1, "nowhere: no such model directory"),
        (["--alignments", "a.txt"], 2, "a.txt: alignments are drawn into files ending in .png"),
        (["--alignments", "nowhere/a.html"], 1, "nowhere"),
    ],
)
def test_options_that_cannot_work_are_told_in_one_line(
    run: Run, word_translator, small_translator, small_model, english, tmp_path, monkeypatch, arguments, status, message
) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"pieces": small_translator, "lm": small_model, "text": english}
    found = run("translate", word_translator, *(one.format(**places) for one in arguments), given=LINES)
    assert (found.status, message in found.err, found.err.count("\n")) == (status, True, 1), found.err
    assert "nowhere" in message or found.out == ""
    assert list(tmp_path.iterdir()) == [english]


@pytest.mark.parametrize(
    "option", [["--alignments", "a.html"], ["--coverage-penalty", "0.2"]], ids=["alignments", "coverage"]
)
def test_what_needs_attention_is_refused_without_it(
    run: Run, blind_translator: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    found = run("translate", blind_translator, *option, given=LINES)
    assert (found.status, found.out, found.err.count("\n")) == (2, "", 1)
    assert "no attention" in found.err and "leave" in found.err
    assert list(tmp_path.iterdir()) == []


BAD = [
    (None, "bad.en: no such file"),
    (b"", "bad.en: the file is empty"),
    (b"a bird\ncaf\xe9 noir\n", "bad.en:2: byte 0xe9 is not UTF-8"),
    (b"a bird\n\na\x00b\n", "bad.en:3: a NUL byte"),
    ("a bird\n".encode("utf-16"), "bad.en: UTF-16 text"),
    (b"\x7fELF\x02\x01" + bytes(range(256)) * 40, "bad.en: not a text file"),
    (b"\x1f\x8b\x08\x00garbage that is no gzip", "bad.en: the gzip file is cut short or damaged"),
]
KINDS = ["missing", "empty", "latin-1", "NUL", "UTF-16", "binary", "gzip"]


@pytest.mark.parametrize(("content", "message"), BAD, ids=KINDS)
@pytest.mark.parametrize("command", ["translate", "evaluate", "train-translator", "train-translator --valid"])
def test_text_that_cannot_be_read(
    run: Run, word_translator: Path, parallel_text: Path, tmp_path: Path, command: str, content, message: str
) -> None:
    bad, out, good = tmp_path / "bad.en", tmp_path / "out", parallel_text / "pairs.pt"
    if content is not None:
        bad.write_bytes(content)
    arguments = {
        "translate": [word_translator, bad],
        "evaluate": [word_translator, good, bad],
        "train-translator": [bad, good, "--out", out],
        "train-translator --valid": [good, good, "--valid", good, "--valid", bad, "--out", out],
    }[command]
    found = run(command.split()[0], *arguments)
    assert (found.status, found.out, found.err.count("\n")) == (1, "", 1), found.err
    assert found.err.startswith("nlprnn: ") and message in found.err
    assert [path.name for path in tmp_path.iterdir()] == ([] if content is None else ["bad.en"])


@pytest.mark.parametrize("given", [b"caf\xe9\n", b"a\x00b\n"])
def test_standard_input_that_is_no_text(run: Run, word_translator: Path, given: bytes) -> None:
    found = run("translate", word_translator, given=b"\n" * 3 + given)
    assert (found.status, found.err.count("\n")) == (1, 1)
    assert "standard input:4: " in found.err


@pytest.mark.parametrize("command", ["evaluate", "train-translator"])
def test_files_of_unlike_length_are_told_with_both_counts(
    run: Run, word_translator: Path, parallel_text: Path, english: Path, tmp_path: Path, command: str
) -> None:
    model = [word_translator] if command == "evaluate" else ["--out", tmp_path / "out"]
    found = run(command, *model, parallel_text / "pairs.en", english)
    assert (found.status, found.out, found.err.count("\n")) == (1, "", 1)
    assert "text.en: 3 lines, but" in found.err and "pairs.en has 300" in found.err
    assert list(tmp_path.iterdir()) == [english]


def test_models_of_another_kind_or_none_are_refused(
    run: Run, small_model: Path, small_translator: Path, parallel_text: Path, english: Path, tmp_path: Path
) -> None:
    for arguments, message in (
        (["translate", small_model, english], "a model of kind language-model, but translator is needed here"),
        (["translate", tmp_path, english], "not a model directory (it has no config.json)"),
        (["translate", tmp_path / "nowhere", english], "nowhere: no such model directory"),
        (["predict", small_translator, "the bird"], "a model of kind 'translator', which this command does not use"),
        (["evaluate", small_translator, english], "text.en:1: 1 cell, not source and target"),
    ):
        found = run(*arguments)
        assert (found.status, found.out, found.err.count("\n")) == (1, "", 1)
        assert message in found.err
    for arguments, message in (
        (["evaluate", small_translator, parallel_text / "pairs.tsv", "--cache"], "--cache is for a language model"),
        (["evaluate", small_model, english, "--beam", 3], "--beam is for a translator; leave it out"),
    ):
        found = run(*arguments)
        assert (found.status, found.out, found.err.count("\n")) == (2, "", 1)
        assert message in found.err


def test_an_output_directory_that_holds_something_else_is_left_alone(
    run: Run, parallel_text: Path, tmp_path: Path
) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter1.tex").write_text("draft")
    for flag in ([], ["--overwrite"], ["--resume"]):
        found = run("train-translator", parallel_text / "pairs.tsv", "--out", out, *flag)
        assert (found.status, found.err.count("\n")) == (1, 1)
        assert f"{out}: not empty and not a model of nlprnn" in found.err
    assert [path.name for path in out.iterdir()] == ["chapter1.tex"]


def test_bad_input_does_not_cost_the_model_that_was_to_be_replaced(
    run: Run, word_translator: Path, parallel_text: Path, tmp_path: Path
) -> None:
    out, bad = tmp_path / "out", tmp_path / "bad.tsv"
    shutil.copytree(word_translator, out)
    bad.write_text("no tab here\n")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert run("train-translator", bad, "--out", out, "--overwrite").status == 1
    whole = parallel_text / "pairs.tsv"
    assert run("train-translator", whole, "--out", out, "--overwrite", "--vocab", bad, "--separate").status == 2
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


class Typist(threading.Thread):
    """Types at a terminal: each line only when what stood before it has been answered."""

    def __init__(self, terminal: int, lines: list[bytes]) -> None:
        super().__init__(daemon=True)
        self.terminal, self.lines, self.seen, self.answers = terminal, lines, b"", 0
        self.patient_until = time.monotonic() + 60

    def run(self) -> None:
        for line in [*self.lines, b"\x04"]:  # Ctrl-D
            while not self.seen.endswith(b"> ") and time.monotonic() < self.patient_until:
                self.seen += os.read(self.terminal, 1)
            self.answers += 1
            self.seen += b"|"
            os.write(self.terminal, line)


@pytest.mark.parametrize("odd", [b"the dogs are old .\n", b"caf\xe9\n", b"\n"], ids=["line", "latin-1", "blank"])
def test_at_a_prompt_each_line_is_answered_before_the_next_is_typed(
    word_translator: Path, run: Run, monkeypatch: pytest.MonkeyPatch, odd: bytes
) -> None:
    expected = [run("translate", word_translator, given=line.decode(errors="replace")).out for line in (odd, odd)]
    ours, theirs = pty.openpty()
    typist = Typist(ours, [odd, odd])
    with open(os.dup(theirs), encoding="utf-8") as keys, open(theirs, "w", encoding="utf-8") as screen:
        monkeypatch.setattr(sys, "stdin", keys)
        monkeypatch.setattr(sys, "stdout", screen)
        monkeypatch.setattr(sys, "stderr", screen)
        typist.start()
        main(["translate", str(word_translator)])
        typist.join(timeout=60)
        screen.flush()
    shown = [part.replace(odd.replace(b"\n", b"\r\n"), b"", 1) for part in typist.seen.split(b"> |")]  # less the echo
    assert shown == [b"", *(answer.replace("\n", "\r\n").encode() for answer in expected), b""]
    os.close(ours)


@pytest.mark.slow
def test_ctrl_c_while_translating_leaves_whole_lines(
    word_translator: Path, parallel_text: Path, tmp_path: Path
) -> None:
    lines = (parallel_text / "pairs.en").read_text(encoding="utf-8").splitlines()
    path, output = tmp_path / "long.en", tmp_path / "found"
    path.write_text("".join(line + "\n" for line in lines * 200), encoding="utf-8")
    command = [sys.executable, "-m", "nlprnn", "translate", str(word_translator), str(path)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.PIPE, env=environment)
        while output.stat().st_size < 30_000 and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip() == b"nlprnn: interrupted"
    text = output.read_text(encoding="utf-8")
    assert text.endswith("\n")
    found = text.split("\n")[:-1]
    assert 500 < len(found) < len(lines) * 200
    first = tmp_path / "first.en"
    first.write_text("".join(line + "\n" for line in (lines * 200)[: len(found)]), encoding="utf-8")
    whole = subprocess.run([*command[:-1], str(first)], capture_output=True, text=True, check=True, env=environment)
    assert whole.stdout == text


@pytest.mark.slow
def test_ctrl_c_while_training_keeps_a_model_and_says_how_to_go_on(
    run: Run, parallel_text: Path, english: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "nlprnn", "train-translator", parallel_text / "pairs.tsv", "--out", out]
    options = ["--hidden", "24", "--embedding", "24", "--epochs", "500", "--tokenizer", "words", "--threads", "1"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (out / "log.jsonl").is_file() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    told, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume goes on" in err and "validation BLEU" in told
    assert len(run("translate", out, english).lines) == 3
