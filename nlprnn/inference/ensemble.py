"""Several models that decide on each token together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from nlprnn.inference.beam import SourceStepper, State


class Ensemble:
    """A SourceStepper whose probabilities are the mean of those of its members, which share a vocabulary."""

    def __init__(self, members: Sequence[SourceStepper]) -> None:
        self.members = members

    def start(self, batch: int) -> State:
        return tuple(member.start(batch) for member in self.members)

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """ids (N,) -> log-probabilities (N, V) and the new state."""
        steps = [member.step(ids, part) for member, part in zip(self.members, state, strict=True)]
        log_probs = torch.stack([log_probs for log_probs, _ in steps]).logsumexp(dim=0) - math.log(len(steps))
        return log_probs, tuple(after for _, after in steps)

    def keep(self, sources: Tensor) -> Ensemble:
        return Ensemble([member.keep(sources) for member in self.members])

    def coverage(self, state: State) -> Tensor | None:
        """The mean of the members' coverage, or None where one has no attention: (N,)."""
        found = [member.coverage(part) for member, part in zip(self.members, state, strict=True)]
        there = [coverage for coverage in found if coverage is not None]
        return torch.stack(there).mean(dim=0) if len(there) == len(found) else None
