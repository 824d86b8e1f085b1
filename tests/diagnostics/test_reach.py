"""Gradient norms against products of Jacobians, finite differences, powers of a gain, and torch's fused functions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from nlprnn.config.language_model import LanguageModelConfig
from nlprnn.diagnostics.reach import ReachCurve, curves, gradient_norms, gradient_reach
from nlprnn.diagnostics.windows import WARM, spread_places
from nlprnn.errors import DataError
from nlprnn.models.language_model import LanguageModel
from nlprnn.nn.cells import CELLS, State, lstm_gates
from nlprnn.nn.kernels.dispatch import Compute
from nlprnn.nn.stack import RecurrentStack


def first_unit(output: Tensor) -> Tensor:
    return output[:, 0]


def random_stack(cell: str, sizes: list[int]) -> RecurrentStack:
    generator = torch.Generator().manual_seed(2)
    stack = RecurrentStack(cell, 3, sizes).double()
    stack.compute = Compute("reference")
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.uniform_(-0.9, 0.9, generator=generator)
    return stack


@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
def test_where_units_are_linear_the_gradient_is_a_power_of_the_gain(gain: float) -> None:
    stack = RecurrentStack("rnn-relu", 4, [4]).double()  # its recurrent matrix is the identity
    with torch.no_grad():
        stack.layers[0].w_ih.copy_(torch.eye(4))
        stack.layers[0].w_hh.mul_(gain)
    x = torch.rand(11, 3, 4, dtype=torch.float64) + 0.1  # never negative, so that relu does nothing
    norms = gradient_norms(stack, x, None, first_unit)
    expected = torch.tensor([gain**k for k in range(11)], dtype=torch.float64)
    torch.testing.assert_close(norms[0][0], expected[:, None].expand(-1, 3))
    (curve,) = curves("rnn-relu", "", norms)
    assert curve.factor == pytest.approx(gain)
    assert curve.reaches == (6 if gain == 0.5 else 10)  # 0.5^6 = 0.0156, 0.5^7 = 0.0078


def test_the_gradient_is_the_product_of_an_elman_networks_jacobians() -> None:
    stack, x = random_stack("rnn-tanh", [4]), torch.randn(7, 2, 3, dtype=torch.float64)
    norms = gradient_norms(stack, x, None, first_unit)[0][0]
    outputs, u = stack(x)[0].detach(), stack.layers[0].w_hh.detach()
    for sequence in range(2):
        row = torch.eye(4, dtype=torch.float64)[0]
        assert norms[0, sequence] == pytest.approx(1.0)
        for k in range(1, 7):
            row = row @ torch.diag(1 - outputs[7 - k, sequence] ** 2) @ u
            assert norms[k, sequence].item() == pytest.approx(row.norm().item(), rel=1e-9)


def last_output(
    stack: RecurrentStack, x: Tensor, place: tuple[int, int, int] | None = None, change: Tensor | None = None
) -> Tensor:
    """The last layer's last output, one part of one layer's state having been changed at one step on the way."""
    current: list[State] = list(stack.zero_state(1))
    for time, below in enumerate(x):
        for depth, w in enumerate(stack.weights()):
            before = current[depth]
            after = stack.cell.step(below, before, w)
            if place == (time, depth, 0):
                after = (after[0] + change, *after[1:])
            elif place == (time, depth, 1):
                memory = after[1] + change
                after = (lstm_gates(below, before, w)[3] * torch.tanh(memory), memory)
            current[depth], below = after, after[0]
    return below


@pytest.mark.parametrize("cell", list(CELLS))
@torch.no_grad()
def test_the_gradient_is_what_a_small_change_of_the_state_makes_of_the_loss(cell: str) -> None:
    steps, size, small = 4, 3, 1e-6
    stack, x = random_stack(cell, [size, size]), torch.randn(steps, 1, 3, dtype=torch.float64)
    norms = gradient_norms(stack, x, None, lambda output: output.sin().sum(1))
    for depth in range(2):
        for part in range(CELLS[cell].states):
            for k in range(steps):
                slopes = []
                for unit in range(size):
                    change = small * torch.eye(size, dtype=torch.float64)[unit]
                    place = (steps - 1 - k, depth, part)
                    ends = [last_output(stack, x, place, sign * change).sin().sum() for sign in (1, -1)]
                    slopes.append((ends[0] - ends[1]) / (2 * small))
                expected = torch.stack(slopes).norm().item()
                assert norms[depth][part][k, 0].item() == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_a_curve_has_the_median_the_quartiles_and_the_mean_of_all_sequences() -> None:
    norms = torch.tensor([[1.0, 1.0, 1.0, 1.0, 1.0], [0.0, 100.0, 1.0, 4.0, 2.0]], dtype=torch.float64)
    (curve,) = curves("lstm", "gain", [[norms]])
    assert (curve.median[1], curve.low[1], curve.high[1], curve.mean[1]) == (2.0, 1.0, 4.0, 21.4)
    assert (curve.layer, curve.part, curve.factor) == (1, "h", 2.0)


def test_a_gradient_that_is_gone_has_factor_zero() -> None:
    curve = ReachCurve("rnn-relu", "", 1, "h", 1, (1.0, 0.5, 0.0), *([(0.0,) * 3] * 3))
    assert (curve.factor, curve.reaches) == (0.0, 1)
    dead = ReachCurve("rnn-relu", "", 1, "h", 1, (0.0, 0.0, 0.0), *([(0.0,) * 3] * 3))
    assert math.isnan(dead.factor) and dead.reaches == 0


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_reach_of_a_model_is_the_gradient_of_its_own_loss(cell: str) -> None:
    config = LanguageModelConfig(cell=cell, hidden=6, layers=2, dropout=0.4, weight_drop=0.4)
    model = LanguageModel(config, 9, seed=3).train()
    ids = np.random.default_rng(1).integers(0, 9, 90).astype(np.uint16)
    distance = 5
    found = gradient_reach(model, ids, distance, places=20)
    places = spread_places(ids, WARM + distance + 1, 20)
    assert len(places) == 20  # more than are read side by side
    norms = []
    for place in places.tolist():  # by torch's fused functions: from the state `distance` steps before the end
        context = torch.from_numpy(ids[place - WARM - distance - 1 : place].astype(np.int64))[:, None]
        with torch.no_grad():
            _, state = model.outputs(context[: WARM + 1])
        top = state[1][0].requires_grad_()
        outputs, _ = model.outputs(context[WARM + 1 :], state)
        loss = F.cross_entropy(model.vocabulary.logits(outputs[-1]), torch.tensor([int(ids[place])]))
        norms.append(torch.autograd.grad(loss, top)[0].norm().item())
    curve = next(one for one in found.curves if (one.layer, one.part) == (2, "h"))
    assert curve.mean[distance] == pytest.approx(float(np.mean(norms)), rel=1e-4)
    assert curve.median[distance] == pytest.approx(float(np.median(norms)), rel=1e-4)
    assert len(found.curves) == 2 * CELLS[cell].states
    assert len(found.rows()) == len(found.curves) * (distance + 1)
    assert {len(row) for row in found.rows()} == {len(found.header)}
    assert {len(row) for row in found.summary_rows()} == {len(found.summary_header)}


def test_a_text_that_is_too_short_is_refused_in_one_line() -> None:
    model = LanguageModel(LanguageModelConfig(hidden=4, layers=1), 9)
    with pytest.raises(DataError, match="10 tokens"):
        gradient_reach(model, np.zeros(10, dtype=np.uint16))
