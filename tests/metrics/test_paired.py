"""Paired tests against published examples, scipy, and the enumeration of all signs."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from nlprnn.metrics.paired import EXACT, group_test, holm, mcnemar, power


@pytest.mark.parametrize(
    ("only_first", "only_second", "told"),
    [
        (1, 7, 0.039),  # Fagerland et al. 2013, airway hyper-responsiveness
        (6, 16, 0.035),  # complete response, ibid.
        (0, 0, 1.0),
        (5, 5, 1.0),
    ],
)
def test_the_mid_p_values_are_the_published_ones(only_first: int, only_second: int, told: float) -> None:
    assert mcnemar(only_first, only_second) == pytest.approx(told, abs=5e-4)
    assert mcnemar(only_second, only_first) == mcnemar(only_first, only_second)


@pytest.mark.parametrize(("only_first", "only_second"), [(3, 9), (0, 6), (40, 61), (300, 350)])
def test_the_mid_p_value_lies_half_a_probability_below_the_exact_one(only_first: int, only_second: int) -> None:
    total = only_first + only_second
    exact = stats.binomtest(only_first, total, 0.5).pvalue
    expected = exact - stats.binom.pmf(only_first, total, 0.5)
    assert mcnemar(only_first, only_second) == pytest.approx(expected, rel=1e-9)


def test_beyond_the_exact_range_it_is_the_chi_square_test_and_the_two_meet_there() -> None:
    first, second = EXACT // 2 + 45, EXACT // 2 - 25
    assert mcnemar(first, second) == pytest.approx(stats.chi2.sf((first - second) ** 2 / (first + second), 1), rel=1e-9)
    near = EXACT // 2 + 30, EXACT // 2 - 30
    assert mcnemar(*near) == pytest.approx(stats.chi2.sf(60**2 / EXACT, 1), rel=0.02)


@pytest.mark.parametrize("differences", [[3, -1, 2, 2, 0], [1, 1, 4, -2, 5, 1, -3], [4], [0, 0]])
def test_groups_change_sides_as_a_whole(differences: list[int]) -> None:
    sums = np.array([np.dot(signs, differences) for signs in product((-1, 1), repeat=len(differences))])
    reached = abs(sum(differences))
    expected = np.mean(abs(sums) > reached) + 0.5 * np.mean(abs(sums) == reached)
    assert group_test(np.array(differences)) == pytest.approx(expected if reached else 1.0)


def test_items_that_go_together_are_less_evidence_than_items_on_their_own() -> None:
    alone, together = np.repeat([1, -1], [30, 10]), np.repeat([10, -10], [3, 1])
    assert group_test(alone) < 0.01 < 0.3 < group_test(together)


def test_under_the_null_hypothesis_one_test_in_twenty_is_a_false_alarm() -> None:
    rng = np.random.default_rng(4)
    alarms = []
    for _ in range(1000):
        leaning = np.repeat(rng.choice([0.1, 0.9], size=40), 5).reshape(40, 5)  # one model or the other, by group
        differences = np.where(rng.random((40, 5)) < leaning, 1, -1).sum(axis=1)
        first = int(200 + differences.sum()) // 2
        alarms.append((group_test(differences) < 0.05, mcnemar(first, 200 - first) < 0.05))
    by_group, by_item = np.mean(alarms, axis=0)
    assert 0.03 < by_group < 0.07
    assert by_item > 0.2, "which is what a test that knows no groups would do"


def test_holm_corrects_as_published() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm(np.array([0.6, 0.9])), [1.0, 1.0])
    assert holm(np.array([])).shape == (0,)


def test_the_power_is_what_simulated_tests_come_to() -> None:
    rng, n = np.random.default_rng(5), 160
    outcomes = rng.multinomial(n, [0.2, 0.1, 0.7], size=2000)  # a true difference of ten points
    found = np.mean([mcnemar(first, second) < 0.05 for first, second, _ in outcomes])
    assert power(np.repeat([1, -1], [32, 16]), 48, n) == pytest.approx(found, abs=0.04)


def test_power_grows_with_items_and_falls_with_their_groups() -> None:
    alone, together = np.repeat([1, -1], [30, 30]), np.repeat([6, -6], [5, 5])
    assert power(alone, 60, 100) < power(alone, 60, 400)
    assert power(together, 60, 400) < power(alone, 60, 400)
    assert power(np.zeros(5), 0, 5) < 0.8 < power(np.zeros(500), 0, 500)
