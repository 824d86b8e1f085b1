"""What stands on the disk after a diagnosis, and what is never lost."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from nlprnn.errors import ConfigError
from nlprnn.tasks.diagnosing import Diagnosis
from nlprnn.tasks.diagnosis_files import check_places, write_out, write_report
from nlprnn.tasks.diagnosis_jobs import measure
from tests.tasks.test_diagnosis_jobs import TINY

SETTINGS = {"packages": {}, "cells": ["gru"], "seed": 1, "quick": True, "tested": 1, "budgets": {}, "model": None}


@pytest.fixture(scope="module")
def found() -> Diagnosis:
    return Diagnosis(SETTINGS, measure(("gains", "bptt"), ("gru",), 1, TINY, 1))


def test_every_table_and_plot_is_a_file(found: Diagnosis, tmp_path: Path) -> None:
    written = write_out(found, tmp_path / "new" / "folder")
    assert {path.name for path in written} == {
        "gains.tsv", "gains-summary.tsv", "gains.png", "gains-gru.png",
        "rates.tsv", "bptt.tsv", "bptt-gru.png",
    }  # fmt: skip
    with (tmp_path / "new" / "folder" / "bptt.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, dialect="excel-tab"))
    assert [(row["cell"], int(row["bptt"]), float(row["accuracy"])) for row in rows] == [
        (run.cell, run.bptt, pytest.approx(run.accuracy, abs=1e-5)) for run in found.found["bptt"].runs
    ]
    assert all(path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" for path in written if path.suffix == ".png")


def test_an_earlier_diagnosis_leaves_nothing_behind_and_other_files_stay(found: Diagnosis, tmp_path: Path) -> None:
    for name in ("notes.tsv", "recall.tsv", "recall.png", "rates.tsv"):
        (tmp_path / name).touch()
    write_out(Diagnosis(SETTINGS, {"rates": found.found["rates"]}), tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"notes.tsv", "rates.tsv", "diagnosis.json"} and (tmp_path / "rates.tsv").stat().st_size > 0


def test_nothing_that_is_there_is_replaced_unasked(found: Diagnosis, tmp_path: Path) -> None:
    ours, theirs, page = tmp_path / "ours", tmp_path / "theirs", tmp_path / "page.html"
    write_out(Diagnosis(SETTINGS, {}), ours)
    write_report(found, page)
    theirs.mkdir()
    (theirs / "thesis.txt").touch()
    check_places(tmp_path / "new", tmp_path / "new.html", False)
    check_places(ours, page, True)
    for out, report, overwrite, told in (
        (ours, None, False, "add --overwrite"),
        (theirs, None, True, "not a diagnosis"),
        (page, None, True, "a file of that name"),
        (None, page, False, "add --overwrite"),
        (None, tmp_path / "no" / "page.html", False, "there is no folder"),
        (None, ours, True, "a folder of that name"),
    ):
        with pytest.raises(ConfigError, match=told):
            check_places(out, report, overwrite)
