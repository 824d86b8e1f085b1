"""Which learning rate is chosen, by hand."""

from __future__ import annotations

from nlprnn.diagnostics.practice import Practice
from nlprnn.diagnostics.rates import APART, RateChoice, RateRun, choose_rates


def runs(cell: str, accuracies: dict[float, tuple[float, ...]]) -> list[RateRun]:
    return [RateRun(cell, lr, 5 * place, 1, right) for lr, row in accuracies.items() for place, right in enumerate(row)]


def test_the_rate_with_the_best_mean_is_chosen_and_of_equals_the_largest() -> None:
    found = RateChoice(
        (
            *runs("gru", {0.1: (1.0, 0.2), 0.01: (0.7, 0.7), 0.001: (0.5, 0.5)}),
            *runs("lstm", {0.1: (0.1, 0.1), 0.001: (1.0, 1.0), 0.01: (1.0, 1.0)}),
        )
    )
    assert found.chosen() == {"gru": 0.01, "lstm": 0.01}


def test_every_rate_is_tried_at_every_delay_on_seeds_of_its_own() -> None:
    found = choose_rates(("gru",), (0, 2), (0.1, 0.2), (1, 2), Practice(hidden=4, steps=1))
    assert [(run.delay, run.lr, run.seed) for run in found.runs] == [
        (delay, rate, APART + seed) for delay in (0, 2) for rate in (0.1, 0.2) for seed in (1, 2)
    ]
    assert {len(row) for row in found.rows()} == {len(found.header)}


def test_a_rate_at_which_nothing_is_learnt_is_not_chosen() -> None:
    for copied in (False, True):
        found = choose_rates(("rnn-tanh",), (0,), (0.00001, 0.02), (1,), Practice(hidden=16, steps=60), copied)
        assert found.chosen() == {"rnn-tanh": 0.02}
