"""Effective context of models that are known to forget, and histories by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from nlprnn.config.language_model import LanguageModelConfig
from nlprnn.diagnostics.context import HISTORIES, Context, ContextPoint, effective_context
from nlprnn.diagnostics.windows import spread_places, tokens_before
from nlprnn.errors import DataError
from nlprnn.models.language_model import LanguageModel

TYPES = 9
IDS = np.random.default_rng(3).integers(0, TYPES, 120).astype(np.uint16)


def model(cell: str = "gru") -> LanguageModel:
    found = LanguageModel(LanguageModelConfig(cell=cell, hidden=6, layers=1, dropout=0.5, tied=False), TYPES).train()
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.uniform_(-1.5, 1.5, generator=torch.Generator().manual_seed(parameter.numel()))
    return found


def log_prob(network: LanguageModel, history: np.ndarray, token: int) -> float:
    state, log_probs = network.eval().start(1), torch.empty(0)
    with torch.no_grad():
        for read in history.tolist():
            log_probs, state = network.step(torch.tensor([read]), state)
    return float(log_probs[0, token])


def test_a_forgotten_history_is_a_fresh_state_before_the_tokens_that_are_kept() -> None:
    network = model()
    found = effective_context(network, IDS, kept=(1, 3), disturbed=(), whole=10, targets=7)
    assert [(point.history, point.kept) for point in found.points] == [("forgotten", kept) for kept in (1, 3, 10)]
    places = spread_places(IDS, 10, 7).tolist()
    nats = {
        kept: [-log_prob(network, IDS[place - kept : place], int(IDS[place])) for place in places] for kept in (3, 10)
    }
    point, whole = found.points[1:]
    assert point.perplexity == pytest.approx(math.exp(np.mean(nats[3])), rel=1e-4)
    assert whole.perplexity == pytest.approx(math.exp(np.mean(nats[10])), rel=1e-4)
    difference = np.array(nats[3]) - np.array(nats[10])
    error = difference.std() / math.sqrt(7)
    assert point.increase == pytest.approx(math.expm1(difference.mean()), rel=1e-3)
    assert point.high == pytest.approx(math.expm1(difference.mean() + 1.959964 * error), rel=1e-3)
    assert (whole.increase, whole.low, whole.high) == (0.0, 0.0, 0.0)
    assert found.targets == 7 and len(found.rows()[0]) == len(found.header)


def test_a_model_that_remembers_one_token_needs_no_more() -> None:
    network = model("rnn-tanh")
    with torch.no_grad():
        network.stack.layers[0].w_hh.zero_()
    found = effective_context(network, IDS, kept=(1, 3), disturbed=(1, 3), whole=10, targets=30)
    assert len(found.points) == 7
    assert all(abs(point.increase) < 1e-6 for point in found.points)
    assert {found.effective(history) for history in HISTORIES} == {1}


def test_a_shuffled_history_has_the_same_tokens_and_a_dropped_one_half_of_them_in_their_order() -> None:
    beyond = torch.arange(40)[:, None] + torch.tensor([0, 100, 200])
    generator = torch.Generator().manual_seed(1)
    shuffled = HISTORIES["shuffled"](beyond, generator)
    assert torch.equal(shuffled.sort(dim=0).values, beyond) and not torch.equal(shuffled, beyond)
    assert not torch.equal(shuffled[:, 0] + 100, shuffled[:, 1])  # each column in an order of its own
    dropped = HISTORIES["dropped"](beyond, generator)
    assert dropped.shape == (20, 3) and torch.all(dropped.diff(dim=0) > 0)
    assert all(set(dropped[:, column].tolist()) < set(beyond[:, column].tolist()) for column in range(3))
    assert len(HISTORIES["forgotten"](beyond, generator)) == 0


@pytest.mark.parametrize("history", ["shuffled", "dropped"])
def test_what_lies_beyond_is_disturbed_and_read_before_the_tokens_that_are_kept(history: str) -> None:
    network, places = model(), spread_places(IDS, 12, 5)
    found = effective_context(network, IDS, kept=(), disturbed=(4,), whole=12, targets=5, seed=7)
    (point,) = (one for one in found.points if one.history == history)
    generator, before = torch.Generator().manual_seed(7), tokens_before(IDS, places, 12)
    disturbed = {name: HISTORIES[name](before[:8], generator) for name in ("shuffled", "dropped")}
    read = torch.cat([disturbed[history], before[8:]]).numpy()
    nats = [-log_prob(network, read[:, number], int(IDS[place])) for number, place in enumerate(places)]
    assert point.perplexity == pytest.approx(math.exp(np.mean(nats)), rel=1e-4)


def test_the_effective_context_is_where_one_percent_is_no_longer_exceeded() -> None:
    increases = {1: 0.5, 2: 0.009, 5: 0.02, 10: 0.01, 20: 0.001}
    points = [ContextPoint("forgotten", kept, 1.0, increase, 0.0, 0.0) for kept, increase in increases.items()]
    assert Context(tuple(points), 20, 1).effective("forgotten") == 10
    assert Context((ContextPoint("shuffled", 5, 1.0, 0.3, 0.0, 0.0),), 20, 1).effective("shuffled") == 20


def test_a_text_that_is_too_short_is_refused() -> None:
    with pytest.raises(DataError, match=r"120 tokens.*at least 201"):
        effective_context(model(), IDS)


def test_the_effective_length_of_each_history_is_told() -> None:
    points = [ContextPoint(name, 2, 9.0, 0.5, 0.0, 1.0) for name in ("forgotten", "shuffled", "dropped")]
    points += [ContextPoint("shuffled", 5, 9.0, 0.005, 0.0, 1.0)]
    assert Context(tuple(points), 200, 1).lengths() == {"forgotten": 200, "shuffled": 5, "dropped": 200}
