"""`nlprnn diagnose` as it is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nlprnn.cli import main
from nlprnn.tasks import diagnosing
from tests.tasks.test_diagnosis_jobs import TINY


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosing, "QUICK", TINY)


def status(*arguments: object) -> int:
    try:
        main(["diagnose", *map(str, arguments)])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_key_figures_are_printed_and_files_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, report = tmp_path / "out", tmp_path / "report.html"
    asked = ("--parts", "gains", "--cells", "gru", "--quick", "--out", out, "--report", report)
    assert status(*asked) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[1].split() == ["state", "gain", "1"]
    assert printed.out.splitlines()[2].startswith("gru ")
    assert f"4 tables and plots: {out}" in printed.err
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert status(*asked) == 2 and "add --overwrite" in capsys.readouterr().err


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert status("--parts", "gains", "--cells", "gru", "--quick", "--json") == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert set(told) == {"settings", "gains"} and told["gains"]["curves"][0]["network"] == "gru"


def test_a_trained_model_is_looked_into(small_model: Path, text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(small_model, "--text", text, "--parts", "saturation") == 0
    assert capsys.readouterr().out.startswith("Your model: saturation")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--parts", "everything"), "--parts everything: choose some of gains,"),
        (("--cells", ""), "--cells : choose some of"),
        (("--parts", "context"), "give MODEL and --text FILE"),
    ],
)
def test_wrong_usage_is_told_in_one_line(
    arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(*arguments) == 2
    printed = capsys.readouterr()
    assert told in printed.err and printed.err.count("\n") == 1 and not printed.out


def test_ctrl_c_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(diagnosing, "measure", interrupted)
    assert status("--quick", "--out", tmp_path / "out", "--report", tmp_path / "report.html") == 130
    assert list(tmp_path.iterdir()) == [] and "interrupted" in capsys.readouterr().err
