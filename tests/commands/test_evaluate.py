"""`nlprnn evaluate` with a cache and with dynamic evaluation, as a user meets it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nlprnn.cli import main
from nlprnn.inference import dynamic as dynamic_module
from nlprnn.tasks.evaluation import Cache


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, small_model: Path, text: Path):
    monkeypatch.setattr(dynamic_module, "SEGMENTS", 3)
    short = small_model.parent / "short.txt"
    short.write_text("".join(text.read_text(encoding="utf-8").splitlines(keepends=True)[:20]), encoding="utf-8")

    def call(*options: str, status: int = 0, model: Path = small_model) -> str:
        """What the command writes to standard output, or to standard error where it fails with `status`."""
        found = 0
        try:
            main(["evaluate", str(model), str(short), *options])
        except SystemExit as end:
            found = int(end.code or 0)
        captured = capsys.readouterr()
        assert found == status, captured.err
        return captured.err if status else captured.out

    return call


def test_keys_are_added_only_when_they_are_asked_for(printed) -> None:
    plain = json.loads(printed("--json"))
    with_cache = json.loads(printed("--cache", "--cache-window", "100", "--json"))
    learning = json.loads(printed("--dynamic", "--json"))
    assert set(with_cache) - set(plain) == {"perplexity_cache", "cache"}
    assert with_cache["cache"]["window"] == 100
    assert set(learning) - set(plain) == {"perplexity_dynamic", "dynamic"}
    for found in (with_cache, learning):
        assert {key: found[key] for key in plain} == plain


def test_the_table_says_that_figures_are_not_comparable(printed) -> None:
    table = printed("--cache", "--dynamic")
    found = json.loads(printed("--cache", "--dynamic", "--json"))
    for label, key in (("with a cache *", "perplexity_cache"), ("with dynamic evaluation *", "perplexity_dynamic")):
        assert re.search(rf"perplexity {re.escape(label)} +{found[key]:.3f}\n", table)
    assert "* adapts to the text while reading it: not comparable" in table
    assert "cache: window 2,000, theta 0.3" in table
    assert "not tuned" in table
    assert "*" not in printed()


def test_help_tells_the_window_that_is_used(printed) -> None:
    assert f"[default: {Cache().window}]" in " ".join(printed("--help").split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--cache-window", "100"], "--cache-window is a setting of --cache"),
        (["--cache", "--cache-window", "0"], "--cache-window 0: give a number of at least 1"),
        (["--tune", "valid.txt"], "--tune chooses the settings of --cache and --dynamic"),
    ],
)
def test_what_cannot_work_is_told_in_one_line(printed, options: list[str], message: str) -> None:
    assert message in printed(*options, status=2)


def test_an_ngram_model_can_do_neither(printed, small_ngram: Path) -> None:
    for option in ("--cache", "--dynamic"):
        line = printed(option, status=2, model=small_ngram)
        assert "n-gram" in line
        assert line.count("\n") == 1
