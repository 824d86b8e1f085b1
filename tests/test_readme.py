"""The README's commands and its Python are run, with the training cut short."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from nlprnn.cli import main

ROOT = Path(__file__).parent.parent
FIRST = 800  # lines of each corpus that the commands are run on
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)


def shortened(text: str) -> str:
    """The same with one epoch of a small network in the place of minutes, and few sentences."""
    text = re.sub(r"--sentences \d+", "--sentences 50", text)
    text = re.sub(r"--max-minutes [\d.]+", "--epochs 1 --threads 1", text)
    return re.sub(r"max_minutes=[\d.]+", "epochs=1, threads=1, quiet=True", text)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the beginnings of this project's corpora, to run in."""
    (tmp_path / "corpora").mkdir()
    for corpus in (ROOT / "corpora").iterdir():
        lines = corpus.read_text(encoding="utf-8").splitlines(keepends=True)
        (tmp_path / "corpora" / corpus.name).write_text("".join(lines[:FIRST]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_of_the_readme_runs(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ nlprnn ")]
    assert len(lines) >= 8
    for line in lines:
        try:
            main(shlex.split(shortened(line))[1:])
        except SystemExit as end:
            assert not end.code, f"{line}\n{capsys.readouterr().err}"


def test_the_python_of_the_readme_runs(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks("python")
    assert len([line for line in example.splitlines() if line.strip()]) <= 12
    exec(compile(shortened(example), "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_every_file_that_the_readme_names_is_there() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists(), link
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)
    for target in re.findall(r"`make ([a-z]+)`", README):
        assert target in targets
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
