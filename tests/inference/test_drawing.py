"""Sequences drawn from a Stepper: as often as their probability says, whatever stands beside them."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest
import torch
from torch import Tensor

from nlprnn.config.decoding import Sampling
from nlprnn.inference.drawing import draw_sequences

EOS = 0


class Tables:
    """The next token depends on the last one and on the source, whose number the state carries to check it."""

    def __init__(self, tables: Tensor, numbers: Tensor | None = None) -> None:
        self.tables = tables  # (S, V, V) log-probabilities
        self.numbers = torch.arange(len(tables)) if numbers is None else numbers

    def start(self, batch: int):
        return (self.numbers,)

    def step(self, ids, state):
        assert torch.equal(state[0], self.numbers)
        return self.tables[torch.arange(len(ids)), ids], state

    def keep(self, sources):
        return Tables(self.tables[sources], self.numbers[sources])

    def coverage(self, state):
        return None


def random_tables(sources: int, types: int = 4, seed: int = 1) -> Tensor:
    return torch.randn(sources, types, types, generator=torch.Generator().manual_seed(seed)).log_softmax(dim=-1)


def log_prob(table: Tensor, ids: list[int], ended: bool) -> float:
    tokens = [EOS, *ids, *[EOS] * ended]
    return sum((float(table[before, token]) for before, token in itertools.pairwise(tokens)), 0.0)


def test_sequences_are_drawn_as_often_as_their_probability_says() -> None:
    table = random_tables(1, types=3)[0]
    draws, most = 2000, 3
    found = draw_sequences(Tables(table.expand(draws, 3, 3)), [most] * draws, Sampling(), range(draws))
    counts = Counter((tuple(one.ids), one.ended) for one in found)
    every = [(ids, True) for n in range(most) for ids in itertools.product((1, 2), repeat=n)]
    every += [(ids, False) for ids in itertools.product((1, 2), repeat=most)]
    exact = {one: math.exp(log_prob(table, list(one[0]), one[1])) for one in every}
    assert sum(exact.values()) == pytest.approx(1, rel=1e-5)
    squares = sum((counts[one] - draws * share) ** 2 / (draws * share) for one, share in exact.items())
    assert len(exact) == 15
    assert squares < 36.1  # chi square with 14 degrees of freedom: once in a thousand


def test_a_source_draws_the_same_in_any_company_and_other_seeds_draw_other_sequences() -> None:
    tables, most = random_tables(40), [1 + 5 * i % 13 for i in range(40)]
    seeds = [100 + i for i in range(40)]
    together = draw_sequences(Tables(tables), most, Sampling(), seeds)
    assert together == [
        draw_sequences(Tables(tables[i : i + 1]), most[i : i + 1], Sampling(), seeds[i : i + 1])[0] for i in range(40)
    ]
    others = draw_sequences(Tables(tables), most, Sampling(), [seed + 40 for seed in seeds])
    assert sum(one.ids != other.ids for one, other in zip(together, others, strict=True)) > 20
    assert [len(one.ids) for one in together if not one.ended] == [
        longest for one, longest in zip(together, most, strict=True) if not one.ended
    ]
    assert {one.ended for one in together} == {True, False}


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(0.5), Sampling(top_k=2), Sampling(2.0, top_p=0.6)])
def test_the_score_is_the_models_probability_however_it_was_drawn(sampling: Sampling) -> None:
    tables = random_tables(30, types=6)
    for table, one in zip(tables, draw_sequences(Tables(tables), [9] * 30, sampling, range(30)), strict=True):
        assert one.score == one.log_prob == pytest.approx(log_prob(table, one.ids, one.ended), rel=1e-5)


def test_at_temperature_zero_the_likeliest_token_is_taken_each_time() -> None:
    tables = random_tables(30, types=6, seed=3)
    for table, one in zip(tables, draw_sequences(Tables(tables), [7] * 30, Sampling(0.0), range(30)), strict=True):
        expected = [EOS]
        while len(expected) < 8 and (len(expected) == 1 or expected[-1] != EOS):
            expected.append(int(table[expected[-1]].argmax()))
        assert [*one.ids, *[EOS] * one.ended] == expected[1:]


def test_ids_that_are_never_drawn_leave_the_others_their_proportions() -> None:
    table = torch.tensor([0.1, 0.6, 0.2, 0.1]).log().expand(1500, 4, 4)
    found = draw_sequences(Tables(table), [1] * 1500, Sampling(), range(1500), never=[1])
    shares = Counter(one.ids[0] if one.ids else EOS for one in found)
    assert [shares[token] / 1500 for token in range(4)] == pytest.approx([0.25, 0, 0.5, 0.25], abs=0.03)
    assert {round(math.exp(one.log_prob), 6) for one in found} == {0.1, 0.2}  # the model's own, nothing forbidden


def test_nothing_is_drawn_for_no_source() -> None:
    assert draw_sequences(Tables(random_tables(0)), [], Sampling(), []) == []
