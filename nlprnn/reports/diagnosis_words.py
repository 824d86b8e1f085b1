"""What a diagnosis found, in sentences made from its numbers. They tell what was measured, whatever was expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nlprnn.reports.diagnosis_charts import Json, cell_of, grouped, mean, state_name
from nlprnn.reports.diagnosis_key import keeps, number, percent, reaches, setup, share_left, spread

LEARNT = 0.9  # the share of right answers from which a task counts as learnt
MUCH = 100.0  # times: a gradient that has grown by as much counts as exploded, one that has shrunk so as vanished


def words(diagnosis: Json) -> dict[str, list[str]]:
    """Of each part that was measured some sentences, each on its own."""
    return {part: list(told(diagnosis[part])) for part, told in WORDS.items() if part in diagnosis}


def fate(curve: Json) -> str:
    """What becomes of a gradient on its way back."""
    left = share_left(curve)
    return "vanishes" if left < 1 / MUCH else "explodes" if left > MUCH else "neither vanishes nor explodes"


def _gains(found: Json) -> Iterator[str]:
    steps = len(found["curves"][0]["median"]) - 1
    yield (
        f"What is left of the gradient {steps} steps back, median of {found['curves'][0]['n']} sequences; it counts as "
        f"vanished below a hundredth, and as exploded above a hundredfold."
    )
    for name, several in grouped(found["curves"], state_name).items():
        parts = []
        for what, curves in grouped(several, fate).items():
            ends = [f"{number(share_left(one))} at gain {one['setting']}" for one in (curves[0], curves[-1])]
            parts.append(f"{what} ({' to '.join(dict.fromkeys(ends))})")
        yield f"{name}: {'; '.join(parts)}."


def _measures(found: Json) -> Iterator[str]:
    runs = grouped(found["runs"], setup)
    cells = list(dict.fromkeys(cell for cell, _, _ in runs))
    rates, clips = [rate for _, rate, _ in runs], [clip for _, _, clip in runs]
    relu, tanh, fast, slow, no_clip, clip = cells[0], cells[-1], max(rates), min(rates), min(clips), max(clips)
    changes = {
        "as it is": (relu, fast, no_clip),
        f"with a smaller rate ({slow:g})": (relu, slow, no_clip),
        f"with a saturating activation ({tanh})": (tanh, fast, no_clip),
        f"with clipping at norm {clip:g}": (relu, fast, clip),
        "with all three": (tanh, slow, clip),
    }
    chance = f"guessing is right once in {1 / found['chance']:.0f}"
    yield f"{relu} at rate {fast:g} without clipping, and what each measure changes; {chance}."
    for change, key in changes.items():
        several = runs[key]
        exploded = spread([100 * run["exploded"] for run in several], lambda share: f"{share:.1f} %")
        right = spread([run["accuracy"] for run in several], percent)
        yield (
            f"{change[0].upper()}{change[1:]}: right {right}, gradient exploded at {exploded} of the updates, the "
            f"largest of norm {number(max(run['norm_max'] for run in several))}."
        )


def _recall(found: Json) -> Iterator[str]:
    best = sorted(found["reached"], key=lambda one: one["median"], reverse=True)
    tried = max(run["delay"] for run in found["runs"])
    yield f"Longest delay with 90 % right, of {tried} at most, median of the seeds: {_ranking(best)}."
    medians = {one["cell"]: one["median"] for one in best}
    for name, median in medians.items():
        cell = name.removesuffix("-chrono")
        if cell != name and cell in medians:
            same = medians[cell] == median
            change = f"{median:g}, as without" if same else f"{median:g} where it is {medians[cell]:g} without"
            yield f"With chrono initialisation {cell} reaches {change}."


def _ranking(reached: Iterable[Json]) -> str:
    told = []
    for one in reached:
        low, high = min(one["longest"]), max(one["longest"])
        told.append(f"{one['cell']} {one['median']:g}" + (f" [{low}, {high}]" if low != high else ""))
    return ", ".join(told)


def _bptt(found: Json) -> Iterator[str]:
    for cell, runs in grouped(found["runs"], cell_of).items():
        right = {within: [run["accuracy"] for run in runs if run["within"] is within] for within in (True, False)}
        if right[True] and right[False]:
            yield (
                f"{cell}: {percent(mean(right[True]))} right on average where item and question lie within one "
                f"piece ({len(right[True])} networks), {percent(mean(right[False]))} where they never do "
                f"({len(right[False])})."
            )


def _learnt(found: Json) -> Iterator[str]:
    curves = [one for one in found["reach"]["curves"] if one["part"] == "c" or not one["network"].startswith("lstm")]
    pairs = grouped(curves, state_name).items()
    told = (f"{name} {number(share_left(one))} and {number(share_left(two))}" for name, (one, two) in pairs)
    yield (
        f"The gradient at the item, {found['delay'] + 1} steps back, as a share of that at the answer, before and "
        f"after training: {', '.join(told)}."
    )
    failed = [name for name, right in found["accuracy"].items() if min(right) < LEARNT]
    learnt = f"all but {', '.join(failed)} had" if failed else "every network had"
    yield f"By then {learnt} learnt the task with each seed ({percent(LEARNT)} right or more)."
    gates = grouped((one for one in found["saturation"] if keeps(one)), lambda one: one["network"])
    if gates:
        told = (f"{name} {percent(one['high'])} and {percent(two['high'])}" for name, (one, two) in gates.items())
        yield (
            "The gate that keeps what the state holds (f, z) is open to 0.9 or more at so many units and places, "
            f"before and after training: {', '.join(told)}."
        )


def _reach(found: Json) -> Iterator[str]:
    for one in found["curves"]:
        yield (
            f"Layer {one['layer']}, {one['part']}: one step back multiplies the gradient with {one['factor']:.3f}, on "
            f"the median of {one['n']} places; a hundredth of it or more is left up to {reaches(one)}."
        )


def _saturation(found: Json) -> Iterator[str]:
    for kind, low, high in (("gate", "shut", "open"), ("tanh", "at its lower end", "at its upper end")):
        parts = [one for one in found["parts"] if one["kind"] == kind]
        if parts:
            most = max(parts, key=lambda one: one["low"] + one["high"])
            yield (
                f"Most saturated {kind}: {most['part']} of layer {most['layer']}, {percent(most['low'])} {low} and "
                f"{percent(most['high'])} {high} over units and {found['places']:,} places."
            )
    for one in found["parts"]:
        if one["kind"] == "relu":
            yield (
                f"Relu units of layer {one['layer']}: off at {percent(one['low'])} of places, "
                f"{percent(one['always_low'])} of them dead."
            )


def _context(found: Json) -> Iterator[str]:
    whole = next(one for one in found["points"] if one["kept"] == found["whole"])
    reached = found["lengths"]
    yield (
        f"With the whole history of {found['whole']} tokens the perplexity of {found['targets']} tokens is "
        f"{whole['perplexity']:.1f}; it is within 1 % of that from {reached['forgotten']} tokens on where the rest is "
        f"forgotten, from {reached['shuffled']} where the rest is shuffled, and from {reached['dropped']} where half "
        "of the rest is dropped (of the lengths that were tried)."
    )


WORDS: dict[str, Any] = {
    "gains": _gains,
    "measures": _measures,
    "recall": _recall,
    "copying": _recall,
    "bptt": _bptt,
    "learnt": _learnt,
    "reach": _reach,
    "saturation": _saturation,
    "context": _context,
}
