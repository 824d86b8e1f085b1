"""Shares of what was counted, and how far they can be trusted."""

from __future__ import annotations

import math
from statistics import NormalDist

Z95 = NormalDist().inv_cdf(0.975)  # 1.95996...


def accuracy(correct: int, n: int) -> float | None:
    """The share that was correct, 0 to 1; None where nothing was scored."""
    return correct / n if n else None


def wilson(correct: int, n: int) -> tuple[float, float]:
    """The 95 % score interval (low, high) of a proportion `correct / n`.

    Unlike the textbook interval it stays within 0 and 1 and is honest at 0 %, 100 % and small n
    (Wilson 1927; method 3 of Newcombe 1998, Statistics in Medicine 17, 857-872).
    """
    assert 0 <= correct <= n and n > 0, (correct, n)
    share, square = correct / n, Z95 * Z95 / n
    centre = (share + square / 2) / (1 + square)
    half = Z95 * math.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    # at both ends the exact value is the end itself; rounding may miss it by an ulp
    low = 0.0 if correct == 0 else centre - half
    high = 1.0 if correct == n else centre + half
    return low, high
