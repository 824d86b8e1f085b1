"""Measurements cut into jobs are those of the whole."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from nlprnn.diagnostics.gains import gain_sweep
from nlprnn.diagnostics.measures import measures
from nlprnn.diagnostics.practice import Practice
from nlprnn.diagnostics.rates import choose_rates
from nlprnn.diagnostics.recall import delayed_recall
from nlprnn.tasks import diagnosis_jobs
from nlprnn.tasks.diagnosis_jobs import FULL, PARTS, QUICK, Budget, gathered, measure, truncated

FEW = Practice(hidden=4, steps=2)
TINY = {
    "gains": Budget(2, None, {"gains": (1.0,), "distance": 4, "hidden": 4, "sequences": 2}),
    "measures": Budget(2, replace(FEW, optimizer="sgd")),
    "rates": Budget(1, FEW, {"delays": (1,), "rates": (0.01, 0.1)}),
    "copying-rates": Budget(1, FEW, {"delays": (1,), "rates": (0.03,), "copied": True}),
    "recall": Budget(2, FEW, {"delays": (1, 3)}),
    "copying": Budget(1, FEW, {"delays": (1,)}),
    "bptt": Budget(1, FEW, {"lengths": (1, 2), "delays": (0,), "symbols": 8}),
    "learnt": Budget(1, FEW, {"delay": 2}),
}
CELLS = ("rnn-tanh", "gru")


def test_what_jobs_find_is_what_one_call_finds() -> None:
    found = measure(PARTS, CELLS, 5, TINY, 1)
    names = ("rnn-tanh", "gru", "gru-chrono")
    chosen = choose_rates(names, (1,), (0.01, 0.1), (5,), FEW)
    assert found["rates"] == chosen
    assert found["gains"] == gain_sweep(CELLS, (1.0,), 4, 4, 2, (5, 6))
    assert set(found["measures"].runs) == set(measures(seeds=(5, 6), practice=replace(FEW, optimizer="sgd")).runs)
    whole = delayed_recall(names, (1, 3), (5, 6), FEW, chosen.chosen())
    assert set(found["recall"].runs) == set(whole.runs) and found["recall"].chance == whole.chance
    assert {run.lr for run in found["copying"].runs} == {0.03}
    assert set(found["learnt"].accuracy) == set(names) and {run.cell for run in found["bptt"].runs} == set(CELLS)


def test_parts_that_need_no_rates_choose_none() -> None:
    done: list[tuple[int, int]] = []
    found = measure(("gains",), CELLS, 1, TINY, 1, lambda now, all: done.append((now, all)))
    assert set(found) == {"gains"} and done == [(1, 2), (2, 2)]


def test_json_between_processes_changes_nothing() -> None:
    job = {"part": "measures", "arguments": {"seeds": [1], "practice": vars(FEW)}}
    there = diagnosis_jobs.run_job(job)
    listed = {**there, "runs": [{**run, "norms": [*run["norms"][:-1], math.inf]} for run in there["runs"]]}
    back = gathered("measures", [listed])
    assert all(isinstance(run.norms, tuple) and run.norms[-1] == math.inf for run in back.runs)


def test_truncation_is_measured_on_its_own_cells_or_else_on_the_first() -> None:
    assert truncated(("lstm", "gru", "rnn-tanh")) == ["gru", "rnn-tanh"] and truncated(("lstm", "rnn-relu")) == ["lstm"]


def test_both_budgets_have_every_part() -> None:
    assert set(FULL) == set(QUICK) == set(TINY) == set(diagnosis_jobs.MEASURE)


@pytest.mark.slow
def test_other_processes_find_the_same() -> None:
    parts = ("gains", "recall")
    assert measure(parts, CELLS, 1, TINY, 2) == measure(parts, CELLS, 1, TINY, 1)
