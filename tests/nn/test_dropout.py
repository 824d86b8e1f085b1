"""Dropouts: what is shared, what is scaled, and that nothing happens outside training; penalties by hand."""

from __future__ import annotations

import pytest
import torch

from nlprnn.nn.dropout import activation_penalty, dropout, embedding_dropout, slowness_penalty, weight_dropout
from nlprnn.nn.kernels.dispatch import Compute
from nlprnn.nn.stack import RecurrentStack
from nlprnn.nn.vocabulary import Vocabulary


def test_a_locked_mask_is_the_same_at_every_step_and_differs_between_sequences() -> None:
    torch.manual_seed(1)
    dropped = dropout(torch.ones(9, 4, 50), 0.5, True, True, Compute())
    assert torch.equal(dropped, dropped[:1].expand_as(dropped))
    assert not torch.equal(dropped[0, 0], dropped[0, 1])


def test_an_unlocked_mask_differs_between_steps(kernels: str) -> None:
    torch.manual_seed(1)
    dropped = dropout(torch.ones(2, 4, 50), 0.5, False, True, Compute(kernels))
    assert not torch.equal(dropped[0], dropped[1])


@pytest.mark.parametrize("locked", [False, True])
def test_what_is_kept_is_scaled_so_that_the_mean_stays(locked: bool, kernels: str) -> None:
    torch.manual_seed(1)
    dropped = dropout(torch.ones(1, 100, 1000), 0.2, locked, True, Compute(kernels))
    assert set(dropped.unique().tolist()) == {0.0, 1.25}
    assert abs(float(dropped.mean()) - 1) < 0.01


def test_outside_training_nothing_is_dropped() -> None:
    x = torch.randn(3, 2, 4)
    assert dropout(x, 0.9, True, False, Compute()) is x
    assert weight_dropout(x, 0.9, False, Compute()) is x
    assert embedding_dropout(x[0], 0.9, training=False) is None


def test_embedding_dropout_drops_a_word_type_at_all_its_places() -> None:
    torch.manual_seed(2)
    vocabulary = Vocabulary(20, 6, 6, tied=True, dropout_embedding=0.5).train()
    embedded = vocabulary.embed(torch.arange(20).repeat(5, 1))  # (5, 20, 6): each type five times
    gone = (embedded == 0).all(-1)
    assert torch.equal(gone, gone[:1].expand_as(gone))
    assert 0 < int(gone[0].sum()) < 20


def test_weight_drop_leaves_the_parameter_alone_and_stops_its_gradient_where_it_dropped(kernels: str) -> None:
    torch.manual_seed(3)
    stack = RecurrentStack("lstm", 3, [8], weight_drop=0.5).train()
    stack.compute = Compute(kernels)
    weight = stack.layers[0].w_hh
    before = weight.detach().clone()
    stack(torch.randn(6, 2, 3))[0].sum().backward()
    assert torch.equal(weight.detach(), before)
    share = float((weight.grad == 0).float().mean())
    assert 0.3 < share < 0.7


def test_activation_penalties_are_means_of_squares_by_hand() -> None:
    outputs = torch.tensor([[[1.0, 2.0]], [[3.0, 0.0]], [[3.0, 4.0]]])  # (3, 1, 2)
    assert activation_penalty(outputs).item() == pytest.approx((1 + 4 + 9 + 0 + 9 + 16) / 6)
    assert slowness_penalty(outputs).item() == pytest.approx((4 + 4 + 0 + 16) / 4)
    assert slowness_penalty(outputs[:1]).item() == 0.0


def test_activation_penalties_leave_padding_out() -> None:
    outputs, mask = torch.randn(5, 2, 3), torch.ones(5, 2, dtype=torch.bool)
    mask[3:, 1] = False
    for penalty, more in ((activation_penalty, 0), (slowness_penalty, 1)):
        long, short = penalty(outputs[:, :1]).item(), penalty(outputs[:3, 1:]).item()
        weights = 5 - more, 3 - more
        expected = (long * weights[0] + short * weights[1]) / sum(weights)
        assert penalty(outputs, mask).item() == pytest.approx(expected)
