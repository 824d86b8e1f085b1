"""How fast nlprnn is beside the code that everybody writes in plain torch: `python benchmarks/kernels.py`.

    cases.py        what is measured, and the data that both sides read
    plain.py        the plain side: torch's own layers, float32, torch's settings
    ours.py         the same through nlprnn, with its compiled kernels ("native") and without a compiler ("torch")
    measuring.py    what a worker does: build, warm, measure
    workers.py      processes that each hold one side and sleep while another is measured
    cold_start.py   seconds until `nlprnn predict` has answered
    report.py       tables of it all

A round measures each side once, one right after the other, and gives the ratio of their speeds; what is told is the
median over the rounds, with the least and the largest. Machines are noisy, and only such ratios can be compared.
All sides start from the same weights and read the same tokens; what their first steps return stands in the JSON.
It takes about a quarter of an hour on two idle cores; with --quick four minutes, without the largest batches.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import platform
import re
import statistics
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cases import LEARNED, TIMED, Case, Plan, full, toy
from report import as_markdown, as_text
from workers import Failed, Worker

ROUNDS, QUICK_ROUNDS = 5, 2
LEAST_ROUNDS, MOST_SECONDS = 3, 40.0  # from so many rounds on, a slow case ends before it takes longer than this


class Bench:
    """One run of the benchmark: the workers, and what they found."""

    def __init__(self, plan: Plan, rounds: int) -> None:
        self.plan, self.rounds = plan, rounds
        self.sides = ["plain", "native", "torch"]
        self.limit = 0.0  # operations a second
        self.failures: list[str] = []
        self.workers: dict[str, Worker] = {}

    def run(self) -> dict[str, Any]:
        """Measure everything; what goes into the JSON."""
        started, date = time.monotonic(), datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        about = self.ask("start", "plain", "about") or {}
        instructions = self.ask("start", "torch", "instructions") or "none"
        if instructions == "none":
            self.sides.remove("native")
        measures = {"memory": self.memory, "gradients": self.gradients, "cold": self.cold}
        found: dict[str, list[dict[str, Any]]] = {"timed": [], "memory": [], "gradients": [], "cold": []}
        for case in self.plan.cases:
            kind = "timed" if case.kind in TIMED else case.kind
            try:
                result = {"case": case.name, **dataclasses.asdict(case), **measures.get(kind, self.timed)(case)}
            except KeyboardInterrupt:
                self.fail(f"{case.name}: interrupted; it and all after it are missing")
                break
            found[kind].append(result)
            print(f"{time.monotonic() - started:6.0f} s  {case.name}{in_short(result)}", file=sys.stderr, flush=True)
        for worker in self.workers.values():
            worker.close()
        add_shares(found["timed"], self.limit)
        return {
            "date": date,
            "seconds": round(time.monotonic() - started, 1),
            "rounds": self.rounds,
            "machine": {
                "processor": processor(),
                "instructions": instructions,
                "python": platform.python_version(),
                **about,
            },
            "limit": self.limit or None,
            "medians": medians(found["timed"]),
            **found,
            "failures": self.failures,
        }

    def ask(self, name: str, side: str, order: str, *arguments: Any) -> Any:
        """A worker's answer, or None where it failed, which is told; a worker that died is replaced."""
        try:
            for each in self.sides:  # all at once, so that none starts while another is measured
                if each not in self.workers:
                    self.workers[each] = Worker(each)
            return self.workers[side].ask(order, *arguments)
        except Failed as error:
            self.fail(f"{name}: {side}: {error}")
            if not self.workers[side].process.is_alive():
                self.workers.pop(side).close()
            return None

    def fail(self, line: str) -> None:
        self.failures.append(line)
        print(line, file=sys.stderr, flush=True)

    def timed(self, case: Case) -> dict[str, Any]:
        """Tokens a second of all sides, round by round; a side that fails has no further part in it."""
        checks = {side: self.ask(case.name, side, "build", case, self.plan.repetition) for side in self.sides}
        rates: dict[str, list[float]] = {side: [] for side, check in checks.items() if check is not None}
        started = time.monotonic()
        for done in range(self.rounds):
            if done >= LEAST_ROUNDS and (time.monotonic() - started) * (done + 1) / done > MOST_SECONDS:
                break
            for side in list(rates):
                rate = self.ask(case.name, side, "measure", self.plan.repetition)
                if rate is None:
                    del rates[side]
                else:
                    rates[side].append(rate)
            self.limit = max(self.limit, self.ask(case.name, "torch", "limit", self.plan.products) or 0.0)
        for side in rates:
            self.ask(case.name, side, "drop")
        sides: dict[str, dict[str, Any]] = {}
        for side, found in rates.items():
            sides[side] = {"rate": statistics.median(found), "rates": found, "check": checks[side]}
            if side != "plain" and "plain" in rates:
                sides[side]["ratio"] = spread(ours / theirs for ours, theirs in zip(found, rates["plain"], strict=True))
        return {"tokens": case.tokens, "weights": case.weights, "sides": sides}

    def memory(self, case: Case) -> dict[str, Any]:
        """Bytes that training takes beyond parameters and gradients, in a fresh process for each side."""
        sides: dict[str, dict[str, Any]] = {}
        for side in self.sides:
            worker = Worker(side)
            try:
                sides[side] = worker.ask("memory", case)
                if side != "plain" and "plain" in sides:
                    sides[side]["ratio"] = sides[side]["working"] / sides["plain"]["working"]
            except Failed as error:
                self.fail(f"{case.name}: {side}: {error}")
            worker.close()
        return {"sides": sides}

    def gradients(self, case: Case) -> dict[str, Any]:
        """How far gradients are from those of plain float32, of the fastest kernels and of torch's autocast."""
        return {"sides": self.ask(case.name, self.sides[1], "gradients", case) or {}}

    def cold(self, case: Case) -> dict[str, Any]:
        from cold_start import cold_start

        try:
            return {"seconds": cold_start(case.hidden, self.rounds)}
        except Failed as error:
            self.fail(f"{case.name}: {error}")
            return {"seconds": {}}


def spread(ratios: Iterable[float]) -> dict[str, float]:
    found = list(ratios)
    return {"median": statistics.median(found), "low": min(found), "high": max(found)}


def in_short(result: dict[str, Any]) -> str:
    """A case's ratios, for the line that tells how far the run has come."""
    sides = result.get("sides", {}).items()
    ratios = {side: found["ratio"] for side, found in sides if "ratio" in found}
    return "".join(
        f"  {side} {ratio['median'] if isinstance(ratio, dict) else ratio:.2f}" for side, ratio in ratios.items()
    )


def add_shares(timed: list[dict[str, Any]], limit: float) -> None:
    """The share of the limit that each side's products come to where it learns: 6 x weights x tokens a second."""
    for result in timed:
        if result["kind"] in LEARNED and limit:
            for found in result["sides"].values():
                found["share"] = 6 * result["weights"] * found["rate"] / limit


def medians(timed: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The median ratio of each side over the cases of a kind and cell, and how many these are."""
    groups: dict[str, dict[str, list[float]]] = {}
    for result in timed:
        group = groups.setdefault(f"{result['kind']} {result['cell']}", {})
        for side, found in result["sides"].items():
            if "ratio" in found:
                group.setdefault(side, []).append(found["ratio"]["median"])
    return {
        name: {"cases": max(map(len, group.values())), **{side: statistics.median(of) for side, of in group.items()}}
        for name, group in groups.items()
        if group
    }


def processor() -> str:
    """The processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()


def chosen(plan: Plan, only: str, quick: bool) -> Plan:
    """The cases whose name matches; of a quick run, those that are not large."""
    cases = [case for case in plan.cases if re.search(only, case.name) and not (quick and case.large)]
    return dataclasses.replace(plan, cases=tuple(cases))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", metavar="REGEX", help="cases whose name matches, as 'train lstm 2x200'")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"default: {ROUNDS}, {QUICK_ROUNDS} with --quick")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no batch that takes seconds a step")
    parser.add_argument("--toy", action="store_true", help="sizes of no interest, to see that everything runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was found")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page, such as docs/performance.md")
    options = parser.parse_args()
    plan = chosen(toy() if options.toy else full(), options.only, options.quick)
    if not plan.cases:
        parser.error(f"--only {options.only}: no case has such a name")
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    found = Bench(plan, rounds).run()
    print(as_text(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if options.markdown:
        options.markdown.write_text(as_markdown(found), encoding="utf-8")
    sys.exit(1 if found["failures"] else 0)


if __name__ == "__main__":
    main()
