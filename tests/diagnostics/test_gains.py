"""The sweep over gains: what theory bounds, and what must explode."""

from __future__ import annotations

import pytest
import torch

from nlprnn.diagnostics.gains import gain_sweep, scaled
from nlprnn.nn.stack import RecurrentStack


@pytest.mark.parametrize("cell", ["rnn-relu", "lstm"])
def test_all_singular_values_of_each_gates_recurrent_matrix_are_the_gain(cell: str) -> None:
    stack = scaled(RecurrentStack(cell, 3, [8]), 1.7, torch.Generator().manual_seed(1))
    for gate in stack.layers[0].w_hh.detach().chunk(stack.cell.gates):
        torch.testing.assert_close(torch.linalg.svdvals(gate), torch.full((8,), 1.7))


def test_a_simple_networks_gradient_is_never_above_the_powers_of_its_gain() -> None:
    for curve in gain_sweep(("rnn-tanh", "rnn-relu"), (0.5, 1.5), hidden=8, distance=20, sequences=4).curves:
        powers = [float(curve.setting) ** k for k in range(21)]
        assert curve.median[0] == pytest.approx(1.0)
        assert all(norm <= power * (1 + 1e-9) for norm, power in zip(curve.high, powers, strict=True))
        assert curve.factor < 0.9 * float(curve.setting)  # tanh is never quite linear, and half of the relus are off


def test_the_gradient_vanishes_at_a_small_gain_and_explodes_at_a_large_one() -> None:
    done: list[tuple[int, int]] = []
    found = gain_sweep(
        gains=(0.5, 4.0), hidden=16, distance=40, sequences=4, progress=lambda now, all: done.append((now, all))
    )
    vanishing = {(curve.network, curve.part): curve.factor for curve in found.curves if curve.setting == "0.5"}
    exploding = {(curve.network, curve.part): curve.factor for curve in found.curves if curve.setting == "4"}
    assert set(vanishing) == {("rnn-relu", "h"), ("rnn-tanh", "h"), ("gru", "h"), ("lstm", "h"), ("lstm", "c")}
    assert all(factor < 0.9 for factor in vanishing.values())
    assert exploding["rnn-relu", "h"] > 1.5 and exploding["rnn-tanh", "h"] > 1.1
    assert done == [(number, 8) for number in range(1, 9)]


def test_a_curve_is_of_the_networks_of_all_seeds() -> None:
    both = gain_sweep(("gru",), (1.0,), hidden=4, distance=3, sequences=2, seeds=(1, 2)).curves[0]
    singles = [gain_sweep(("gru",), (1.0,), 4, 3, 2, (seed,)).curves[0] for seed in (1, 2)]
    assert both.n == 4
    for k in range(4):
        assert both.mean[k] == pytest.approx((singles[0].mean[k] + singles[1].mean[k]) / 2)
