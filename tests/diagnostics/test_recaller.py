"""The network of the memory tasks."""

from __future__ import annotations

import pytest
import torch

from nlprnn.diagnostics.memory import Exercise, MemoryTask
from nlprnn.diagnostics.recaller import Recaller, networks


def echo() -> Recaller:
    """A network that answers with what it has just read."""
    network = Recaller("rnn-relu", 4, 4, seed=1)
    with torch.no_grad():
        network.stack.layers[0].w_ih.copy_(torch.eye(4))
        network.stack.layers[0].w_hh.zero_()
        network.output.copy_(torch.eye(4))
    return network


def test_accuracy_is_the_share_of_right_answers_where_one_is_wanted() -> None:
    inputs, targets = torch.tensor([[0, 1], [2, 3], [1, 1]]), torch.tensor([[0, 2], [2, 3], [3, 1]])
    asked = torch.tensor([[True, True], [False, True], [True, False]])
    assert echo().accuracy(Exercise(inputs, targets, asked)) == 0.5


def test_scores_that_are_not_finite_are_wrong_whatever_they_are() -> None:
    network = echo()
    with torch.no_grad():
        network.bias[0] = float("nan")
    exercise = MemoryTask(0, symbols=2, noise=False).trials(30, torch.Generator().manual_seed(1))
    assert network.accuracy(exercise) == 0.0


def test_a_stream_in_pieces_gets_the_same_scores_with_the_state_carried_on() -> None:
    network = Recaller("lstm", MemoryTask(2).alphabet, 5, seed=2).eval()
    stream = MemoryTask(2).stream(12, 3, torch.Generator().manual_seed(1))
    whole, wanted, _ = network(stream)
    state, found = None, []
    for piece in stream.split(5):
        scores, _, state = network(piece, state)
        found.append(scores)
        assert not any(part.requires_grad for part in state[0])
    torch.testing.assert_close(torch.cat(found), whole, rtol=1e-5, atol=1e-6)
    assert torch.equal(wanted, stream.targets[stream.asked])
    assert whole.shape == (len(wanted), network.symbols)


def test_the_networks_of_a_cell_with_gates_are_two() -> None:
    assert networks(["rnn-tanh", "lstm", "gru"]) == ["rnn-tanh", "lstm", "lstm-chrono", "gru", "gru-chrono"]


@pytest.mark.parametrize(("name", "gate"), [("lstm-chrono", 1), ("gru-chrono", 1)])
def test_with_chrono_initialisation_each_unit_forgets_over_its_share_of_the_span(name: str, gate: int) -> None:
    hidden, span = 200, 50
    layer = Recaller(name, 4, hidden, seed=1, span=span).stack.weights()[0]
    biases = (layer.b_ih + layer.b_hh).detach().view(-1, hidden)
    over = 1 / (1 - torch.sigmoid(biases[gate]))  # a unit that keeps 1 - 1/T of its state forgets over T steps
    assert 2 <= float(over.min()) < 4 and 47 < float(over.max()) <= span
    assert abs(float(over.mean()) - (2 + span) / 2) < 3  # as many of each length
    if name == "lstm-chrono":
        torch.testing.assert_close(biases[0], -biases[gate])
    others = [row for row in range(len(biases)) if row not in (0, gate)]
    assert not biases[others].any()


def test_without_chrono_initialisation_weights_are_those_of_a_language_model() -> None:
    plain, chrono = (Recaller(name, 4, 8, seed=1, span=9).stack.weights()[0] for name in ("lstm", "lstm-chrono"))
    assert torch.equal(plain.w_hh, chrono.w_hh) and torch.equal(plain.w_ih, chrono.w_ih)
    assert plain.b_ih.tolist() == [0.0] * 8 + [1.0] * 8 + [0.0] * 16
