"""The reach before and after training: of the network that is trained, and of the same trials."""

from __future__ import annotations

from nlprnn.diagnostics.learnt_reach import AFTER, BEFORE, learnt_reach
from nlprnn.diagnostics.practice import Practice


def test_each_cell_has_a_curve_before_and_one_after_training() -> None:
    found = learnt_reach(("gru", "lstm"), delay=3, practice=Practice(hidden=8, steps=60, lr=0.02))
    kinds = [(curve.network, curve.setting, curve.part) for curve in found.reach.curves]
    assert kinds == [("gru", BEFORE, "h"), ("gru", AFTER, "h")] + [
        ("lstm", when, part) for when in (BEFORE, AFTER) for part in "hc"
    ]
    assert {len(curve.median) for curve in found.reach.curves} == {5}  # the item stands delay + 1 steps back
    assert set(found.accuracy) == {"gru", "lstm"}


def test_without_training_nothing_changes() -> None:
    found = learnt_reach(("rnn-tanh",), delay=2, practice=Practice(hidden=8, steps=0))
    before, after = found.reach.curves
    assert before.mean == after.mean
