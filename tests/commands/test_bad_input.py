"""Bad input through the command line: one line that names the file, the place and the remedy, and nothing lost."""

from __future__ import annotations

import json
import os
import pickle
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nlprnn.cli import main

QUICK = ["--hidden", "8", "--epochs", "1", "--batch-size", "4", "--threads", "1"]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]):
    """Runs a command that must fail with status 1 and one line, and gives the line."""

    def call(*arguments: object) -> str:
        capsys.readouterr()  # what was printed before
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert end.value.code == 1
        assert captured.out == ""
        last = captured.err.rstrip("\n").split("\n")[-1]
        assert last.startswith("nlprnn: ")
        assert "Traceback" not in captured.err
        return last

    return call


def corpus(lines: int = 60) -> str:
    rng = random.Random(1)
    return "".join(
        " ".join(rng.choice(["a", "man", "sees", "the", "old", "dog", "and", "runs", "home"]) for _ in range(8)) + "\n"
        for _ in range(lines)
    )


@pytest.mark.parametrize("command", ["train-lm", "train-ngram"])
@pytest.mark.parametrize(
    ("content", "place", "remedy"),
    [
        (None, "bad.txt", "no such file"),
        (b"", "bad.txt", "empty"),
        (b"\n\n  \n", "bad.txt", "every line is blank"),
        (b"\x7fELF\x02\x01" + bytes(range(256)) * 40, "bad.txt", "not a text file"),
        (corpus(30).encode() + b"caf\xe9 noir\n" + corpus().encode(), "bad.txt:31", "iconv"),
        (corpus(5).encode() + b"a\x00b\n" + corpus().encode(), "bad.txt:6", "NUL"),
        (corpus().encode("utf-16"), "bad.txt", "UTF-16"),
        (b"\x1f\x8b\x08\x00garbage that is no gzip", "bad.txt", "gzip"),
    ],
    ids=["missing", "empty", "blank", "binary", "latin-1", "NUL", "UTF-16", "gzip"],
)
def test_a_corpus_that_cannot_be_read(refused, tmp_path: Path, command: str, content, place: str, remedy: str) -> None:
    bad = tmp_path / "bad.txt"
    if content is not None:
        bad.write_bytes(content)
    line = refused(command, bad, "--out", tmp_path / "out")
    assert place in line
    assert remedy in line
    assert not (tmp_path / "out").exists()


def test_a_corpus_shorter_than_one_batch(refused, tmp_path: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text("one line of words\n" * 25)
    assert "--batch-size" in refused("train-lm", short, "--out", tmp_path / "out", "--batch-size", 64)
    assert not (tmp_path / "out").exists()


def test_bad_input_does_not_cost_the_model_that_was_to_be_replaced(refused, tmp_path: Path) -> None:
    good, bad, out = tmp_path / "good.txt", tmp_path / "bad.txt", tmp_path / "out"
    good.write_text(corpus())
    bad.write_bytes(b"\xff\xfe\x00")
    main(["train-lm", str(good), "--out", str(out), *QUICK])
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    refused("train-lm", bad, "--out", out, "--overwrite")
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_resuming_on_another_text(refused, tmp_path: Path) -> None:
    one, other, out = tmp_path / "one.txt", tmp_path / "other.txt", tmp_path / "out"
    one.write_text(corpus())
    other.write_text(corpus(80))
    main(["train-lm", str(one), "--out", str(out), *QUICK])
    assert "another text" in refused("train-lm", other, "--out", out, "--resume")


def test_an_output_directory_that_is_someone_elses(refused, tmp_path: Path) -> None:
    text, out = tmp_path / "text.txt", tmp_path / "thesis"
    text.write_text(corpus())
    out.mkdir()
    (out / "chapter1.tex").write_text("draft")
    for flag in ([], ["--overwrite"], ["--resume"]):
        assert str(out) in refused("train-lm", text, "--out", out, *flag)
    assert [path.name for path in out.iterdir()] == ["chapter1.tex"]


def test_a_pickle_that_tries_to_run_code(refused, small_model: Path, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "boom"),)

    suite = tmp_path / "suite.pickle"
    suite.write_bytes(pickle.dumps({"sing": [("a", "b")], "x": Bomb()}))
    assert "suite.pickle" in refused("probe-agreement", small_model, "--suite", suite)
    assert not (tmp_path / "boom").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MB; needs the right to mount."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk(refused, small_disk: Path, text: Path) -> None:
    line = refused("train-lm", text, "--out", small_disk / "lm", "--hidden", 200, "--epochs", 1, "--batch-size", 8)
    assert "No space left" in line
    assert not list(small_disk.rglob("*.tmp"))


@pytest.mark.parametrize(
    ("content", "more"),
    [
        (b"\xef\xbb\xbf" + corpus().encode(), 0),
        (corpus().replace("\n", "\r\n").encode(), 0),
        (corpus().encode() + b"word and " * 1_200_000 + b"\n", 2_400_001),
    ],
    ids=["BOM", "CRLF", "10 MB line"],
)
def test_what_is_odd_but_readable_is_read_like_the_plain_text(tmp_path: Path, content: bytes, more: int) -> None:
    plain, odd = tmp_path / "plain.txt", tmp_path / "odd.txt"
    plain.write_text(corpus())
    odd.write_bytes(content)
    counts = []
    for path in (plain, odd):
        out = tmp_path / path.stem
        main(["train-ngram", str(path), "--valid", str(plain), "--out", str(out), "--min-count", "1"])
        tokens = json.loads((out / "tokenizer.json").read_text(encoding="utf-8"))["tokens"]
        counts.append(dict(zip(tokens, json.loads((out / "counts.json").read_text())["counts"], strict=True)))
    assert sum(counts[1].values()) - sum(counts[0].values()) == more
    assert set(counts[1]) - set(counts[0]) == ({"word", "and"} - set(counts[0]) if more else set())


def test_a_vocabulary_larger_than_the_corpus_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "text.txt"
    text.write_text(corpus())
    for tokenizer in ("words", "bpe", "unigram"):
        arguments = ["--tokenizer", tokenizer, "--vocab-size", "50000", "--out", str(tmp_path / tokenizer)]
        main(["train-ngram", str(text), *arguments])
        err = capsys.readouterr().err
        assert re.search(r"note: .*50,?000", err), err


@pytest.mark.slow
def test_a_long_line_is_read_in_bounded_memory(tmp_path: Path) -> None:
    odd = tmp_path / "odd.txt"
    with odd.open("w") as file:
        file.write(corpus(40))
        for _ in range(100):
            file.write("word and " * 120_000)  # 108 MB without a line end
        file.write("\n" + corpus())
    script = (
        "import resource\nfrom nlprnn.text.corpus import open_corpus\nfrom nlprnn.text.store import build_store\n"
        "from nlprnn.text.tokenizer import train_tokenizer\nfrom nlprnn.config.tokenizing import TokenizerConfig\n"
        f"before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\ntext = open_corpus({str(odd)!r})\n"
        "tokenizer, _ = train_tokenizer(TokenizerConfig(min_count=1), text.train)\n"
        "store = build_store(text.train, tokenizer)\n"
        "print(len(store.ids), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    tokens, growth = map(int, done.stdout.split())
    assert tokens > 24_000_000
    assert growth < 300_000  # kB
