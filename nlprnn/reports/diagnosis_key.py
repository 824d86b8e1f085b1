"""The key figures of a diagnosis as short tables, for the terminal and pages, from the object that --json prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nlprnn.reports.diagnosis_charts import RAISED, Json, cell_of, grouped, mean, state_name

Rows = list[list[str]]  # the first is the header


def key_tables(diagnosis: Json) -> dict[str, tuple[str, Rows]]:
    """Of each part that was measured a heading and rows."""
    return {part: (title, make(diagnosis[part])) for part, (title, make) in TABLES.items() if part in diagnosis}


def number(value: float) -> str:
    """Two digits: 0.35, 12, 3.1·10⁻³²."""
    if value == 0 or 1e-3 <= abs(value) < 1e5 or value != value or value in (float("inf"), float("-inf")):
        return f"{value:,.0f}" if 100 <= abs(value) < 1e5 else f"{value:.2g}"
    digits, power = f"{value:.1e}".split("e")
    return f"{digits}·10{str(int(power)).translate(RAISED)}"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def spread(values: Sequence[float], told: Callable[[float], str]) -> str:
    """The mean of some seeds and, where they differ, their range: 50 % [12 %, 100 %]."""
    low, high = told(min(values)), told(max(values))
    return told(mean(values)) + (f" [{low}, {high}]" if low != high else "")


def _gains(found: Json) -> Rows:
    gains = list(dict.fromkeys(one["setting"] for one in found["curves"]))
    by_state: dict[str, dict[str, Json]] = {}
    for one in found["curves"]:
        by_state.setdefault(state_name(one), {})[one["setting"]] = one
    rows = [["state", *(f"gain {gain}" for gain in gains)]]
    return rows + [[name, *(f"{of[gain]['factor']:.3f}" for gain in gains)] for name, of in by_state.items()]


def _measures(found: Json) -> Rows:
    rows = [["cell", "rate", "clipped at", "right", "exploded", "largest norm", "diverged"]]
    for (cell, rate, clip), runs in grouped(found["runs"], setup).items():
        right = spread([run["accuracy"] for run in runs], percent)
        exploded = f"{100 * mean(run['exploded'] for run in runs):.1f} %"
        largest = number(max(run["norm_max"] for run in runs))
        diverged = f"{sum(run['diverged'] for run in runs)} of {len(runs)}"
        rows.append([cell, f"{rate:g}", f"{clip:g}" if clip else "–", right, exploded, largest, diverged])
    return rows


def _recall(found: Json) -> Rows:
    rates = {run["cell"]: run["lr"] for run in found["runs"]}
    rows = [["network", "rate", "longest delay", "least", "most"]]
    for one in found["reached"]:
        longest = one["longest"]
        rows.append(
            [one["cell"], f"{rates[one['cell']]:g}", f"{one['median']:g}", str(min(longest)), str(max(longest))]
        )
    return rows


def _bptt(found: Json) -> Rows:
    rows = [["cell", "right within", "n", "right beyond", "n"]]
    for cell, runs in grouped(found["runs"], cell_of).items():
        row = [cell]
        for within in (True, False):
            right = [run["accuracy"] for run in runs if run["within"] is within]
            row += [percent(mean(right)) if right else "–", str(len(right))]
        rows.append(row)
    return rows


def _learnt(found: Json) -> Rows:
    rows = [["network", "right", "left at the item before", "and after", "gates open before", "and after"]]
    for network, right in found["accuracy"].items():
        left = {
            one["setting"]: share_left(one)
            for one in found["reach"]["curves"]
            if one["network"] == network and (one["part"] == "c" or not network.startswith("lstm"))
        }
        own = [one for one in found["saturation"] if one["network"] == network and keeps(one)]
        gates = [percent(one["high"]) for one in own] or ["–", "–"]
        rows.append([network, spread(right, percent), *map(number, left.values()), *gates])
    return rows


def _reach(found: Json) -> Rows:
    rows = [["layer", "state", "factor per step", "a hundredth is left at"]]
    for one in found["curves"]:
        rows.append([str(one["layer"]), one["part"], f"{one['factor']:.3f}", reaches(one)])
    return rows


def _saturation(found: Json) -> Rows:
    ends = ("low", "high", "always_low", "always_high")
    rows = [["layer", "part", "kind", *(end.replace("_", " ") for end in ends)]]
    for one in found["parts"]:
        rows.append([str(one["layer"]), one["part"], one["kind"], *(percent(one[end]) for end in ends)])
    return rows


def _context(found: Json) -> Rows:
    rows = [["history", "kept", "perplexity", "increase", "95 % interval"]]
    for one in found["points"]:
        increase, low, high = (round(100 * one[name], 1) + 0.0 for name in ("increase", "low", "high"))  # never -0.0
        rows.append(
            [
                f"{one['history']} beyond",
                str(one["kept"]),
                f"{one['perplexity']:.1f}",
                f"{increase:.1f} %",
                f"{low:.1f} to {high:.1f} %",
            ]
        )
    return rows


TABLES: dict[str, tuple[str, Callable[[Json], Rows]]] = {
    "gains": ("Gradient reach: what one step back multiplies the gradient with", _gains),
    "measures": ("Measures against unstable gradients", _measures),
    "recall": ("Delayed recall: longest delay answered at 90 %, median of the seeds", _recall),
    "copying": ("Copying: longest delay copied at 90 %, median of the seeds", _recall),
    "bptt": ("Truncated back-propagation: item and question within a piece, or not", _bptt),
    "learnt": ("Before and after learning to remember", _learnt),
    "reach": ("Your model: gradient reach", _reach),
    "saturation": ("Your model: saturation, in % of places and of units at all places", _saturation),
    "context": ("Your model: effective context", _context),
}


def setup(run: Json) -> tuple[str, float, float]:
    """With which measures a network was trained."""
    return run["cell"], run["lr"], run["clip"]


def share_left(curve: Json) -> float:
    """The share of the gradient that is left at the curve's end."""
    first, last = curve["median"][0], curve["median"][-1]
    return float(last / first) if first > 0 else float("nan")


def keeps(part: Json) -> bool:
    """Whether it is the gate that keeps what a state holds: f of an LSTM, z of a GRU."""
    return part["kind"] == "gate" and part["part"] == ("f" if part["network"].startswith("lstm") else "z")


def reaches(curve: Json) -> str:
    """k at which a hundredth of the gradient is left, or that it is further than was looked."""
    last = len(curve["median"]) - 1
    return f"k = {curve['reaches']}" if curve["reaches"] < last else f"k ≥ {last}"
