"""An ensemble of steppers, against figures worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from nlprnn.config.decoding import Search
from nlprnn.errors import ConfigError
from nlprnn.inference.beam import search, select
from nlprnn.inference.ensemble import Ensemble


class Fixed:
    """The same probabilities at each step; the state counts the steps and knows its source."""

    def __init__(self, probabilities: list[list[float]], looks: list[float] | None = None) -> None:
        self.probabilities, self.looks = torch.tensor(probabilities), looks  # (S, V); coverage of each source

    def start(self, batch: int):
        return torch.arange(batch), (torch.zeros(batch),)

    def step(self, ids, state):
        numbers, (steps,) = state
        width = len(ids) // len(self.probabilities)
        return self.probabilities.log().repeat_interleave(width, dim=0), (numbers, (steps + 1,))

    def keep(self, sources: Tensor):
        looks = None if self.looks is None else [self.looks[source] for source in sources.tolist()]
        return Fixed(self.probabilities[sources].tolist(), looks)

    def coverage(self, state):
        return None if self.looks is None else torch.tensor(self.looks)


ONE, OTHER = [[0.1, 0.7, 0.2], [0.5, 0.25, 0.25]], [[0.3, 0.2, 0.5], [0.5, 0.4, 0.1]]
BY_HAND = torch.tensor([[0.2, 0.45, 0.35], [0.5, 0.325, 0.175]])


def test_probabilities_are_the_mean_of_the_members_and_each_has_its_own_state() -> None:
    both = Ensemble([Fixed(ONE), Fixed(OTHER)])
    log_probs, state = both.step(torch.zeros(2, dtype=torch.long), both.start(2))
    torch.testing.assert_close(log_probs.exp(), BY_HAND)
    assert [part[1][0].tolist() for part in state] == [[1, 1], [1, 1]]
    rows = select(state, torch.tensor([1, 0, 1]))
    assert [part[0].tolist() for part in rows] == [[1, 0, 1]] * 2


def test_an_impossible_token_of_one_member_is_half_as_likely_as_the_other_says() -> None:
    both = Ensemble([Fixed([[0.0, 1.0]]), Fixed([[0.6, 0.4]])])
    log_probs, _ = both.step(torch.zeros(1, dtype=torch.long), both.start(1))
    assert log_probs.exp().tolist()[0] == pytest.approx([0.3, 0.7])


def test_members_keep_the_same_sources() -> None:
    both = Ensemble([Fixed(ONE), Fixed(OTHER)]).keep(torch.tensor([1]))
    log_probs, _ = both.step(torch.zeros(1, dtype=torch.long), both.start(1))
    torch.testing.assert_close(log_probs.exp(), BY_HAND[1:])


def test_coverage_is_the_mean_of_the_members_or_none_where_one_has_no_attention() -> None:
    looking, other, blind = Fixed(ONE, [-1.0, -2.0]), Fixed(OTHER, [-3.0, 0.0]), Fixed(OTHER)
    state = (looking.start(2), other.start(2))
    assert Ensemble([looking, other]).coverage(state).tolist() == [-2, -1]  # type: ignore[union-attr]
    assert Ensemble([looking, blind]).coverage(state) is None
    with pytest.raises(ConfigError, match="--coverage-penalty"):
        search(Ensemble([looking, blind]), 2, Search(coverage_penalty=0.1), [4, 4])


def test_beam_search_ranks_by_the_mean() -> None:
    found = search(Ensemble([Fixed(ONE), Fixed(OTHER)]), 2, Search(3, length_penalty=0.0, n_best=3), [1, 1])
    assert [[one.ids for one in source] for source in found] == [[[], [1], [2]]] * 2
    assert [one.log_prob for one in found[1]] == pytest.approx([math.log(p) for p in BY_HAND[1].tolist()], rel=1e-5)
