"""Tables of what kernels.py found, for the terminal and for a page in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MEGABYTE = 1e6
NOTHING = "-"
NAMES = {
    "train": "Training a language model",
    "encode": "Encoding sentences of unequal lengths in both directions, forward and backward",
    "score": "Scoring sentences of unequal lengths",
    "step": "One token at a time",
}
METHOD = """\
Each figure compares nlprnn with the code everybody writes in torch: `nn.Embedding`, `nn.LSTM` or `nn.GRU`, `nn.Linear`,
`F.cross_entropy`, float32, SGD with clipping (`benchmarks/plain.py`), in a process of its own with torch's default
settings. Both sides start from the same weights, read the same tokens, and compute the exact full softmax. *native* are
the compiled kernels, *torch* is what runs where there was no compiler. A round measures each side once, one right after
the other; a ratio is the median over the rounds of the ratio within a round, with the least and the largest in
brackets. *Share* is six times the recurrent and output weights times tokens a second, over the best rate of `torch.mm`
in the same run, in bfloat16 or, where that is only emulated, in float32. Memory and gradients are those of training
steps; gradients are compared at the first weights."""


@dataclass(frozen=True)
class Table:
    """Rows of text under a header; the first column is a name, the others are numbers."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]


def as_text(found: dict[str, Any]) -> str:
    """All tables in aligned columns, and the lines about the run."""
    parts = ["\n".join(heading(found))]
    for table in tables(found):
        widths = [max(map(len, column)) for column in zip(table.header, *table.rows, strict=True)]
        lines = [table.title + ":"]
        for name, *cells in (table.header, *table.rows):
            padded = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
            lines.append("  ".join([name.ljust(widths[0]), *padded]))
        parts.append("\n".join(lines))
    return "\n\n".join(parts + failures(found))


def as_markdown(found: dict[str, Any]) -> str:
    """The page."""
    parts = ["# Performance", " ".join([*heading(found), "Made by `benchmarks/kernels.py`."]), METHOD]
    for table in tables(found):
        bars = [" | ".join(cells) for cells in (table.header, *table.rows)]
        rule = "|".join(["---", *["--:"] * (len(table.header) - 1)])
        parts += [f"## {table.title}", "\n".join([f"| {bars[0]} |", f"|{rule}|", *(f"| {bar} |" for bar in bars[1:])])]
    return "\n\n".join(parts + failures(found)) + "\n"


def heading(found: dict[str, Any]) -> list[str]:
    machine, limit = found["machine"], found["limit"]
    threads = f"{machine['threads']} threads, torch {machine['torch']}, " if "threads" in machine else ""
    return [
        f"{found['date'][:10]}, {machine['processor']} ({machine['instructions']}), {threads}"
        f"at most {found['rounds']} rounds in {found['seconds'] / 60:.1f} minutes.",
        *([f"Best torch.mm, bfloat16 or float32: {limit / 1e9:.0f} GFLOP/s."] if limit else []),
    ]


def failures(found: dict[str, Any]) -> list[str]:
    return [f"Failed: {line}" for line in found["failures"]]


def tables(found: dict[str, Any]) -> Iterator[Table]:
    """One for each kind that was measured."""
    for kind, title in NAMES.items():
        results = [result for result in found["timed"] if result["kind"] == kind]
        if results:
            yield speeds(title, results)
    if found["medians"]:
        yield medians(found["medians"])
    if found["memory"]:
        yield memory(found["memory"])
    if found["gradients"]:
        yield gradients(found["gradients"])
    if found["cold"]:
        times = found["cold"][0]["seconds"]
        cells = [f"{times[name]:.2f}" if times else NOTHING for name in ("import_torch", "predict", "ratio")]
        header = ("cold start", "import torch, s", "nlprnn predict, s", "ratio")
        yield Table("Seconds until a command has answered", header, [("a small model", *cells)])


def sides_of(results: list[dict[str, Any]]) -> list[str]:
    """nlprnn's sides that have figures, in their order."""
    return [side for side in ("native", "torch") if any(side in result["sides"] for result in results)]


def speeds(title: str, results: list[dict[str, Any]]) -> Table:
    learned = any("share" in side for result in results for side in result["sides"].values())
    sides = sides_of(results)
    header = ["case", "plain tokens/s"]
    for side in sides:
        header += [f"{side} tokens/s", "ratio", "[spread]", *["share"] * learned]
    rows = []
    for result in results:
        row = [result["case"], number(result["sides"].get("plain", {}).get("rate"), ",.0f")]
        for side in sides:
            of = result["sides"].get(side, {})
            ratio = of.get("ratio", {})
            between = f"[{ratio['low']:.2f}-{ratio['high']:.2f}]" if ratio else NOTHING
            row += [number(of.get("rate"), ",.0f"), number(ratio.get("median"), ".2f", "x"), between]
            row += [number(of.get("share"), ".0%")] * learned
        rows.append(tuple(row))
    return Table(title, tuple(header), rows)


def medians(groups: dict[str, dict[str, float]]) -> Table:
    sides = [side for side in ("native", "torch") if any(side in group for group in groups.values())]
    rows = [
        (name, str(group["cases"]), *(number(group.get(side), ".2f", "x") for side in sides))
        for name, group in groups.items()
    ]
    return Table("Medians of these ratios", ("cases", "number", *sides), rows)


def memory(results: list[dict[str, Any]]) -> Table:
    sides = sides_of(results)
    header = ["case", "plain MB"]
    for side in sides:
        header += [f"{side} MB", "of plain"]
    rows = []
    for result in results:
        row = [result["case"], megabytes(result["sides"].get("plain", {}))]
        for side in sides:
            of = result["sides"].get(side, {})
            row += [megabytes(of), number(of.get("ratio"), ".0%")]
        rows.append(tuple(row))
    return Table("Memory of training beyond parameters and gradients, at its peak", tuple(header), rows)


def gradients(results: list[dict[str, Any]]) -> Table:
    sides = [*sides_of(results), "autocast"]
    header = ["case", *(cell for side in sides for cell in (side, "in"))]
    rows = []
    for result in results:
        row = [result["case"]]
        for side in sides:
            of = result["sides"].get(side, {})
            row += [number(of.get("error"), ".3%"), of.get("parameter", NOTHING)]
        rows.append(tuple(row))
    return Table("Relative error of the worst parameter's gradient, against float32", tuple(header), rows)


def megabytes(side: dict[str, Any]) -> str:
    return number(side["working"] / MEGABYTE if side else None, ",.0f")


def number(value: float | None, form: str, unit: str = "") -> str:
    return NOTHING if value is None else f"{value:{form}}{unit}"
