import pytest

from nlprnn.metrics.shares import accuracy, wilson


# Newcombe 1998, Statistics in Medicine 17, table I, method 3 (score, without continuity correction)
@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_has_the_published_values(correct, n, low, high):
    assert wilson(correct, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_wilson_interval_agrees_with_an_independent_implementation():
    stats = pytest.importorskip("scipy.stats")
    for correct, n in [(33, 41), (1, 1), (0, 3), (997, 1000)]:
        expected = stats.binomtest(correct, n).proportion_ci(0.95, method="wilson")
        assert wilson(correct, n) == (
            pytest.approx(expected.low, abs=1e-9),
            pytest.approx(expected.high, abs=1e-9),
        )


def test_wilson_interval_is_symmetric_and_ends_exactly_at_zero_and_one():
    low, high = wilson(3, 10)
    assert wilson(7, 10) == (pytest.approx(1 - high), pytest.approx(1 - low))
    assert wilson(0, 7)[0] == 0.0 and wilson(7, 7)[1] == 1.0


def test_accuracy_of_nothing_is_none():
    assert accuracy(0, 0) is None and accuracy(3, 4) == 0.75
