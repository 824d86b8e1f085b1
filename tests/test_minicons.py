"""The adapter in docs/: minicons, installed in an environment of its own, says of a model what nlprnn says."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_minicons_finds_the_same_log_probabilities_and_the_same_accuracy(small_model: Path, tmp_path: Path) -> None:
    python = os.environ.get("NLPRNN_MINICONS")
    if not python:
        pytest.skip("minicons is not here: set NLPRNN_MINICONS to the python of an environment that has it")
    items = tmp_path / "items.jsonl"
    with items.open("w", encoding="utf-8") as stream:
        for noun in ("writer", "guard", "writers", "guards"):
            for rest in ("near the books", "of the guards", "zorkly"):
                verbs = (" laughs.", " laugh.") if not noun.endswith("s") else (" laugh.", " laughs.")
                good, bad = (f"the {noun} {rest}{verb}" for verb in verbs)
                print(json.dumps({"sentence_good": good, "sentence_bad": bad, "UID": "made"}), file=stream)
    done = subprocess.run(
        [python, ROOT / "docs" / "minicons_adapter.py", small_model, items],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = dict(line.split() for line in done.stdout.splitlines())
    assert int(found["pairs"]) == 12
    assert float(found["difference"]) < 1e-4
    assert found["nlprnn"] == found["minicons"]
