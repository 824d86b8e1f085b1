"""A sequence of states as one vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn


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

    def forward(self, outputs: Tensor, last: Tensor, lengths: Tensor) -> Tensor:
        """outputs (T, B, H), zero behind the ends; last (B, H); lengths (B,) on the CPU, at least 1 -> (B, size)."""
        if self.kind == "last":
            return last
        outside = (torch.arange(len(outputs))[:, None] >= lengths).to(outputs.device)[:, :, None]  # (T, B, 1)
        if self.kind == "attention":
            assert self.w is not None and self.b is not None and self.v is not None
            scores = torch.tanh(nn.functional.linear(outputs, self.w, self.b)) @ self.v  # (T, B)
            weights = scores.masked_fill(outside[:, :, 0], -torch.inf).softmax(dim=0)
            return (outputs * weights[:, :, None]).sum(dim=0)
        mean = outputs.sum(dim=0) / lengths.to(outputs)[:, None]
        if self.kind == "mean":
            return mean
        largest = outputs.masked_fill(outside, -torch.inf).amax(dim=0)
        return largest if self.kind == "max" else torch.cat([last, largest, mean], dim=1)
