"""The plots of a diagnosis, from the object that --json prints: by name, for pages and pictures alike."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from nlprnn.reports.heat import Heat
from nlprnn.reports.svg_plot import Axis, Plot, Point, Series

Json = dict[str, Any]
Charts = dict[str, Plot | Heat]
Key = TypeVar("Key")

FACTORS = (0.3, 0.5, 0.7, 1, 1.5, 2, 3)  # that are told on an axis
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LEVEL = 10  # steps of training whose largest gradient is one point
DECADES = (1, 2, 5, 10, 20, 50, 100)  # from one number to the next on an axis
MOST_TICKS = 7


def charts(diagnosis: Json) -> dict[str, Charts]:
    """Of each part that was measured its plots; a plot's name begins with that of its part."""
    return {part: CHARTS[part](diagnosis[part]) for part in CHARTS if part in diagnosis}


def state_name(curve: Json) -> str:
    """rnn-tanh, lstm c, ...: what a curve is of; of an LSTM with the state."""
    return f"{curve['network']} {curve['part']}" if curve["network"].startswith("lstm") else str(curve["network"])


def _gains(found: Json) -> Charts:
    made: Charts = {}
    by_state = grouped(found["curves"], state_name)
    factors = [
        Series(name, [Point(float(one["setting"]), one["factor"]) for one in several])
        for name, several in by_state.items()
    ]
    every = [one["factor"] for one in found["curves"]]
    low, high = min(FACTORS[0], *every), max(FACTORS[-1], *every)
    made["gains"] = Plot(
        "One step back multiplies the gradient with",
        Axis("recurrent gain"),
        Axis("factor per step", low, high, log=True, ticks=_ticks(FACTORS), marks=((1.0, "unchanged"),)),
        factors,
    )
    y = _powers("norm of the gradient", _norms(found["curves"]))
    for name, several in by_state.items():
        series = [_curve(f"gain {one['setting']}", one) for one in several]
        plot = Plot(f"{name}: the gradient k steps back, by gain", Axis("k, steps back"), y, series)
        made[f"gains-{name.replace(' ', '-')}"] = plot
    return made


def _measures(found: Json) -> Charts:
    runs = found["runs"]
    rate, seed = max(run["lr"] for run in runs), runs[0]["seed"]
    shown = [run for run in runs if run["lr"] == rate and run["seed"] == seed]
    series = [
        Series(
            f"{run['cell']}, clipped" if run["clip"] else run["cell"],
            [
                Point(start + LEVEL / 2, max(run["norms"][start : start + LEVEL]))
                for start in range(0, len(run["norms"]), LEVEL)
            ],
            dense=True,
        )
        for run in shown
    ]
    norms = [point.y for one in series for point in one.points]
    title = f"Largest gradient of each {LEVEL} updates at rate {rate:g}, before clipping"
    return {"measures": Plot(title, Axis("update"), _powers("norm of the gradient", norms), series)}


def _recall(title: str, name: str) -> Callable[[Json], Charts]:
    def made(found: Json) -> Charts:
        runs = found["runs"]
        delays = sorted({run["delay"] for run in runs})
        plot = Plot(
            title,
            Axis("delay, steps", log=True, ticks=[(delay, str(delay)) for delay in delays]),
            _right(found["chance"]),
            [Series(cell, _over_seeds(several, "delay")) for cell, several in grouped(runs, cell_of).items()],
            dodge=4,
        )
        return {name: plot}

    return made


def _bptt(found: Json) -> Charts:
    made: Charts = {}
    for cell, runs in grouped(found["runs"], cell_of).items():
        lengths, delays = (sorted({run[name] for run in runs}) for name in ("bptt", "delay"))
        cells = [[[run for run in runs if (run["bptt"], run["delay"]) == (a, b)] for b in delays] for a in lengths]
        made[f"bptt-{cell}"] = Heat(
            f"{cell}: % right", "cut every", "delay",
            [str(length) for length in lengths], [str(delay) for delay in delays],
            [[mean(run["accuracy"] for run in several) for several in row] for row in cells],
            [[several[0]["within"] for several in row] for row in cells],
        )  # fmt: skip
    return made


def _learnt(found: Json) -> Charts:
    """Each curve as a share of its first, because the height tells how certain a network is, not how far it reaches."""
    made: Charts = {}
    curves = [one for one in found["reach"]["curves"] if one["part"] == "c" or not one["network"].startswith("lstm")]
    shares = [norm / one["median"][0] for one in curves if one["median"][0] > 0 for norm in _norms([one])]
    for setting, several in grouped(curves, lambda one: str(one["setting"])).items():
        made[f"learnt-{setting.split()[0]}"] = Plot(
            f"Gradient k steps back, {setting}",
            Axis("k, steps back"),
            _powers("share of that at k = 0", shares, ""),
            [_curve(state_name(one), one, one["median"][0]) for one in several],
        )
    return made


def _reach(found: Json) -> Charts:
    names = [f"layer {one['layer']}, {one['part']}" for one in found["curves"]]
    series = [_curve(name, one) for name, one in zip(names, found["curves"], strict=True)]
    y = _powers("norm of the gradient", _norms(found["curves"]))
    return {"reach": Plot("Gradient of the loss at t, k steps before", Axis("k, tokens back"), y, series)}


def _saturation(found: Json) -> Charts:
    ends = ("low", "high", "always_low", "always_high")
    parts = found["parts"]
    names = [f"layer {one['layer']}, {one['part']}" for one in parts]
    columns, shares = [end.replace("_", " ") for end in ends], [[one[end] for end in ends] for one in parts]
    return {"saturation": Heat("% of places, and of units at all places", "part", "end", names, columns, shares)}


def _context(found: Json) -> Charts:
    series = [
        Series(f"{history} beyond", [Point(one["kept"], one["increase"], one["low"], one["high"]) for one in several])
        for history, several in grouped(found["points"], lambda one: str(one["history"])).items()
    ]
    kept = sorted({one["kept"] for one in found["points"]})
    plot = Plot(
        "Perplexity above that with the whole history",
        Axis("tokens left as they are", log=True, ticks=[(count, str(count)) for count in kept]),
        Axis("increase", percent=True),
        series,
        dodge=4,
    )
    return {"context": plot}


CHARTS: dict[str, Callable[[Json], Charts]] = {
    "gains": _gains,
    "measures": _measures,
    "recall": _recall("Right answers after a delay", "recall"),
    "copying": _recall("Symbols copied after a delay", "copying"),
    "bptt": _bptt,
    "learnt": _learnt,
    "reach": _reach,
    "saturation": _saturation,
    "context": _context,
}


def mean(values: Iterable[float]) -> float:
    return statistics.fmean(values)


def cell_of(run: Json) -> str:
    return str(run["cell"])


def grouped(entries: Iterable[Json], key: Callable[[Json], Key]) -> dict[Key, list[Json]]:
    """Entries with the same key together, in the order they come."""
    groups: dict[Key, list[Json]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return groups


def _norms(curves: Iterable[Json]) -> list[float]:
    """All that is drawn of some curves."""
    return [norm for one in curves for name in ("median", "low", "high") for norm in one[name]]


def _curve(name: str, curve: Json, unit: float = 1.0) -> Series:
    """A curve of gradient norms: the median, and between the quartiles a band."""
    norms = zip(curve["median"], curve["low"], curve["high"], strict=True)
    points = [Point(k, *(norm / unit for norm in three)) for k, three in enumerate(norms)] if unit > 0 else []
    return Series(name, points, dense=True)


def _over_seeds(runs: Sequence[Json], x: str) -> list[Point]:
    """The mean accuracy at each x, and the range of the seeds."""
    points = []
    for at, several in sorted(grouped(runs, lambda run: str(run[x])).items(), key=lambda pair: float(pair[0])):
        right = [run["accuracy"] for run in several]
        told = f"{at}: {', '.join(f'{100 * share:.0f} %' for share in right)}"
        points.append(Point(float(at), mean(right), min(right), max(right), told))
    return points


def _right(chance: float) -> Axis:
    marks = ((chance, "guessing"), (0.9, "90 %"))
    return Axis("right, mean of the seeds", low=0.0, high=1.0, percent=True, marks=marks)


def _powers(label: str, values: Iterable[float], mark: str | None = None) -> Axis:
    """A logarithmic axis that has some powers of ten at its numbers and at both ends."""
    powers = [math.log10(value) for value in values if value > 0 and math.isfinite(value)] or [0.0]
    step = next(step for step in DECADES if max(powers) - min(powers) <= MOST_TICKS * step)
    low, high = (step * round_(end / step) for end, round_ in ((min(powers), math.floor), (max(powers), math.ceil)))
    ticks = [
        (10.0**power, f"10{str(power).translate(RAISED)}" if power else "1") for power in range(low, high + 1, step)
    ]
    marks = () if mark is None else ((1.0, mark),)
    return Axis(label, ticks[0][0], ticks[-1][0], log=True, ticks=ticks, marks=marks)


def _ticks(values: Sequence[float]) -> list[tuple[float, str]]:
    return [(value, f"{value:g}") for value in values]
