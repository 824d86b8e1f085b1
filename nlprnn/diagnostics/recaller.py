"""The network that does the memory tasks: as few parts as can remember and answer.

It goes by the name of its cell, or of its cell with gates that begin open for as long as the task asks for (CHRONO).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nlprnn.diagnostics.memory import Exercise
from nlprnn.nn.cells import Weights
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.nn.stack import RecurrentStack, StackState, detach

CHRONO = {"lstm-chrono": "lstm", "gru-chrono": "gru"}  # the cell of each


def networks(cells: Sequence[str]) -> list[str]:
    """The networks of some cells: each as it is, and those that have gates with chrono initialisation, too."""
    return [name for cell in cells for name in (cell, *(chrono for chrono in CHRONO if CHRONO[chrono] == cell))]


class Recaller(nn.Module):
    """One recurrent layer between one-hot symbols and a softmax over them; its weights begin as a language model's.

    `name` is a cell's, or one of CHRONO, whose gates begin so that they keep what they hold for up to `span` steps.
    """

    def __init__(self, name: str, symbols: int, hidden: int, seed: int, span: int = 2) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.symbols = symbols
        self.stack = RecurrentStack(CHRONO.get(name, name), symbols, [hidden], generator=generator)
        if name in CHRONO:
            chrono_biases(CHRONO[name], self.stack.weights()[0], span, generator)
        self.stack.compute = choose("auto", "fp32", torch.device("cpu"))
        self.output = nn.Parameter(torch.empty(symbols, hidden))
        self.bias = nn.Parameter(torch.zeros(symbols))
        with torch.no_grad():
            self.output.uniform_(-(hidden**-0.5), hidden**-0.5, generator=generator)

    def embed(self, inputs: Tensor) -> Tensor:
        """Ids (...) -> what the layer reads (..., S)."""
        return F.one_hot(inputs, self.symbols).to(self.bias)

    def logits(self, hidden: Tensor) -> Tensor:
        """Outputs of the layer (..., H) -> unnormalised scores (..., S)."""
        return F.linear(hidden, self.output, self.bias)

    def forward(self, exercise: Exercise, state: StackState | None = None) -> tuple[Tensor, Tensor, StackState]:
        """The scores (N, S) at all places asked, what is wanted there (N,), and the state after, detached."""
        hidden, state = self.stack(self.embed(exercise.inputs), state)
        return self.logits(hidden[exercise.asked]), exercise.targets[exercise.asked], detach(state)

    @torch.inference_mode()
    def accuracy(self, exercise: Exercise) -> float:
        """The share of right answers; scores that are not finite are no answer."""
        self.eval()
        scores, wanted, _ = self(exercise)
        return float(((scores.argmax(-1) == wanted) & scores.isfinite().all(-1)).double().mean())


def chrono_biases(cell: str, w: Weights, span: int, generator: torch.Generator) -> None:
    """Chrono initialisation, in place (Tallec and Ollivier 2018, Can recurrent neural networks warp time?, section 3).

    A unit that keeps a share of 1 - 1/T of what it holds, which a bias of log(T - 1) makes it do, forgets over some T
    steps. T - 1 is drawn from 1 to `span` - 1 for the forget gates, and input gates are given the opposite bias. A
    GRU's update gate, in torch's convention what keeps the state, is both in one.
    """
    gates = w.b_ih.view(-1, w.w_hh.shape[1])  # (G, H)
    with torch.no_grad():
        gates[1].uniform_(1.0, max(span - 1.0, 1.0), generator=generator).log_()  # f of i f g o, z of r z n
        if cell == "lstm":
            gates[0].copy_(-gates[1])
