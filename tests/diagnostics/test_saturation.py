"""Saturation of networks whose gates were set by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from nlprnn.config.language_model import LanguageModelConfig
from nlprnn.diagnostics.saturation import PartSaturation, saturation, stack_saturation
from nlprnn.models.language_model import LanguageModel
from nlprnn.nn.stack import RecurrentStack


def with_biases(cell: str, biases: list[list[float]]) -> RecurrentStack:
    """A layer of two units that reads nothing: each gate of each unit is what its bias makes of it."""
    stack = RecurrentStack(cell, 3, [2])
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.zero_()
        stack.layers[0].b_ih.copy_(torch.tensor(biases).flatten())
    return stack


def parts(stack: RecurrentStack, steps: int = 4) -> dict[str, PartSaturation]:
    return {part.part: part for part in stack_saturation(stack, torch.randn(steps, 5, 3)).parts}


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def test_an_lstms_gates_count_below_a_tenth_and_above_nine_tenths() -> None:
    biases = [[logit(0.09), logit(0.11)], [logit(0.91), logit(0.89)], [math.atanh(-0.91), 0.0], [0.0, logit(0.95)]]
    found = parts(with_biases("lstm", biases))  # i, f, g, o
    assert (found["i"].unit_low, found["i"].unit_high) == ((1.0, 0.0), (0.0, 0.0))
    assert (found["f"].unit_low, found["f"].unit_high) == ((0.0, 0.0), (1.0, 0.0))
    assert (found["g"].unit_low, found["g"].high) == ((1.0, 0.0), 0.0)
    assert (found["o"].low, found["o"].unit_high, found["o"].always_high) == (0.0, (0.0, 1.0), 0.5)
    assert found["tanh(c)"].low == found["tanh(c)"].high == 0.0


def test_a_memory_that_fills_up_saturates_from_some_step_on() -> None:
    biases = [
        [50.0, 50.0],
        [50.0, 50.0],
        [math.atanh(0.4), 0.0],
        [0.0, 0.0],
    ]  # c = 0.4, 0.8, 1.2, 1.6; tanh(1.6) = 0.92
    memory = parts(with_biases("lstm", biases))["tanh(c)"]
    assert (memory.unit_high, memory.high, memory.always_high) == ((0.25, 0.0), 0.125, 0.0)


def test_a_grus_gates_are_told_by_name() -> None:
    found = parts(with_biases("gru", [[logit(0.05), 0.0], [0.0, logit(0.95)], [math.atanh(0.95), 0.0]]))  # r, z, n
    assert found["r"].unit_low == (1.0, 0.0) and found["z"].unit_high == (0.0, 1.0)
    assert found["n"].unit_high == (1.0, 0.0) and found["n"].kind == "tanh"


def test_a_relu_unit_is_dead_where_it_is_never_on() -> None:
    stack = with_biases("rnn-relu", [[-1.0, 0.5]])
    unit = parts(stack)["h"]
    assert (unit.kind, unit.unit_low, unit.always_low, unit.high) == ("relu", (1.0, 0.0), 0.5, 0.0)
    with torch.no_grad():
        stack.layers[0].w_ih[0, 0] = 1.0
    x = torch.tensor([0.5, 2.0, 3.0, 0.0])[:, None, None].expand(4, 1, 3)
    (unit,) = stack_saturation(stack, x).parts
    assert (unit.unit_low, unit.always_low) == ((0.5, 0.0), 0.0)


def test_tanh_units_have_two_ends() -> None:
    unit = parts(with_biases("rnn-tanh", [[math.atanh(-0.95), math.atanh(0.95)]]))["h"]
    assert (unit.unit_low, unit.unit_high, unit.low, unit.high) == ((1.0, 0.0), (0.0, 1.0), 0.5, 0.5)


def test_a_model_is_looked_at_while_it_reads_a_text() -> None:
    model = LanguageModel(LanguageModelConfig(hidden=5, layers=2, dropout=0.5), 7).train()
    ids = np.random.default_rng(1).integers(0, 7, 400).astype(np.uint16)
    with torch.no_grad():
        model.stack.layers[1].b_ih[5:10] = 50.0  # the second layer never forgets
    found = saturation(model, ids, places=200)
    assert found.places == 200
    assert [(part.layer, part.part) for part in found.parts] == [
        (layer, part) for layer in (1, 2) for part in ("i", "f", "o", "g", "tanh(c)")
    ]
    assert found.parts[6].always_high == 1.0
    assert found.rows()[6][:3] == (2, "f", "gate") and len(found.rows()[0]) == len(found.header)
    assert len(found.unit_rows()) == 50 and len(found.unit_rows()[0]) == len(found.unit_header)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_gates_are_those_that_the_cell_computes_with(cell: str) -> None:
    torch.manual_seed(2)
    stack, x = RecurrentStack(cell, 3, [2]), 4 * torch.randn(30, 8, 3)
    (w,), (before,) = stack.weights(), stack.zero_state(8)
    low = torch.zeros(2)
    for row in x:  # the first gate by torch's own single steps: shut, it lets nothing of the candidate in, or of h
        sums = row @ w.w_ih[:2].T + before[0] @ w.w_hh[:2].T + w.b_ih[:2]
        low += (torch.sigmoid(sums) <= 0.1).sum(0)
        before = stack.cell.step(row, before, w)
    gate = stack_saturation(stack, x).parts[0]
    assert gate.part == ("i" if cell == "lstm" else "r")
    assert gate.unit_low == pytest.approx((low / 240).tolist()) and gate.low > 0.02
