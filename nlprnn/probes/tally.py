"""Counters that verdicts run through, and the cells they become. They grow with the kinds of items, not the number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nlprnn.metrics.shares import accuracy, wilson


@dataclass(frozen=True)
class Cell:
    """An accuracy (0 to 1) with its n and its 95 % Wilson interval; both are None where n is 0."""

    n: int
    accuracy: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class SplitCell(Cell):
    """A cell, and the parts of it where the nearest noun has the subject's number (match) or the other (conflict)."""

    match: Cell
    conflict: Cell


@dataclass
class Tally:
    n: int = 0
    correct: int = 0

    def add(self, right: bool, times: int = 1) -> None:
        self.n += times
        self.correct += times * right

    def cell(self) -> Cell:
        return Cell(**self.figures())

    def figures(self) -> dict[str, Any]:
        interval = wilson(self.correct, self.n) if self.n else None
        return {"n": self.n, "accuracy": accuracy(self.correct, self.n), "interval": interval}


@dataclass
class SplitTally:
    """All items, and among them those annotated as match and as conflict."""

    all: Tally = field(default_factory=Tally)
    match: Tally = field(default_factory=Tally)
    conflict: Tally = field(default_factory=Tally)

    def add(self, right: bool, match: bool | None, times: int = 1) -> None:
        self.all.add(right, times)
        if match is not None:
            (self.match if match else self.conflict).add(right, times)

    def cell(self) -> SplitCell:
        return SplitCell(**self.all.figures(), match=self.match.cell(), conflict=self.conflict.cell())

    def recency_index(self) -> float | None:
        """Match minus conflict accuracy (-1 to 1); None unless there are both."""
        if not self.match.n or not self.conflict.n:
            return None
        return self.match.correct / self.match.n - self.conflict.correct / self.conflict.n
