"""The reach before and after training: of the network that is trained, and of the same trials."""

from __future__ import annotations

import pytest

from nlprnn.diagnostics.learnt_reach import AFTER, BEFORE, TRIALS, learnt_reach
from nlprnn.diagnostics.practice import Practice


def test_each_cell_has_a_curve_before_and_one_after_training() -> None:
    found = learnt_reach(("gru", "lstm"), delay=3, practice=Practice(hidden=8, steps=60, lr=0.02), seeds=(1,))
    kinds = [(curve.network, curve.setting, curve.part) for curve in found.reach.curves]
    assert kinds == [("gru", BEFORE, "h"), ("gru", AFTER, "h")] + [
        ("lstm", when, part) for when in (BEFORE, AFTER) for part in "hc"
    ]
    assert {len(curve.median) for curve in found.reach.curves} == {5}  # the item stands delay + 1 steps back
    assert set(found.accuracy) == {"gru", "lstm"}


def test_without_training_nothing_changes() -> None:
    found = learnt_reach(("rnn-tanh",), delay=2, practice=Practice(hidden=8, steps=0), seeds=(1, 2))
    before, after = found.reach.curves
    assert before.mean == after.mean and before.n == 2 * TRIALS
    assert found.saturation[0].low == found.saturation[1].low and len(found.accuracy["rnn-tanh"]) == 2


def test_saturation_is_the_mean_of_the_seeds() -> None:
    several = [learnt_reach(("gru",), 2, Practice(hidden=4, steps=3, lr=0.5), seeds) for seeds in ((1,), (2,), (1, 2))]
    one, two, both = (found.saturation_rows() for found in several)
    assert len(both) == 2 * 3 and {len(row) for row in both} == {len(several[0].saturation_header)}
    assert [row[4] for row in both] == pytest.approx([(a[4] + b[4]) / 2 for a, b in zip(one, two, strict=True)])
