"""The network that does the memory tasks: as few parts as can remember and answer."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nlprnn.diagnostics.memory import Exercise
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.nn.stack import RecurrentStack, StackState, detach


class Recaller(nn.Module):
    """One recurrent layer between one-hot symbols and a softmax over them; its weights begin as a language model's."""

    def __init__(self, cell: str, symbols: int, hidden: int, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.symbols = symbols
        self.stack = RecurrentStack(cell, symbols, [hidden], generator=generator)
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
