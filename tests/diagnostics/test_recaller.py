"""The network of the memory tasks."""

from __future__ import annotations

import torch

from nlprnn.diagnostics.memory import Exercise, MemoryTask
from nlprnn.diagnostics.recaller import Recaller


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
