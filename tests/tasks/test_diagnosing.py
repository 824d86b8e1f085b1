"""What a diagnosis consists of, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlprnn.errors import ConfigError, DataError
from nlprnn.reports.diagnosis_html import diagnosis_page
from nlprnn.tasks import diagnosing
from nlprnn.tasks.diagnosing import MODEL_PARTS, Diagnosis, diagnose
from nlprnn.tasks.diagnosis_jobs import PARTS
from nlprnn.tasks.loading import load_text_model
from tests.tasks.test_diagnosis_jobs import TINY


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosing, "QUICK", TINY)
    monkeypatch.setattr(diagnosing, "QUICK_TARGETS", 8)


def test_everything_is_measured_told_and_drawn(small_model: Path, text: Path) -> None:
    found = diagnose(load_text_model(small_model), text, ("rnn-tanh", "lstm"), quick=True, processes=1)
    assert set(PARTS) | set(MODEL_PARTS) <= set(found.found)
    told = found.json()
    assert json.loads(json.dumps(told)) == told
    assert told["settings"]["tokens"] > 1000 and told["settings"]["budgets"]["recall"]["seeds"] == 2
    assert "clip" not in told["settings"]["budgets"]["measures"]
    for name, (header, rows) in found.tables().items():
        assert rows and {len(row) for row in rows} == {len(header)}, name
    assert {"gains-summary", "measures-norm", "learnt-saturation", "saturation-unit", "rates"} <= set(found.tables())
    assert all(heading in diagnosis_page(told) for heading in ("What your model carries", "Short-term memory"))


def test_only_what_is_asked_for_is_measured() -> None:
    found = diagnose(parts=["gains"], cells=["gru"], quick=True, seed=3, processes=1)
    assert set(found.found) == {"gains"} and found.settings["seed"] == 3
    assert isinstance(found, Diagnosis) and found.settings["model"] is None


def test_what_does_not_go_together_is_refused(small_model: Path, small_ngram: Path, text: Path) -> None:
    model = load_text_model(small_model)
    for wrong, told in (
        ({"cells": ["gruu"]}, "--cells gruu"),
        ({"parts": ["recall", "reach"]}, "--parts reach: of a trained model"),
        ({"parts": []}, "give each once"),
        ({"cells": ["gru", "gru"]}, "give each once"),
        ({"model": model}, "--text FILE together"),
        ({"model": load_text_model(small_ngram), "text": text}, "is an n-gram model"),
    ):
        with pytest.raises(ConfigError, match=told):
            diagnose(**wrong)  # type: ignore[arg-type]


def test_a_text_that_is_too_short_is_told(small_model: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text("the writer is old .\n", encoding="utf-8")
    with pytest.raises(DataError, match="the text has 6 tokens"):
        diagnose(load_text_model(small_model), short, parts=["context"])
