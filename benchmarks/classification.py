"""How many texts a second get a label, beside plain torch with packed sequences: `python benchmarks/classification.py`.

All sides have the same weights and texts, and go from strings to labels with their probabilities: nlprnn through what
`classify` calls, once as it does by default and once in float32, torch through the code everybody writes (plain.py), in
batches of 64 texts as they come. In each round one side is measured right after the other, on all cores or as many as
OMP_NUM_THREADS says; what is told is the median of the rounds' ratios, with the least and the largest. Needs some three
minutes.
"""

from __future__ import annotations

import argparse
import datetime
import json
import statistics
from pathlib import Path
from typing import Any

from cases import Case
from kernels import processor, spread
from workers import Worker

PLAIN, OURS, EXACT = "plain", "native", "exact"
SIZES: tuple[dict[str, Any], ...] = (
    {"cell": "lstm", "layers": 1, "hidden": 200, "vocabulary": 10_000},
    {"cell": "gru", "layers": 1, "hidden": 200, "vocabulary": 10_000},
    {"cell": "lstm", "layers": 2, "hidden": 200, "vocabulary": 10_000},
    {"cell": "lstm", "layers": 1, "hidden": 50, "vocabulary": 10_000},
)
TOY: tuple[dict[str, Any], ...] = ({"cell": "lstm", "layers": 1, "hidden": 8, "vocabulary": 50},)
AGREED = {OURS: 1e-3, EXACT: 1e-4}  # what sums of probabilities may differ from plain torch's by, relatively
WARM = 0.5  # seconds


def bench(sizes: tuple[dict[str, Any], ...], texts: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Measure all sizes, a round of a side taking so many seconds; what goes into the JSON."""
    sides = {side: Worker(side) for side in (PLAIN, OURS, EXACT)}
    try:
        about = {side: worker.ask("about") for side, worker in sides.items()}
        timed = [measured(Case("classify", **size, batch=texts), sides, rounds, seconds) for size in sizes]
    finally:
        for worker in sides.values():
            worker.close()
    date = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    return {"date": date, "processor": processor(), "texts": texts, "rounds": rounds, "sides": about, "timed": timed}


def measured(case: Case, sides: dict[str, Worker], rounds: int, seconds: float) -> dict[str, Any]:
    """Texts a second of each side, and ours over plain's in each round. Raises ValueError where the sides disagree."""
    checks = {side: worker.ask("build", case, WARM) for side, worker in sides.items()}
    if any(abs(checks[PLAIN] - checks[side]) > AGREED[side] * checks[PLAIN] for side in AGREED):
        raise ValueError(f"{case.name}: the sides tell other labels: {checks}")
    each = case.tokens / case.batch  # tokens of a text
    rates: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, worker in sides.items():
            rates[side].append(worker.ask("measure", seconds) / each)
    ratios = {
        side: spread([ours / theirs for ours, theirs in zip(rates[side], rates[PLAIN], strict=True)]) for side in AGREED
    }
    medians = {side: statistics.median(found) for side, found in rates.items()}
    return {"case": case.name, "texts_per_second": medians, "ratios": ratios, "check": checks}


def as_text(found: dict[str, Any]) -> str:
    threads = found["sides"][PLAIN]["threads"]
    lines = [f"{found['date'][:10]}, {found['processor']}, {threads} threads, {found['rounds']} rounds"]
    for row in found["timed"]:
        rate = row["texts_per_second"]
        told = [f"{row['case']:<28} plain {rate[PLAIN]:8,.0f} texts/s"]
        for side, name in ((OURS, "nlprnn"), (EXACT, "in float32")):
            ratio = row["ratios"][side]
            told.append(f"{name} {rate[side]:8,.0f} {ratio['median']:.2f}x [{ratio['low']:.2f}-{ratio['high']:.2f}]")
        lines.append("  ".join(told))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9, metavar="N")
    parser.add_argument("--toy", action="store_true", help="sizes of no interest, to see that everything runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was found")
    options = parser.parse_args()
    found = bench(TOY, 70, 2, 0.01) if options.toy else bench(SIZES, 2000, options.rounds, 1.0)
    print(as_text(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
