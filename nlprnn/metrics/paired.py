"""Two models on the same items: is one better, could it have been told, and how to ask many times.

An item counts by whether either model was right. What both got right or both got wrong tells nothing of their
difference; the items on which only one was right do. Items made from one template or of the same words rise and fall
together, so it is groups of items that are drawn by chance, not items. Knows numbers alone.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from nlprnn.metrics.shares import Z95

EXACT = 1000  # up to so many differing items the distribution is computed, not approximated
LEAST = 0.10  # a difference of accuracies worth telling: ten points


def mcnemar(only_first: int, only_second: int) -> float:
    """McNemar's two-sided mid-p value for two models that were right alone on so many items.

    Under the null hypothesis either model is the one that is right, with one half. The mid-p value counts half of the
    probability of what was observed. Of the variants it is the one to use: nearly as powerful as the chi-square test,
    and hardly ever above its level, while the exact test and the continuity correction are too timid (Fagerland,
    Lydersen and Laake 2013, BMC Medical Research Methodology 13:91). Beyond EXACT items it is the chi-square test
    without correction, which it then equals.
    """
    assert only_first >= 0 and only_second >= 0, (only_first, only_second)
    return group_test(np.repeat(np.array([1, -1]), [only_first, only_second]))


def group_test(differences: np.ndarray) -> float:
    """The two-sided mid-p value of the sum of `differences`, each of which might as well have had the other sign.

    differences: (K,) integers, one for each group of items: on how many of its items only the first model was right,
    less those on which only the second was. Models that are equally good might change places in any group; which is
    McNemar's test where every group is one item. Up to EXACT differing items all signs are summed up; beyond, the sum
    is normal with variance sum(d^2) (the test of Obuchowski 1998, Statistics in Medicine 17, 1495-1507, with the null
    hypothesis' variance).
    """
    sizes = np.abs(np.asarray(differences, dtype=np.int64))
    total, reached = int(sizes.sum()), abs(int(np.sum(differences)))
    if total > EXACT:
        return math.erfc(reached / math.sqrt(2.0 * float(np.square(sizes).sum())))
    # of the sum of those that keep their sign; the sum of all is twice that, less the total
    chances = np.ones(1)
    for size, times in zip(*np.unique(sizes[sizes > 0], return_counts=True), strict=True):
        step = np.zeros(size * times + 1)
        step[::size] = _heads(int(times))
        chances = np.convolve(chances, step)
    place = (reached + total) // 2
    return min(1.0, float(2 * chances[place:].sum() - chances[place]))


@lru_cache(maxsize=256)
def _heads(throws: int) -> np.ndarray:
    """The chances (throws + 1,) of so many heads."""
    return np.array([math.comb(throws, heads) / 2**throws for heads in range(throws + 1)])


def holm(values: np.ndarray) -> np.ndarray:
    """p values (N,) corrected for being N, in the order given: Holm 1979, Scandinavian Journal of Statistics 6, 65-70.

    The chance of even one false alarm among all tests stays below the level, however the tests hang together.
    """
    values = np.asarray(values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)), 1.0)
    return corrected


def power(differences: np.ndarray, differing: int, n: int, difference: float = LEAST) -> float:
    """The chance that a paired test (5 %, two-sided, uncorrected) on n items finds a true `difference` of accuracies.

    From equation 2 of Connor 1987 (Biometrics 43, 207-211), solved for the power: of n pairs, a share w differs, here
    the share of `differing` items with one item added for either answer, and at least `difference`. The n is divided
    by how much more groups vary than items would (the design effect of Kish), sum(d^2) / differing, if that is above
    one; `differences` are those of `group_test`.
    """
    assert n > 0 and 0 < difference < 1, (n, difference)
    squares = float(np.square(np.asarray(differences, dtype=np.float64)).sum())
    inflated = max(1.0, squares / differing) if differing else 1.0
    share = max((differing + 1) / (n + 2), difference)
    reached = difference * math.sqrt(n / inflated) - Z95 * math.sqrt(share)
    return NormalDist().cdf(reached / math.sqrt(share - difference**2))
