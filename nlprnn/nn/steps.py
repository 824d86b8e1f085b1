"""Which rows each time step of a batch has: the layout on which all recurrent layers compute.

The rows of step 0 come first, then those of step 1, and so on; within a step the sequences stand in the same order, the
longest first, so that a step's rows belong to the first so many sequences of the step before. No row is padding.

    lengths 3 2 1:   a0 b0 c0 | a1 b1 | a2        starts 0 3 5 6
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Steps:
    """`starts` (T+1,) int64, on the CPU: where each step's rows begin; the first step has a row of each sequence."""

    starts: Tensor

    @property
    def count(self) -> int:
        """Time steps, T."""
        return len(self.starts) - 1

    @property
    def rows(self) -> int:
        """Rows of all steps together, N."""
        return int(self.starts[-1])

    @property
    def sequences(self) -> int:
        """Sequences side by side, B."""
        return int(self.starts[1])

    @property
    def even(self) -> bool:
        """Whether all sequences are equally long."""
        return self.rows == self.count * self.sequences

    def sequence_of(self) -> Tensor:
        """The sequence of each row (N,)."""
        sizes = self.starts.diff()
        return torch.arange(self.rows) - self.starts[:-1].repeat_interleave(sizes)

    def lengths(self) -> Tensor:
        """The number of steps of each sequence (B,), longest first."""
        return (self.starts.diff()[:, None] > torch.arange(self.sequences)).sum(0)


def even_steps(steps: int, sequences: int) -> Steps:
    """The rows of a (T, B, ...) tensor, flattened."""
    return Steps(torch.arange(steps + 1) * sequences)


def unpad(lengths: Tensor, steps: int) -> tuple[Steps, Tensor, Tensor]:
    """The layout of sequences of unequal lengths (B,), each at least 1, that stand padded in a (T, B, ...) tensor.

    Returns it, the order (B,) that puts the longest first, and where each row (N,) stands among the T * B padded ones.
    """
    order = lengths.argsort(descending=True, stable=True)
    inside = torch.arange(steps)[:, None] < lengths[order]  # (T, B)
    places = (torch.arange(steps)[:, None] * len(lengths) + order)[inside]
    sizes = inside.sum(1)
    sizes = sizes[sizes > 0]
    return Steps(torch.cat([torch.zeros(1, dtype=torch.int64), sizes.cumsum(0)])), order, places
