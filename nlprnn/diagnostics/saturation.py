"""How much of a network is saturated: gates that are all but shut or open, tanh units at their ends, dead relu units.

What is saturated hardly changes with its input, and passes next to no gradient on to it. A gate counts as saturated
below 0.1 or above 0.9 (Karpathy, Johnson and Li 2015, Visualizing and understanding recurrent networks, section 4.2),
and, likewise, a tanh within 0.1 of its ends. A relu unit is off where it is 0, and dead if it is so everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from nlprnn.diagnostics.trace import LayerStep, trace
from nlprnn.diagnostics.windows import WARM, spread_places, tokens_before
from nlprnn.models.language_model import LanguageModel
from nlprnn.nn.cells import gru_gates, lstm_gates
from nlprnn.nn.stack import RecurrentStack, StackState

GATE, TANH, RELU = "gate", "tanh", "relu"
LIMITS = {GATE: (0.1, 0.9), TANH: (-0.9, 0.9), RELU: (0.0, math.inf)}  # low up to the first, high from the second on
STEPS = 50  # that each column is looked at


@dataclass(frozen=True)
class PartSaturation:
    """One gate, or the units, of one layer."""

    layer: int  # from 1
    part: str  # i f o g of an LSTM, r z n of a GRU, tanh(c), or h
    kind: str  # gate, tanh or relu
    unit_low: tuple[float, ...]  # of each unit, the share of places at which it is at its lower end; off, for a relu
    unit_high: tuple[float, ...]  # or at its upper end

    @property
    def low(self) -> float:
        """The same over all units."""
        return sum(self.unit_low) / len(self.unit_low)

    @property
    def high(self) -> float:
        return sum(self.unit_high) / len(self.unit_high)

    @property
    def always_low(self) -> float:
        """The share of units that are so at all places: for a relu, of dead ones."""
        return sum(share == 1 for share in self.unit_low) / len(self.unit_low)

    @property
    def always_high(self) -> float:
        return sum(share == 1 for share in self.unit_high) / len(self.unit_high)


@dataclass(frozen=True)
class Saturation:
    """All parts of all layers, over so many places."""

    parts: tuple[PartSaturation, ...]
    places: int

    header: ClassVar[tuple[str, ...]] = ("layer", "part", "kind", "low", "high", "always_low", "always_high")
    unit_header: ClassVar[tuple[str, ...]] = ("layer", "part", "kind", "unit", "low", "high")

    def rows(self) -> list[tuple[str | int | float, ...]]:
        return [tuple(getattr(part, name) for name in self.header) for part in self.parts]

    def unit_rows(self) -> list[tuple[str | int | float, ...]]:
        """A row for every unit: what the paper's scatter plots show."""
        return [
            (part.layer, part.part, part.kind, unit, low, high)
            for part in self.parts
            for unit, (low, high) in enumerate(zip(part.unit_low, part.unit_high, strict=True), start=1)
        ]


def saturation(model: LanguageModel, ids: np.ndarray, places: int = 3200) -> Saturation:
    """The saturation of a trained model while it reads a text (N,), at about so many places of it.

    Raises DataError where the text is too short.
    """
    model.eval()
    ends = spread_places(ids, WARM + STEPS, max(places // STEPS, 1))
    before = tokens_before(ids, ends, WARM + STEPS).to(model.device)
    with torch.no_grad():
        _, state = model.outputs(before[:WARM])
        return stack_saturation(model.stack, model.vocabulary.embed(before[WARM:]), state)


@torch.no_grad()
def stack_saturation(stack: RecurrentStack, x: Tensor, state: StackState | None = None) -> Saturation:
    """The saturation of a stack that reads x (T, B, I) from a state, or from zeros."""
    low: dict[tuple[int, str, str], Tensor] = {}
    high: dict[tuple[int, str, str], Tensor] = {}
    for layers in trace(stack, x, state):
        for layer, step in enumerate(layers, start=1):
            for part, (kind, values) in _parts(stack.cell.name, step).items():
                key, (floor, ceiling) = (layer, part, kind), LIMITS[kind]
                under, over = values <= floor, values >= ceiling
                low[key] = low.get(key, 0) + under.sum(0)
                high[key] = high.get(key, 0) + over.sum(0)
    places = x.shape[0] * x.shape[1]
    shares = {key: [(count[key].double() / places).tolist() for count in (low, high)] for key in low}
    return Saturation(tuple(PartSaturation(*key, tuple(a), tuple(b)) for key, (a, b) in shares.items()), places)


def _parts(cell: str, step: LayerStep) -> dict[str, tuple[str, Tensor]]:
    """What can saturate in a cell at one step: by its name the kind, and the values (B, H)."""
    if cell == "lstm":
        i, f, g, o = lstm_gates(step.x, step.before, step.weights)
        memory = torch.tanh(step.after[1])
        return {"i": (GATE, i), "f": (GATE, f), "o": (GATE, o), "g": (TANH, g), "tanh(c)": (TANH, memory)}
    if cell == "gru":
        r, z, n = gru_gates(step.x, step.before, step.weights)
        return {"r": (GATE, r), "z": (GATE, z), "n": (TANH, n)}
    return {"h": (RELU if cell == "rnn-relu" else TANH, step.after[0])}
