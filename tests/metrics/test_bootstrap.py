"""The bootstrap over groups: against scipy, and by how often its intervals hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nlprnn.metrics.bootstrap import (
    FEWEST,
    gap_between_cells,
    gap_between_models,
    gap_of_gaps,
    group_interval,
    share_of,
)
from nlprnn.metrics.shares import wilson


def interval(right: np.ndarray, groups: np.ndarray, **more: object) -> tuple[float, float]:
    found = group_interval(share_of(), np.zeros(len(right), dtype=int), right, groups, **more)
    assert found is not None
    return found


def test_items_on_their_own_get_the_interval_that_scipy_gives() -> None:
    rng = np.random.default_rng(1)
    right = rng.random(120) < 0.8
    expected = stats.bootstrap((right.astype(float),), np.mean, n_resamples=4000, method="BCa", rng=2)
    np.testing.assert_allclose(
        interval(right, np.arange(120), resamples=8000), expected.confidence_interval, atol=0.009
    )


def test_groups_get_the_interval_that_scipy_gives_for_their_ratio() -> None:
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(50), rng.integers(1, 9, size=50))
    right = rng.random(len(groups)) < rng.beta(3, 1, size=50)[groups]
    sizes, sums = np.bincount(groups), np.bincount(groups, weights=right)

    def share(correct: np.ndarray, n: np.ndarray, axis: int = -1) -> np.ndarray:
        return correct.sum(axis=axis) / n.sum(axis=axis)

    expected = stats.bootstrap((sums, sizes), share, paired=True, n_resamples=4000, method="BCa", rng=3)
    np.testing.assert_allclose(interval(right, groups, resamples=8000), expected.confidence_interval, atol=0.012)


def test_intervals_hold_the_truth_as_often_as_they_say_though_items_go_together() -> None:
    rng = np.random.default_rng(3)
    held = []
    for _ in range(300):
        groups = np.repeat(np.arange(60), 8)
        right = rng.random(480) < np.repeat(rng.beta(1.6, 0.4, size=60), 8)  # 80 % on average, much alike in a group
        low, high = interval(right, groups, resamples=500)
        naive = wilson(int(right.sum()), 480)
        held.append((low <= 0.8 <= high, naive[0] <= 0.8 <= naive[1]))
    by_group, by_item = np.mean(held, axis=0)
    assert 0.91 < by_group < 0.98
    assert by_item < 0.8, "which is why"


def test_figures_of_cells_and_models_are_what_they_are_by_hand() -> None:
    # cells: match and conflict of a construction, match and conflict of another without conflicts
    totals = np.array([[[10, 9, 8], [10, 5, 8], [4, 4, 4], [0, 0, 0]]], dtype=float)
    assert gap_between_cells(0)(totals) == pytest.approx(0.4)
    assert gap_between_cells(1)(totals) == pytest.approx(0.0)
    assert gap_of_gaps(totals) == pytest.approx(0.4)
    assert share_of(1)(totals) == pytest.approx(20 / 24)
    assert gap_between_models(totals) == pytest.approx(-2 / 24)
    assert np.isnan(gap_between_cells(0)(np.zeros((1, 2, 2))))


def test_a_difference_of_models_varies_less_than_they_do_where_they_err_on_the_same_items() -> None:
    rng = np.random.default_rng(6)
    first = rng.random(300) < 0.7
    second = np.where(rng.random(300) < 0.05, ~first, first)
    cells, groups = np.zeros(300, dtype=int), np.arange(300)
    found = group_interval(gap_between_models, cells, np.stack([first, second], axis=1), groups)
    assert found is not None and found[1] - found[0] < 0.06
    assert found[0] <= first.mean() - second.mean() <= found[1]


def test_an_index_over_constructions_is_resampled_with_its_groups() -> None:
    rng = np.random.default_rng(7)
    cells = rng.integers(0, 4, size=800)
    right = rng.random(800) < np.array([0.95, 0.6, 0.9, 0.7])[cells]
    found = group_interval(gap_between_cells(), cells, right, np.arange(800), cell_count=4)
    shares = [right[cells == cell].mean() for cell in range(4)]
    index = (shares[0] - shares[1] + shares[2] - shares[3]) / 2
    errors = [share * (1 - share) / np.sum(cells == cell) for cell, share in enumerate(shares)]
    half = 1.96 * np.sqrt(sum(errors)) / 2
    assert found is not None
    np.testing.assert_allclose(found, (index - half, index + half), atol=0.012)


def test_the_same_seed_gives_the_same_interval() -> None:
    right, groups = np.arange(90) % 4 > 0, np.arange(90) // 3
    assert interval(right, groups) == interval(right, groups)
    assert interval(right, groups) == interval(right[::-1], groups[::-1] + 7), "in whatever order the items come"


def test_nothing_is_told_of_few_groups_or_where_nothing_varies() -> None:
    few = np.arange(4 * (FEWEST - 1)) // 4
    cells = np.zeros(len(few), dtype=int)
    assert group_interval(share_of(), cells, few % 3 > 0, few) is None
    many = np.arange(100)
    assert group_interval(share_of(), np.zeros(100, dtype=int), many >= 0, many) is None
    assert group_interval(share_of(), cells[:0], few[:0] > 0, few[:0]) is None
