"""The measurements of `diagnose` that need no trained model, cut into jobs that run side by side in other processes.

A job is a dict that can be JSON, and so is what it finds.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from nlprnn.diagnostics.bptt import TRUNCATED, Truncation, TruncationRun, truncation
from nlprnn.diagnostics.gains import gain_sweep
from nlprnn.diagnostics.learnt_reach import LearntReach, NetworkSaturation, learnt_reach
from nlprnn.diagnostics.measures import PLAIN, MeasureRun, Measures, measures
from nlprnn.diagnostics.practice import ALIKE, Practice, Progress
from nlprnn.diagnostics.rates import RateChoice, RateRun, choose_rates
from nlprnn.diagnostics.reach import Reach, ReachCurve
from nlprnn.diagnostics.recall import LONGER, Recall, RecallRun, copying, delayed_recall
from nlprnn.diagnostics.recaller import networks
from nlprnn.text.workers import run_tasks

Job = dict[str, Any]
Entry = TypeVar("Entry")

GAINS, MEASURES, RECALL, COPYING, BPTT, LEARNT = PARTS = ("gains", "measures", "recall", "copying", "bptt", "learnt")
RATES, COPYING_RATES = "rates", "copying-rates"
AT_RATES = {RECALL: RATES, BPTT: RATES, LEARNT: RATES, COPYING: COPYING_RATES}  # that are chosen before


@dataclass(frozen=True)
class Budget:
    """How much of a part is measured: the rest is as the measuring function has it."""

    seeds: int
    practice: Practice | None = ALIKE
    more: Mapping[str, Any] = field(default_factory=dict)


_SHORT = replace(ALIKE, steps=150)
FULL = {
    GAINS: Budget(3, None),
    MEASURES: Budget(3, PLAIN),
    RATES: Budget(2),
    RECALL: Budget(3),
    COPYING_RATES: Budget(1, LONGER, {"delays": (10,), "copied": True}),
    COPYING: Budget(2, LONGER),
    BPTT: Budget(2),
    LEARNT: Budget(3, LONGER),
}
QUICK = {
    GAINS: Budget(1, None, {"gains": (0.5, 1.0, 1.5, 3.0), "distance": 50}),
    MEASURES: Budget(1, replace(PLAIN, steps=150)),
    RATES: Budget(1, _SHORT, {"delays": (20,), "rates": (0.003, 0.01, 0.03)}),
    RECALL: Budget(1, _SHORT, {"delays": (5, 10, 20, 40)}),
    COPYING_RATES: Budget(
        1, replace(LONGER, steps=300), {"delays": (3,), "rates": (0.003, 0.01, 0.03), "copied": True}
    ),
    COPYING: Budget(1, replace(LONGER, steps=300), {"delays": (1, 3, 10)}),
    BPTT: Budget(1, _SHORT, {"lengths": (1, 5, 10, 20), "delays": (0, 3, 8), "symbols": 200}),
    LEARNT: Budget(1, _SHORT, {"delay": 10}),
}
MEASURE: dict[str, Callable[..., Any]] = {
    GAINS: gain_sweep,
    MEASURES: measures,
    RATES: choose_rates,
    COPYING_RATES: choose_rates,
    RECALL: delayed_recall,
    COPYING: copying,
    BPTT: truncation,
    LEARNT: learnt_reach,
}


def measure(
    parts: Sequence[str],
    cells: Sequence[str],
    seed: int,
    budgets: Mapping[str, Budget],
    processes: int,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """What was found, by part: Reach, Measures, RateChoice, Recall, Truncation or LearntReach.

    Learning rates are chosen first, then all that is trained at them; everything else runs beside the former.
    """
    second = [part for part in parts if part in AT_RATES]
    first = [part for part in parts if part not in AT_RATES] + list(dict.fromkeys(AT_RATES[part] for part in second))
    jobs, later = (
        [job for part in some for job in _jobs(part, cells, seed, budgets[part])] for some in (first, second)
    )
    count, done = len(jobs) + len(later), 0
    found: dict[str, list[Job]] = {}
    for some in (jobs, later):
        chosen = {part: gathered(part, found[part]).chosen() for part in AT_RATES.values() if part in found}
        for job in some if chosen else ():
            job["arguments"]["rates"] = chosen[AT_RATES[job["part"]]]
        results = run_tasks("nlprnn.tasks.diagnosis_jobs:run_job", some, processes)
        with contextlib.closing(results):  # ends the processes where Ctrl-C ends us
            for job, result in zip(some, results, strict=True):
                found.setdefault(job["part"], []).append(result)
                done += 1
                if progress is not None:
                    progress(done, count)
    return {part: gathered(part, several) for part, several in found.items()}


def _jobs(part: str, cells: Sequence[str], seed: int, budget: Budget) -> list[Job]:
    """A part cut by network and seed, or by one of them."""
    given: dict[str, Any] = dict(budget.more)
    if budget.practice is not None:
        given["practice"] = dataclasses.asdict(budget.practice)
    seeds = [seed + number for number in range(budget.seeds)]
    if part == MEASURES:  # its cells are the point of it
        cut: list[dict[str, Any]] = [{"seeds": [one]} for one in seeds]
    elif part in (GAINS, LEARNT):  # its curves are of all seeds
        cut = [{"cells": [name], "seeds": seeds} for name in (cells if part == GAINS else networks(cells))]
    else:
        names = networks(cells) if part != BPTT else truncated(cells)
        cut = [{"cells": [name], "seeds": [one]} for name in names for one in seeds]
    return [{"part": part, "arguments": {**given, **some}} for some in cut]


def truncated(cells: Sequence[str]) -> list[str]:
    """The cells that are trained with truncated back-propagation: those meant for it, where they are among `cells`."""
    return [cell for cell in cells if cell in TRUNCATED] or list(cells[:1])


def run_job(job: Job) -> Job:
    """What a job finds."""
    arguments = dict(job["arguments"])
    if "practice" in arguments:
        arguments["practice"] = Practice(**arguments["practice"])
    return dataclasses.asdict(MEASURE[job["part"]](**arguments))


def gathered(part: str, found: Sequence[Job]) -> Any:
    """What the jobs of a part found, as one."""
    if part == GAINS:
        return Reach(_entries(ReachCurve, found, "curves"))
    if part == MEASURES:
        return Measures(_entries(MeasureRun, found, "runs"), found[0]["chance"])
    if part in (RATES, COPYING_RATES):
        return RateChoice(_entries(RateRun, found, "runs"))
    if part in (RECALL, COPYING):
        return Recall(_entries(RecallRun, found, "runs"), found[0]["chance"])
    if part == BPTT:
        return Truncation(_entries(TruncationRun, found, "runs"), found[0]["chance"])
    return LearntReach(
        Reach(_entries(ReachCurve, [one["reach"] for one in found], "curves")),
        _entries(NetworkSaturation, found, "saturation"),
        {name: tuple(right) for one in found for name, right in one["accuracy"].items()},
        found[0]["delay"],
    )


def _entries(kind: type[Entry], found: Sequence[Job], name: str) -> tuple[Entry, ...]:
    """The entries of a list that all jobs have, tuples again where JSON made them lists."""
    return tuple(
        kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})
        for one in found
        for entry in one[name]
    )
