"""The continuous cache against the paper's formula written out, and against counts made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from nlprnn.config.language_model import LanguageModelConfig
from nlprnn.errors import ConfigError
from nlprnn.inference import cache as cache_module
from nlprnn.inference.cache import Cache, cache_nll, cached, tune_cache
from nlprnn.inference.streams import stream_nll
from nlprnn.models.language_model import LanguageModel

VOCABULARY = 7


def network(embedding: int = 6) -> LanguageModel:
    model = LanguageModel(LanguageModelConfig(hidden=6, layers=2, embedding=embedding), VOCABULARY)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-1.5, 1.5, generator=generator)
    return model.eval()


def text(length: int = 60) -> np.ndarray:
    return np.random.default_rng(4).integers(0, VOCABULARY, length).astype(np.uint16)


def by_the_formula(model: LanguageModel, ids: np.ndarray, cache: Cache) -> float:
    """Equations 2 and 3 of the paper and their interpolation, one token and one remembered token at a time."""
    remembered: list[tuple[np.ndarray, int]] = []
    state, before, total = model.start(1), 0, 0.0
    for token in ids.tolist():
        with torch.no_grad():
            outputs, state = model.outputs(torch.tensor([[before]]), state)
            alone = torch.softmax(model.vocabulary.logits(outputs[0, 0]).double(), dim=0).numpy()
        h = outputs[0, 0].double().numpy()
        mass = np.zeros(VOCABULARY)
        for other, word in remembered[-cache.window :]:
            mass[word] += math.exp(cache.theta * float(h @ other))
        mixed = (1 - cache.share) * alone + cache.share * mass / mass.sum() if remembered else alone
        total -= math.log(mixed[token])
        remembered.append((h, token))
        before = token
    return total


@pytest.mark.parametrize("block", [1, 7, 256])
@pytest.mark.parametrize("window", [1, 9, 1000])
def test_the_cache_is_the_papers_formula(window: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "BLOCK", block)
    cache = Cache(window, theta=0.7, share=0.4)
    for embedding in (6, 4):  # with 4 a projection stands between what the cache compares and the output matrix
        model = network(embedding)
        expected = by_the_formula(model, text(), cache)
        assert cache_nll(model, text(), cache) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("length", [0, 1, 5, 40])
def test_the_probabilities_of_all_next_tokens_add_up_to_one(length: int) -> None:
    model, cache = network(), Cache(window=8, theta=0.5, share=0.6)
    before = cache_nll(model, text(length), cache)
    continued = [np.append(text(length), token) for token in range(VOCABULARY)]
    after = [cache_nll(model, ids, cache) for ids in continued]
    assert sum(math.exp(before - nll) for nll in after) == pytest.approx(1.0, abs=1e-5)


def test_without_likeness_the_cache_is_a_histogram_of_the_window() -> None:
    words = torch.tensor([3, 5, 3, 3, 1])
    keys = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))
    found = cached(keys[2:], keys, words, torch.tensor([3, 5, 3]), window=3, thetas=[0.0])
    # before the third token stand 3 5, before the fourth 3 5 3, before the fifth 5 3 3
    assert found.tolist() == [pytest.approx([1 / 2, 1 / 3, 2 / 3])]


def test_a_model_that_knows_nothing_has_the_cache_counted_by_hand() -> None:
    model = network()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()  # every h is 0, every token as likely
    alone, share = 1 / VOCABULARY, 0.25
    by_hand = [alone, 0.75 * alone, 0.75 * alone + share / 2, 0.75 * alone + share * 2 / 3]
    nll = cache_nll(model, np.array([2, 4, 2, 2]), Cache(window=10, theta=9.0, share=share))
    assert nll == pytest.approx(-sum(map(math.log, by_hand)), rel=1e-6)


def test_a_cache_of_no_weight_is_the_plain_stream() -> None:
    model, ids = network(), text(300)
    plain = stream_nll(model, ids, columns=1)
    assert cache_nll(model, ids, Cache(share=0.0)) == pytest.approx(plain, rel=1e-6)


def test_tuning_takes_the_best_of_what_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "THETAS", (0.0, 0.5, 3.0))
    monkeypatch.setattr(cache_module, "SHARES", (0.1, 0.9))
    model, ids = network(), np.tile(text(9), 6)
    tried = [Cache(20, theta, share) for theta in (0.0, 0.5, 3.0) for share in (0.1, 0.9)]
    best = min(tried, key=lambda cache: cache_nll(model, ids, cache))
    assert tune_cache(model, ids, Cache(window=20)) == best
    assert best not in (tried[0], tried[-1])  # or the order would tell


def test_progress_ends_at_the_number_of_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "BLOCK", 25)
    told: list[tuple[int, int]] = []
    cache_nll(network(), text(60), Cache(), lambda done, total: told.append((done, total)))
    assert told == [(25, 60), (50, 60), (60, 60)]


@pytest.mark.parametrize("wrong", [{"window": 0}, {"theta": -1.0}, {"theta": math.nan}, {"share": 1.0}])
def test_settings_that_cannot_work_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="give a"):
        Cache(**wrong)  # type: ignore[arg-type]
