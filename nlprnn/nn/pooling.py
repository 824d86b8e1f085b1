"""Sequences of states, each as one vector."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nlprnn.nn.steps import Steps


class Pooling(nn.Module):
    """`last`: the state after the last step, of each direction its own last; `mean`, `max`; `concatenated`: these three
    side by side (Howard and Ruder 2018, section 3.3); `attention`: a mean whose weights a learnt vector chooses, as in
    the word attention of Yang et al. 2016 (Hierarchical attention networks, equations 5 to 7)."""

    def __init__(self, kind: str, size: int, generator: torch.Generator) -> None:
        super().__init__()
        self.kind, self.size = kind, 3 * size if kind == "concatenated" else size
        bound = size**-0.5
        attentive = kind == "attention"
        self.w = (
            nn.Parameter(torch.empty(size, size).uniform_(-bound, bound, generator=generator)) if attentive else None
        )
        self.b = nn.Parameter(torch.zeros(size)) if attentive else None
        self.v = nn.Parameter(torch.empty(size).uniform_(-bound, bound, generator=generator)) if attentive else None

    def forward(self, rows: Tensor, last: Tensor, steps: Steps) -> Tensor:
        """rows (N, H) of all steps, last states (B, H) -> (B, size)."""
        if self.kind == "last":
            return last
        if self.kind == "attention":
            return over_steps(rows * self._weights(rows, steps), steps, torch.add)
        largest = None if self.kind == "mean" else over_steps(rows, steps, torch.maximum)
        if self.kind == "max":
            assert largest is not None
            return largest
        mean = over_steps(rows, steps, torch.add) / steps.lengths().to(rows)[:, None]
        return mean if largest is None else torch.cat([last, largest, mean], dim=1)

    def _weights(self, rows: Tensor, steps: Steps) -> Tensor:
        """What each row (N, H) weighs, (N, 1): those of a sequence add up to one."""
        assert self.w is not None and self.b is not None and self.v is not None
        scores = torch.tanh(F.linear(rows, self.w, self.b)) @ self.v[:, None]  # (N, 1)
        sequence = steps.sequence_of().to(rows.device)
        exponentials = (scores - over_steps(scores.detach(), steps, torch.maximum)[sequence]).exp()
        return exponentials / over_steps(exponentials, steps, torch.add)[sequence]


def over_steps(rows: Tensor, steps: Steps, combine: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The rows (N, H) of each sequence combined into one, (B, H), from the last step to the first."""
    *before, found = rows.split(steps.starts.diff().tolist())
    for step in reversed(before):
        longer = combine(found, step[: len(found)])
        found = longer if len(step) == len(found) else torch.cat([longer, step[len(found) :]])
    return found
