"""What runs come to, by hand, and that they are made as planned."""

from __future__ import annotations

from nlprnn.diagnostics.practice import Practice
from nlprnn.diagnostics.recall import CellReach, Recall, RecallRun, copying, delayed_recall


def test_a_cell_reaches_its_longest_learnt_delay_seed_by_seed() -> None:
    accuracies = {1: (1.0, 0.95, 0.2), 2: (1.0, 0.3, 0.9), 3: (0.5, 0.1, 0.1)}
    runs = [
        RecallRun("gru", delay, seed, 0.01, accuracy, False)
        for seed, row in accuracies.items()
        for delay, accuracy in zip((5, 10, 20), row, strict=True)
    ]
    found = Recall((*runs, RecallRun("lstm", 5, 1, 0.01, 1.0, False)), 0.125)
    assert found.reached() == (CellReach("gru", (10, 20, 0)), CellReach("lstm", (5,)))
    assert found.summary_rows() == [("gru", 10, 0, 20), ("lstm", 5, 5, 5)]
    assert len(found.summary_header) == 4


def test_every_cell_is_trained_at_every_delay_with_every_seed() -> None:
    done: list[tuple[int, int]] = []
    found = delayed_recall(
        ("gru", "rnn-tanh"), (0, 2), (1, 2), Practice(hidden=4, steps=2), None, lambda now, all: done.append((now, all))
    )
    assert [(run.cell, run.delay, run.seed) for run in found.runs] == [
        (cell, delay, seed) for cell in ("gru", "rnn-tanh") for delay in (0, 2) for seed in (1, 2)
    ]
    assert done == [(number, 8) for number in range(1, 9)] and found.chance == 1 / 8
    assert {len(row) for row in found.rows()} == {len(found.header)}


def test_copying_is_learnt_when_it_is_short() -> None:
    found = copying(("rnn-tanh",), (0,), (1,), Practice(hidden=32, steps=150, lr=0.02))
    assert found.runs[0].accuracy > 0.6  # of three items each; chance is 0.125


def test_rates_of_single_networks_go_before_that_of_all() -> None:
    found = delayed_recall(("gru", "lstm-chrono"), (0,), (1,), Practice(hidden=4, steps=1, lr=0.5), {"gru": 0.1})
    assert [(run.cell, run.lr) for run in found.runs] == [("gru", 0.1), ("lstm-chrono", 0.5)]
