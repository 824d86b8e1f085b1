"""Exploding gradients counted by hand, and all combinations of the measures."""

from __future__ import annotations

import math

from nlprnn.diagnostics.measures import BEFORE, MeasureRun, exploding, measures
from nlprnn.diagnostics.practice import Practice


def test_a_gradient_explodes_where_it_is_ten_times_what_was_usual_before_it() -> None:
    assert exploding([1.0, 10.0, 1.0, 10.1, 11.0]) == 1  # medians before: none, 1, 5.5, 1, 5.55
    assert exploding([1.0, 2.0, math.nan]) == 1
    assert exploding([math.inf]) == 1
    assert exploding([]) == 0


def test_what_was_usual_is_of_the_steps_just_before() -> None:
    assert exploding([100.0] * BEFORE + [1.0] * BEFORE + [50.0]) == 1
    assert exploding([2.0**-step for step in range(200)]) == 0  # one that fades never explodes


def test_steps_that_were_never_taken_count_as_exploded() -> None:
    run = MeasureRun("rnn-relu", 1.0, 0.0, 1, 0.1, True, (1.0, 1.0, math.inf), steps=10)
    assert (run.exploded, run.norm_max, run.norm_median) == (0.8, math.inf, 1.0)


def test_measures_are_taken_alone_and_together() -> None:
    found = measures(1, (1,), Practice(optimizer="sgd", hidden=4, steps=3))
    assert len({(run.cell, run.lr, run.clip) for run in found.runs}) == len(found.runs) == 8
    assert {len(run.norms) for run in found.runs} == {3}
    assert {len(row) for row in found.rows()} == {len(found.header)}
    first, clipped = found.runs[:2]
    assert (first.clip, clipped.clip) == (0.0, 1.0) and first.norms[0] == clipped.norms[0]


def test_every_norm_has_a_row() -> None:
    found = measures(1, (1,), Practice(optimizer="sgd", hidden=4, steps=3))
    rows = found.norm_rows()
    assert len(rows) == 8 * 3 and rows[1] == ("rnn-relu", 0.3, 0.0, 1, 2, found.runs[0].norms[1])
    assert {len(row) for row in rows} == {len(found.norm_header)}
