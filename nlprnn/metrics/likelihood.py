"""Perplexity and bits from summed log-probabilities, which come in nats, as models compute them."""

from __future__ import annotations

import math


def perplexity(nats: float, count: int) -> float:
    """exp(nats / count): `nats` is the summed negative log-likelihood of `count` tokens. Too large a figure is inf."""
    assert count > 0, "perplexity of no tokens"
    try:
        return math.exp(nats / count)
    except OverflowError:
        return math.inf


def bits(nats: float) -> float:
    """The same amount of information in bits."""
    return nats / math.log(2)
