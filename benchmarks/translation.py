"""How fast nlprnn learns to translate and translates beside JoeyNMT: `python benchmarks/translation.py --data DIR`.

    translation_data.py      the sizes, and the files that all sides read
    translation_peer.py      JoeyNMT's side, in its recurrent mode; how to install it stands there
    translation_ours.py      nlprnn's side, with one decoder layer, as JoeyNMT's and by default, and with two
    translation_workers.py   processes that each hold one side and sleep while another is measured

DIR holds train.en, train.de, val.en and val.de; `--peer` is the Python of the environment that JoeyNMT is installed in.
Without it nlprnn is measured alone. A round measures each side once, one right after the other, on all cores, and gives
the ratio of their speeds; what is told is the median over the rounds, with the least and the largest.

What is the same for all: pairs and their order, vocabulary, batches of 64 sentences; embeddings of 256 units, shared by
both languages, one LSTM of 256 units in each direction, a decoder of 512, bilinear attention; dropout of 0.3, no label
smoothing, Adam at a constant rate. What each keeps for itself is its design. JoeyNMT feeds the attention's result back
into its decoder and predicts from 512 units with a matrix of its own, so that a target token is multiplied with 7
million weights. nlprnn predicts from 256 units with the embeddings: 4 million; with a second decoder layer, which reads
what the first attended to, they are 7 million as well. In training and in translating it multiplies in bfloat16 where
the processor can, as by default.

Training is measured on the same batches, and then once more with nlprnn's own, of pairs of like length and as many
tokens, against the same peer. What the first training taught is what then translates, in two ways:

  - forced: no translation ends before it is as long as its batch's longest reference, then all do. Each side takes the
    same number of steps with the same number of hypotheses, whatever it has learnt: this is the fair one.
  - free: each side ends where it wants to, or at half as much again as the longest source. Networks that learnt for so
    short a time differ in length, so tokens a second, and how many a sentence has, stand beside sentences a second.

Training begins with text at JoeyNMT's, as it always does there, and with ids at nlprnn's; that is a hundredth of its
time. Translating is from ids to ids. JoeyNMT gets its sentences sorted by length, which it does not do by itself. A
full run takes some eleven minutes on two idle cores, most of it JoeyNMT's; with --quick three.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernels import processor, spread
from report import NOTHING, number
from translation_data import Plan, Sources, full, prepare, quick
from translation_workers import Side
from workers import Failed, Worker

FOLDER = Path(__file__).parent
PEER, OURS = "peer", {"nlprnn": 1, "nlprnn, 2 layers": 2}  # and of ours how many layers the decoder has
BEAMS = {1: "greedy", 5: "beam 5"}


@dataclass(frozen=True)
class Measure:
    """Something that all sides are asked to do, timed."""

    name: str
    counted: str  # what is counted: its number in a second is the speed
    order: str
    arguments: tuple[Any, ...]
    same: tuple[str, ...] = ()  # counts that must be the same on all sides


def measures(plan: Plan, sources: Sources) -> Iterator[Measure]:
    """In the order in which they are measured: what is translated with was learnt in the first."""
    yield Measure("train, same batches", "tokens", "train", (plan.updates,), ("tokens",))
    numbers = sources.chosen(plan.each)
    for forced in (True, False):
        for beam, name in BEAMS.items():
            arguments = (numbers, beam, sources.steps(numbers, forced), forced)
            same = ("sentences", "read", "tokens") if forced else ("sentences", "read")
            yield Measure(f"{name}, {'forced' if forced else 'free'}", "sentences", "translate", arguments, same)
    yield Measure("train, like lengths", "tokens", "train", (max(plan.updates // 4, 1), "alike"))


class Bench:
    """One run of the benchmark: the sides, and what they found."""

    def __init__(self, plan: Plan, sources: Sources, sides: dict[str, Worker]) -> None:
        self.plan, self.sources, self.sides = plan, sources, sides
        self.failures: list[str] = []

    def run(self, folder: Path) -> dict[str, Any]:
        """Measure everything; what goes into the JSON."""
        started, date = time.monotonic(), datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        about, timed = self._start(folder), []
        for measure in measures(self.plan, self.sources):
            timed.append(self._timed(measure))
            print(f"{time.monotonic() - started:6.0f} s  {measure.name}", file=sys.stderr, flush=True)
        return {
            "date": date,
            "seconds": round(time.monotonic() - started, 1),
            "processor": processor(),
            "plan": dataclasses.asdict(self.plan),
            "sides": about,
            "timed": timed,
            "failures": self.failures,
        }

    def _start(self, folder: Path) -> dict[str, Any]:
        """Have all sides ready and warm, so that none starts while another is measured; what they are."""
        sizes, about = dataclasses.asdict(self.plan.sizes), {}
        shortest = len(self.sources.longest) - 1
        for name in list(self.sides):
            about[name] = self._ask(name, "start", str(folder), sizes, *([OURS[name]] if name in OURS else []))
            self._ask(name, "train", 1)
            for beam in BEAMS:
                self._ask(name, "translate", [shortest], beam, self.sources.steps([shortest], True), True)
        return about

    def _ask(self, side: str, order: str, *arguments: Any) -> Any:
        """A side's answer; or None where it fails, which is told, and it has no further part."""
        if side not in self.sides:
            return None
        try:
            return self.sides[side].ask(order, *arguments)
        except Failed as error:
            self._fail(f"{side}: {order}: {error}")
            self.sides.pop(side).close()
            return None

    def _fail(self, line: str) -> None:
        self.failures.append(line)
        print(line, file=sys.stderr, flush=True)

    def _timed(self, measure: Measure) -> dict[str, Any]:
        """What each side did, round by round."""
        rounds = [
            {side: self._ask(side, measure.order, *measure.arguments) for side in list(self.sides)}
            for _ in range(self.plan.rounds)
        ]
        sides = {side: [done[side] for done in rounds] for side in self.sides}
        for key in measure.same:
            counts = {side: [one[key] for one in found] for side, found in sides.items()}
            if any(count != next(iter(counts.values())) for count in counts.values()):
                self._fail(f"{measure.name}: the sides do not have the same {key}: {counts}")
        figures = {side: figures_of(found, sides.get(PEER), measure.counted) for side, found in sides.items()}
        return {"measure": measure.name, "counted": measure.counted, "sides": figures}


def figures_of(found: list[dict[str, float]], peer: list[dict[str, float]] | None, counted: str) -> dict[str, Any]:
    """A side's speeds, and its ratios to the peer's, from what both found in each round."""

    def speeds(of: list[dict[str, float]], what: str) -> list[float]:
        return [one[what] / one["seconds"] for one in of]

    figures: dict[str, Any] = {"found": found, "rate": statistics.median(speeds(found, counted))}
    figures["tokens"] = statistics.median(speeds(found, "tokens"))
    if "sentences" in found[0]:
        figures["length"] = statistics.median(one["tokens"] / one["sentences"] for one in found)
    if peer is not None and peer is not found:
        for name, what in (("ratio", counted), ("tokens_ratio", "tokens")):
            pairs = zip(speeds(found, what), speeds(peer, what), strict=True)
            figures[name] = spread(ours / theirs for ours, theirs in pairs)
    return figures


def as_text(found: dict[str, Any]) -> str:
    """The table, and lines about the run."""
    rounds = f"{found['plan']['rounds']} rounds in {found['seconds'] / 60:.1f} minutes"
    lines = [f"{found['date'][:10]}, {found['processor']}, {rounds}"]
    for side, about in found["sides"].items():
        lines.append(f"{side}: {', '.join(f'{name} {value}' for name, value in (about or {}).items())}")
    if PEER not in found["sides"]:
        lines.append("No --peer was given: this is nlprnn alone, and there are no ratios.")
    header = ("", "side", "speed", "ratio", "[spread]", "tokens/s", "ratio", "a sentence")
    rows = [header]
    for result in found["timed"]:
        for side, of in result["sides"].items():
            ratio = of.get("ratio")
            rows.append(
                (
                    result["measure"],
                    side,
                    f"{of['rate']:,.1f} {result['counted']}/s",
                    number(ratio and ratio["median"], ".2f", "x"),
                    f"[{ratio['low']:.2f}-{ratio['high']:.2f}]" if ratio else NOTHING,
                    number(of["tokens"], ",.0f"),
                    number(of.get("tokens_ratio", {}).get("median"), ".2f", "x"),
                    number(of.get("length"), ".1f"),
                )
            )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", *table, *(f"Failed: {line}" for line in found["failures"])])


def commands(peer: str | None) -> dict[str, list[str]]:
    """How each side is started."""
    ours = [sys.executable, str(FOLDER / "translation_ours.py")]
    theirs = {PEER: [peer, str(FOLDER / "translation_peer.py")]} if peer else {}
    return theirs | dict.fromkeys(OURS, ours)


def bench(data: Path, plan: Plan, peer: str | None) -> dict[str, Any]:
    """Run the benchmark in a temporary folder; what it found."""
    with tempfile.TemporaryDirectory() as folder:
        sources = prepare(data, Path(folder), plan.sizes)
        sides: dict[str, Worker] = {name: Side(command) for name, command in commands(peer).items()}
        try:
            return Bench(plan, sources, sides).run(Path(folder))
        finally:
            for side in sides.values():
                side.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="train.en, train.de, val.en, val.de")
    parser.add_argument("--peer", metavar="PYTHON", help="of an environment that has JoeyNMT 2.3.0")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and updates")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was found")
    options = parser.parse_args()
    found = bench(options.data, quick() if options.quick else full(), options.peer)
    print(as_text(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.exit(1 if found["failures"] else 0)


if __name__ == "__main__":
    main()
