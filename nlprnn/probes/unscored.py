"""What could be scored and what not, and why: the ledger of words that a model does not know."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

NAMED = 10  # unknown words named of a construction, and in a line of a table
LISTED = 100  # and of a suite


@dataclass(frozen=True)
class Unscored:
    """How many pairs or items were not scored, for which reasons, and how many of those lacked which word."""

    skipped: int
    skipped_why: dict[str, int]
    unknown_counts: dict[str, int]  # the most frequent first


class Ledger:
    """Counts as verdicts go by; it grows with the different words that are unknown, not with the pairs."""

    def __init__(self) -> None:
        self.scored = 0
        self.why: Counter[str] = Counter()
        self.words: Counter[str] = Counter()

    def add(self, skipped: str, unknown: tuple[str, ...] = ()) -> None:
        """`skipped` is the reason, empty where there is none."""
        if not skipped:
            self.scored += 1
            return
        self.why[skipped] += 1
        self.words.update(unknown)

    def figures(self, words: int = NAMED) -> dict[str, Any]:
        """The fields of Unscored, with so many words."""
        return {
            "skipped": self.why.total(),
            "skipped_why": dict(self.why.most_common()),
            "unknown_counts": dict(self.words.most_common(words)),
        }
