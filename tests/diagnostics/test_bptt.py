"""Truncation: where the gradient can get, and that it matters."""

from __future__ import annotations

from nlprnn.diagnostics.bptt import TruncationRun, truncation
from nlprnn.diagnostics.practice import Practice


def test_item_and_question_lie_within_a_piece_that_is_two_steps_longer_than_the_delay() -> None:
    assert TruncationRun("gru", 5, 3, 1, 1.0).within
    assert not TruncationRun("gru", 5, 4, 1, 1.0).within


def test_what_a_gradient_cannot_reach_is_hardly_learnt() -> None:
    found = truncation(("gru",), (1, 4), (1,), symbols=80, practice=Practice(hidden=16, steps=150, lr=0.02), seeds=(1,))
    short, long = found.runs
    assert (short.bptt, short.within, long.bptt, long.within) == (1, False, 4, True)
    assert long.accuracy > 0.9 and short.accuracy < 0.5
    assert [len(row) for row in found.rows()] == [len(found.header)] * 2
