"""Gradient reach of bare networks, side by side, as their recurrent weights are scaled up: from vanishing to exploding.

Every gate's recurrent matrix is orthogonal times a gain, so that the gain is its largest and its smallest singular
value. With tanh units the gradient is bound to vanish where that is below 1, and can explode only where it is above
(Pascanu, Mikolov and Bengio 2013, section 2.1). All cells begin alike, so that what differs is the cell; the identity
matrix that relu networks are otherwise given (Le et al. 2015) is not used here.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nlprnn.config.cells import CELLS
from nlprnn.diagnostics.practice import Progress
from nlprnn.diagnostics.reach import Norms, Reach, ReachCurve, curves, gradient_norms, side_by_side
from nlprnn.diagnostics.recall import SEEDS
from nlprnn.diagnostics.windows import WARM
from nlprnn.nn.kernels.dispatch import Compute
from nlprnn.nn.stack import RecurrentStack

UNITS = 64
GAINS = (0.5, 0.9, 1.0, 1.1, 1.5, 3.0)


def gain_sweep(
    cells: Sequence[str] = CELLS,
    gains: Sequence[float] = GAINS,
    hidden: int = UNITS,
    distance: int = 100,
    sequences: int = 16,
    seeds: Sequence[int] = SEEDS,
    progress: Progress | None = None,
) -> Reach:
    """The reach of one untrained layer of each cell at each gain, on random inputs: the setting of a curve is its gain.

    A curve is of all seeds together, each another network that reads so many `sequences`.
    Inputs are drawn from the standard normal distribution. The loss is the component of the last output in a random
    direction, so that its gradient at k = 0 has norm 1. All is float64, which neither overflows nor underflows here.
    """
    found: list[ReachCurve] = []
    plan = [(cell, gain) for cell in cells for gain in gains]
    for number, (cell, gain) in enumerate(plan, start=1):
        norms = [_norms(cell, gain, hidden, distance, sequences, seed) for seed in seeds]
        found += curves(cell, f"{gain:g}", side_by_side(norms))
        if progress is not None:
            progress(number, len(plan))
    return Reach(tuple(found))


def _norms(cell: str, gain: float, hidden: int, distance: int, sequences: int, seed: int) -> Norms:
    generator = torch.Generator().manual_seed(seed)
    stack = scaled(RecurrentStack(cell, hidden, [hidden], generator=generator), gain, generator).double()
    stack.compute = Compute("reference")  # torch's fused functions are used in float32 alone
    x = torch.randn(WARM + distance + 1, sequences, hidden, generator=generator).double()
    direction = torch.nn.functional.normalize(torch.randn(sequences, hidden, generator=generator).double())
    with torch.no_grad():
        _, state = stack(x[:WARM])

    def loss(output: Tensor) -> Tensor:
        return (output * direction).sum(dim=1)

    return gradient_norms(stack, x[WARM:], state, loss)


def scaled(stack: RecurrentStack, gain: float, generator: torch.Generator) -> RecurrentStack:
    """The same stack, each gate's recurrent matrix now a random orthogonal one times `gain`."""
    with torch.no_grad():
        for w in stack.weights():
            for gate in w.w_hh.chunk(stack.cell.gates):  # (H, H)
                torch.nn.init.orthogonal_(gate, gain=gain, generator=generator)
    return stack
