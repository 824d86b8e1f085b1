"""Evaluation with and without adapting to the text: what is reported, and that nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nlprnn import evaluate, load
from nlprnn.errors import ConfigError, DataError
from nlprnn.inference import cache as cache_module
from nlprnn.inference import dynamic as dynamic_module
from nlprnn.tasks.evaluation import Cache, Dynamic


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamic_module, "SEGMENTS", 3)
    monkeypatch.setattr(dynamic_module, "COLUMNS", 8)


@pytest.fixture
def short(text: Path, tmp_path: Path) -> Path:
    path = tmp_path / "short.txt"
    path.write_text("".join(text.read_text(encoding="utf-8").splitlines(keepends=True)[:40]), encoding="utf-8")
    return path


def test_adapting_adds_figures_and_leaves_the_plain_ones_and_the_model_alone(small_model: Path, short: Path) -> None:
    model = load(small_model)
    files = {path: path.read_bytes() for path in small_model.rglob("*") if path.is_file()}
    weights = [parameter.detach().clone() for parameter in model.model.parameters()]
    plain = evaluate(model, short)
    adapting = evaluate(model, short, cache=Cache(window=50, theta=0.2, share=0.1), dynamic=Dynamic(lr=1e-4))
    assert {key: adapting[key] for key in plain} == plain
    assert set(adapting) - set(plain) == {"perplexity_cache", "cache", "perplexity_dynamic", "dynamic"}
    assert adapting["cache"] == {"window": 50, "theta": 0.2, "lambda": 0.1, "tuned_on": None}
    assert adapting["dynamic"] == {"lr": 1e-4, "decay": Dynamic().decay, "segment": 5, "tuned_on": None}
    for key in ("perplexity_cache", "perplexity_dynamic"):
        assert plain["perplexity"] / 1.5 < adapting[key] < plain["perplexity"] * 1.5
        assert adapting[key] != plain["perplexity"]
    assert all(torch.equal(a, b) for a, b in zip(weights, model.model.parameters(), strict=True))
    assert {path: path.read_bytes() for path in small_model.rglob("*") if path.is_file()} == files
    assert evaluate(model, short) == plain


def test_without_weight_and_without_learning_both_figures_are_the_plain_one(small_model: Path, short: Path) -> None:
    found = evaluate(load(small_model), short, cache=Cache(share=0.0), dynamic=Dynamic(lr=0.0))
    assert found["perplexity_cache"] == pytest.approx(found["perplexity"], rel=1e-5)  # one column, as the text is short
    assert found["perplexity_dynamic"] == pytest.approx(found["perplexity"], rel=1e-5)


def test_settings_are_chosen_on_the_text_to_tune_on_and_are_told(
    small_model: Path, short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamic_module, "RATES", (0.0, 1e-4))
    other = tmp_path / "other.txt"
    other.write_text(short.read_text().splitlines()[3] + "\n")
    other.write_text(other.read_text() * 30)  # nothing but repetition: all weight to the cache, and learning pays
    notes: list[str] = []
    found = evaluate(load(small_model), short, note=notes.append, cache=Cache(30), dynamic=Dynamic(), tune=other)
    assert found["cache"]["lambda"] == max(cache_module.SHARES)
    assert found["cache"]["window"] == 30
    assert found["dynamic"]["lr"] == 1e-4
    assert found["cache"]["tuned_on"] == found["dynamic"]["tuned_on"] == str(other)
    assert not [note for note in notes if "--tune" in note]
    again = Cache(30, found["cache"]["theta"], found["cache"]["lambda"])
    assert evaluate(load(small_model), short, cache=again)["perplexity_cache"] == found["perplexity_cache"]


def test_tuning_on_the_evaluated_text_is_noted(small_model: Path, short: Path) -> None:
    notes: list[str] = []
    evaluate(load(small_model), short, note=notes.append, cache=Cache(), tune=short)
    assert any("--tune" in note and "too good" in note for note in notes)


def test_what_cannot_be_adapted_or_tuned_is_refused(small_model: Path, small_ngram: Path, short: Path) -> None:
    for settings in ({"cache": Cache()}, {"dynamic": Dynamic()}):
        with pytest.raises(ConfigError, match=r"ngram is an n-gram model; --cache and --dynamic need a neural one"):
            evaluate(load(small_ngram), short, **settings)
    with pytest.raises(ConfigError, match="--tune"):
        evaluate(load(small_model), short, tune=short)
    with pytest.raises((DataError, OSError), match=r"nowhere\.txt"):
        evaluate(load(small_model), short, cache=Cache(), tune="nowhere.txt")
