"""How far a figure would move if other groups of items had been drawn: the bootstrap over groups.

Items that were made from one template, or of the same words, are right or wrong together. An interval that takes each
for a new piece of evidence is too narrow; so whole groups are drawn with replacement (Field and Welsh 2007, JRSS B 69,
369-390). Knows numbers alone.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from nlprnn.metrics.shares import Z95

RESAMPLES = 2000
FEWEST = (
    20  # groups; with fewer the interval is too narrow to be told (Cameron, Gelbach and Miller 2008, REStat 90, 414)
)
HELD = 1 << 22  # numbers of resampled totals held at a time

# Totals (R, cells, 1 + models): n of each cell, and of how many each model was right -> the figure of each (R,).
# Not a number where a cell that it needs is empty.
Figure = Callable[[np.ndarray], np.ndarray]


def group_interval(
    figure: Figure,
    cells: np.ndarray,
    right: np.ndarray,
    groups: np.ndarray,
    cell_count: int = 1,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float] | None:
    """The 95 % interval of a figure, BCa (Efron 1987, JASA 82, 171-185), groups being what is drawn.

    cells: (N,) which of `cell_count` cells an item counts in; right: (N,) or (N, models), whether each model was right;
    groups: (N,) integers, equal for items of one group. None where there are fewer than FEWEST groups, or the figure
    is the same in every resample, so that nothing is known of how it varies. The same seed gives the same interval.
    """
    if not len(groups):
        return None
    rng = np.random.default_rng(seed)
    table, times = _kinds(cells, right.reshape(len(groups), -1), groups, cell_count, rng)
    drawn = int(times.sum())
    if drawn < FEWEST:
        return None
    reached = np.tensordot(times, table, axes=1)[None]  # (1, cells, 1 + models)
    chunk = max(1, HELD // max(table[0].size, len(table)))
    found = []
    for start in range(0, resamples, chunk):
        kept = rng.multinomial(drawn, times / drawn, size=min(chunk, resamples - start))  # (R, kinds)
        found.append(figure(np.tensordot(kept.astype(np.float64), table, axes=1)))
    estimates = np.concatenate(found)
    estimates = np.sort(estimates[~np.isnan(estimates)])
    if not len(estimates) or estimates[0] == estimates[-1]:
        return None
    without = np.concatenate(
        [figure(reached - table[start : start + chunk]) for start in range(0, len(table), chunk)]
    )  # (kinds,)
    return _bca(estimates, float(figure(reached)[0]), without, times)


def totals(cells: np.ndarray, right: np.ndarray, cell_count: int = 1) -> np.ndarray:
    """What a figure is computed from (1, cells, 1 + models), of all items as they are; see `group_interval`."""
    table = np.zeros((1, cell_count, 1 + right.shape[1]))
    np.add.at(table[0], cells, np.concatenate([np.ones((len(right), 1)), right], axis=1))
    return table


def share_of(model: int = 0) -> Figure:
    """The accuracy of one of the models over all cells."""

    def figure(totals: np.ndarray) -> np.ndarray:
        sums = totals.sum(axis=1)
        return _ratio(sums[:, 1 + model], sums[:, 0])

    return figure


def gap_between_models(totals: np.ndarray) -> np.ndarray:
    """The first model's accuracy less the second's."""
    return share_of(0)(totals) - share_of(1)(totals)


def gap_between_cells(model: int = 0) -> Figure:
    """Of cells that come in twos, the accuracy in the first less that in the second, averaged over the pairs of cells.

    A pair of which one cell is empty is left out of the mean.
    """

    def figure(totals: np.ndarray) -> np.ndarray:
        twos = totals.reshape(len(totals), -1, 2, totals.shape[-1])  # (R, pairs, 2, 1 + models)
        shares = _ratio(twos[..., 1 + model], twos[..., 0])
        gaps = shares[..., 0] - shares[..., 1]  # (R, pairs)
        there = ~np.isnan(gaps)
        return _ratio(np.where(there, gaps, 0.0).sum(axis=1), there.sum(axis=1))

    return figure


def gap_of_gaps(totals: np.ndarray) -> np.ndarray:
    """The first model's `gap_between_cells` less the second's."""
    return gap_between_cells(0)(totals) - gap_between_cells(1)(totals)


def _kinds(
    cells: np.ndarray, right: np.ndarray, groups: np.ndarray, cell_count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The different groups there are, as totals (kinds, cells, 1 + models), and how often each there is (kinds,).

    Groups with the same totals are interchangeable, so that drawing kinds in proportion is drawing groups. They are
    found by a sum of random numbers, one for each sort of item, since a table of all groups would be large.
    """
    models = right.shape[1]
    sorts = cells.astype(np.int64) * 2**models + right.astype(np.int64) @ 2 ** np.arange(models)
    _, group = np.unique(groups, return_inverse=True)  # (N,), from 0
    marks = rng.integers(0, 1 << 63, size=cell_count * 2**models, dtype=np.uint64)
    sums = np.zeros(group.max() + 1, dtype=np.uint64)
    np.add.at(sums, group, marks[sorts])
    _, first, kind, times = np.unique(sums, return_index=True, return_inverse=True, return_counts=True)
    shown = first[kind[group]] == group  # the items of the one group that shows what its kind is like
    places = kind[group][shown] * cell_count + cells[shown]
    table = totals(places, right[shown], len(first) * cell_count)
    return table.reshape(len(first), cell_count, 1 + models), times


def _bca(estimates: np.ndarray, reached: float, without: np.ndarray, times: np.ndarray) -> tuple[float, float]:
    """The interval from the sorted estimates, corrected for bias and for skewness.

    `without` are the figures with one group of each kind left out; where that empties a cell there is none.
    """
    normal, count = NormalDist(), len(estimates)
    below = (np.searchsorted(estimates, reached) + np.searchsorted(estimates, reached, side="right")) / 2
    bias = normal.inv_cdf(min(max(below, 0.5), count - 0.5) / count)
    known = ~np.isnan(without)
    mean = np.average(without[known], weights=times[known]) if known.any() else 0.0
    pull = mean - without[known]
    spread = float((times[known] * pull**2).sum())
    skew = float((times[known] * pull**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0
    ends = []
    for quantile in (-Z95, Z95):
        shifted = bias + quantile
        ends.append(normal.cdf(bias + shifted / max(1 - skew * shifted, 1e-9)))
    low, high = np.quantile(estimates, ends)
    return float(low), float(high)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole; not a number where the whole is nothing."""
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)
