"""Sampling and next words, over a Stepper made of a table."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
import torch

from nlprnn.config.decoding import Sampling
from nlprnn.inference.decoding import draw, next_words, sample

STARTS = np.array([True, False, True, True, False, False])  # <eos> <unk> _a _b c d


class Table:
    """The next token's probabilities depend on the last two tokens: a Markov chain drawn once."""

    def __init__(self, seed: int = 1, types: int = 6) -> None:
        table = torch.rand(types, types, types, generator=torch.Generator().manual_seed(seed)).pow(3) + 0.01
        self.table = (table / table.sum(-1, keepdim=True)).log()

    def start(self, batch: int):
        return ((torch.zeros(batch, 1, dtype=torch.long),),)

    def step(self, ids, state):
        before = state[0][0][:, 0]
        return self.table[before, ids], ((ids[:, None],),)


def drawn(table: Table, prompt: list[int], n: int, sampling: Sampling, seed: int, **more) -> list[int]:
    return list(itertools.islice(sample(table, prompt, sampling, seed, **more), n))


def word_probabilities(table: Table, prompt: list[int], longest: int) -> dict[tuple[int, ...], float]:
    """Every word of up to `longest` pieces after the prompt, by enumeration from the definition."""

    def after(tokens: list[int]) -> np.ndarray:
        history = [0, 0, *tokens]
        return table.table[history[-2], history[-1]].exp().double().numpy()

    before = after(prompt)[STARTS].sum() if prompt else 1.0
    found = {(0,): after(prompt)[0] / before}
    for length in range(longest):
        for first in (2, 3) if prompt else (1, 2, 3, 4, 5):  # at the start of a line any token begins a word
            for rest in itertools.product((1, 4, 5), repeat=length):
                word = [first, *rest]
                mass = math.prod(after([*prompt, *word[:i]])[token] for i, token in enumerate(word))
                found[tuple(word)] = mass * after([*prompt, *word])[STARTS].sum() / before
    return found


@pytest.mark.parametrize("prompt", [[], [2, 4], [3, 5, 5]])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_next_words_are_those_of_an_exhaustive_search(prompt: list[int], seed: int) -> None:
    table = Table(seed)
    everything = word_probabilities(table, prompt, longest=7)
    assert sum(everything.values()) <= 1 + 1e-6
    best = sorted(everything.items(), key=lambda item: -item[1])[:5]
    found = next_words(table, prompt, 5, STARTS)
    assert [tuple(word) for word, _ in found] == [word for word, _ in best]
    assert [probability for _, probability in found] == pytest.approx([p for _, p in best], rel=1e-4)


def test_with_whole_words_the_next_words_are_the_likeliest_tokens() -> None:
    table = Table()
    found = next_words(table, [2], 6, None)
    assert sorted(word[0] for word, _ in found) == list(range(6))
    assert sum(p for _, p in found) == pytest.approx(1.0, abs=1e-5)
    assert [p for _, p in found] == sorted((p for _, p in found), reverse=True)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    table = Table()
    one, same, other = (drawn(table, [2], 40, Sampling(), seed) for seed in (1, 1, 2))
    assert one == same != other


def test_temperature_zero_takes_the_likeliest_each_time() -> None:
    table = Table()
    history = [0, 2]
    for token in drawn(table, [2], 10, Sampling(temperature=0), 1):
        assert token == int(table.table[history[-2], history[-1]].argmax())
        history.append(token)


def test_draws_follow_the_probabilities_and_the_cuts() -> None:
    log_probs = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    generator = torch.Generator().manual_seed(1)

    def shares(sampling: Sampling) -> list[float]:
        counts = Counter(draw(log_probs, sampling, generator) for _ in range(4000))
        return [counts[token] / 4000 for token in range(4)]

    assert shares(Sampling()) == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.03)
    assert shares(Sampling(top_k=2)) == pytest.approx([0.625, 0.375, 0, 0], abs=0.03)
    assert shares(Sampling(top_p=0.7)) == pytest.approx([0.625, 0.375, 0, 0], abs=0.03)
    assert shares(Sampling(top_p=0.01)) == [1, 0, 0, 0]
    squared = np.array([0.25, 0.09, 0.0225, 0.0025])
    assert shares(Sampling(temperature=0.5)) == pytest.approx((squared / squared.sum()).tolist(), abs=0.03)


def test_what_must_never_be_drawn_is_not() -> None:
    assert 1 not in drawn(Table(), [], 300, Sampling(), 4, never=(1,))
