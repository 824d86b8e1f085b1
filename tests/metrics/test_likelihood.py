import math

import pytest

from nlprnn.metrics.likelihood import bits, perplexity


def test_perplexity_of_a_uniform_guess_is_the_number_of_choices():
    assert perplexity(100 * math.log(50), 100) == pytest.approx(50)
    assert perplexity(1e6, 1) == math.inf


def test_a_coin_toss_is_one_bit():
    assert bits(math.log(2)) == pytest.approx(1.0)
