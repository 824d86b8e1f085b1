"""Training for a fixed number of steps, against torch's own optimizer."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from nlprnn.diagnostics.memory import Exercise, MemoryTask
from nlprnn.diagnostics.practice import Practice, learn, practise
from nlprnn.diagnostics.recaller import Recaller

TASK = MemoryTask(2)


def exercises(count: int) -> list[Exercise]:
    generator = torch.Generator().manual_seed(3)
    return [TASK.trials(6, generator) for _ in range(count)]


@pytest.mark.parametrize("clip", [0.0, 0.2])
def test_an_update_is_torchs_own_with_the_gradient_clipped(clip: float) -> None:
    ours, theirs = (Recaller("rnn-tanh", TASK.alphabet, 5, seed=4) for _ in range(2))
    seen = practise(ours, exercises(5), Practice(optimizer="sgd", lr=0.5, clip=clip))
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.5)
    norms = []
    for exercise in exercises(5):
        optimizer.zero_grad()
        scores, wanted, _ = theirs(exercise)
        F.cross_entropy(scores, wanted).backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(theirs.parameters(), clip or math.inf)))
        optimizer.step()
    assert seen.norms == pytest.approx(norms, rel=1e-4) and not seen.diverged
    assert min(norms) > 0.2
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_training_ends_where_a_gradient_is_not_finite_and_spares_the_weights() -> None:
    network = Recaller("rnn-relu", TASK.alphabet, 5, seed=4)
    seen = practise(network, exercises(60), Practice(optimizer="sgd", lr=1e6, clip=0.0))
    assert seen.diverged and len(seen.norms) < 60
    assert not math.isfinite(seen.norms[-1]) and all(map(math.isfinite, seen.norms[:-1]))
    assert all(bool(parameter.isfinite().all()) for parameter in network.parameters())


def test_pieces_that_ask_nothing_are_read_and_not_learnt_from() -> None:
    network = Recaller("gru", TASK.alphabet, 5, seed=4)
    silent = [Exercise(one.inputs[:2], one.targets[:2], one.asked[:2]) for one in exercises(3)]
    assert practise(network, silent, Practice(), carry=True).norms == ()


def test_what_is_carried_on_can_be_answered_with() -> None:
    network = Recaller("gru", TASK.alphabet, 16, seed=4)
    generator = torch.Generator().manual_seed(1)
    pieces = [piece for _ in range(120) for piece in MemoryTask(0).trials(32, generator).split(1)]
    practise(network, pieces, Practice(lr=0.02), carry=True)  # an item, and in the next piece its question
    assert network.accuracy(MemoryTask(0).trials(200, generator)) > 0.5  # chance is 0.125


def test_a_short_delay_is_learnt_and_without_practice_there_is_chance() -> None:
    _, seen, accuracy = learn("gru", MemoryTask(1), Practice(hidden=16, steps=120, lr=0.02), seed=1)
    assert accuracy > 0.95 and len(seen.norms) == 120
    _, _, untrained = learn("gru", MemoryTask(1), Practice(hidden=16, steps=0), seed=1)
    assert untrained < 0.3


def test_a_seed_gives_the_same_numbers_again() -> None:
    few = Practice(hidden=6, steps=5)
    assert learn("lstm", TASK, few, seed=2)[1] == learn("lstm", TASK, few, seed=2)[1]
    assert learn("lstm", TASK, few, seed=2)[1] != learn("lstm", TASK, few, seed=3)[1]


def test_a_network_is_trained_at_its_own_rate_where_it_has_one() -> None:
    fast = Practice(lr=0.5)
    assert fast.at_rate_of("gru", {"gru": 0.1}) == Practice(lr=0.1)
    assert fast.at_rate_of("lstm", {"gru": 0.1}) == fast.at_rate_of("gru", None) == fast
