"""What `probe-agreement` plots: accuracy against attractors, against distance, and by the number of the subject.

From the same object that `--json` prints. A plot that has nothing to show is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath
from typing import Any

from nlprnn.reports.svg_plot import Axis, Plot, Point, Series

Json = dict[str, Any]
Asked = Sequence[tuple[str, Json]]  # the models' names, and their report on one suite

SHARE = Axis("accuracy", low=0.0, high=1.0, percent=True, marks=((0.5, "chance"),))
BESIDE = 4.0
BASELINES = {"ngram": "n-gram", "nearest_noun": "nearest noun"}


def plots(asked: Asked) -> list[Plot]:
    """All there is to plot of a suite."""
    return [plot for plot in (attractor_plot(asked), distance_plot(asked), number_plot(asked)) if plot]


def attractor_plot(asked: Asked) -> Plot | None:
    """Accuracy on conflict items against the number of attractors; beside them the items without one, all matches."""

    def counted(part: Json) -> tuple[float, str]:
        return part["attractors"], f"{part['attractors']} attractor{'s' if part['attractors'] != 1 else ''}"

    series = _curves(asked, "by_attractors", counted, lambda part: "conflict" if part["attractors"] else "match")
    counts = sorted({point.x for one in series for point in one.points})
    if not counts or counts[-1] == 0:
        return None
    ticks = [(count, f"{count:g}" if count else "none") for count in counts]
    x = Axis(f"attractors between {_agreeing(asked)} (none: match items)", ticks=ticks)
    return Plot("Agreement on conflict items, by attractors", x, SHARE, series, dodge=BESIDE)


def distance_plot(asked: Asked) -> Plot | None:
    """Accuracy on conflict items against the words between subject and verb."""

    def counted(part: Json) -> tuple[float, str]:
        return part["distance"], f"{words_of(part)} words between"

    series = _curves(asked, "by_distance", counted, lambda part: "conflict")
    words = {part["distance"]: words_of(part) for _, suite in asked for part in suite["by_distance"]}
    shown = sorted({point.x for one in series for point in one.points})
    if len(shown) < 2:
        return None
    x = Axis(f"words between {_agreeing(asked)}", ticks=[(place, words[int(place)]) for place in shown])
    return Plot("Agreement on conflict items, by distance", x, SHARE, series, dodge=BESIDE)


def number_plot(asked: Asked) -> Plot | None:
    """Accuracy with singular and with plural subjects, on match and on conflict items."""
    places = [(number, part) for part in ("match", "conflict") for number in ("singular", "plural")]
    cue = asked[0][1]["agreeing"][0]
    series = []
    for model, suite in asked:
        cells = [suite["by_subject_number"][number][part] for number, part in places]
        found = [
            _point(float(place), cell, f"{name_of(model)}: {number} {cue}, {part}")
            for place, (cell, (number, part)) in enumerate(zip(cells, places, strict=True))
            if cell["n"]
        ]
        series.append(Series(name_of(model), found, line=False))
    if not any(one.points for one in series):
        return None
    ticks = [(float(place), number) for place, (number, _) in enumerate(places)]
    x = Axis(
        f"number of the {cue} (left: match items, right: conflict items)",
        low=-0.4,
        high=len(places) - 0.6,
        ticks=ticks,
    )
    return Plot(f"Singular against plural {cue}s", x, SHARE, series, dodge=2 * BESIDE)


def _agreeing(asked: Asked) -> str:
    return " and ".join(asked[0][1]["agreeing"])


def name_of(model: str) -> str:
    """A model's name without the folders that it stands in."""
    return PurePath(model).name or model


def _curves(
    asked: Asked,
    curve: str,
    counted: Callable[[Json], tuple[float, str]],
    kind: Callable[[Json], str],
) -> list[Series]:
    """A series for each model, and for each baseline on the first model's items."""

    def points(name: str, cells: Iterator[tuple[Json, Json | None]]) -> list[Point]:
        found = []
        for part, cell in cells:
            shown = None if cell is None else cell[kind(part)]
            if shown and shown["n"]:
                x, told = counted(part)
                found.append(_point(x, shown, f"{name}: {told}, {kind(part)}"))
        return found

    series = []
    for model, suite in asked:
        found = points(name_of(model), ((part, part) for part in suite[curve]))
        series.append(Series(name_of(model), found))
    for key, called in BASELINES.items():
        found = points(called, ((part, part["baselines"][key]) for part in asked[0][1][curve]))
        series.append(Series(called, found, reference=True))
    return [one for one in series if one.points]


def _point(x: float, cell: Json, told: str) -> Point:
    low, high = cell["interval"]
    share = f"{100 * cell['accuracy']:.1f} % of {cell['n']:,}"
    return Point(x, cell["accuracy"], low, high, f"{told}: {share} [{100 * low:.1f}, {100 * high:.1f}]")


def words_of(part: Json) -> str:
    """The words between subject and verb that a part stands for."""
    if part["up_to"] is None:
        return f"{part['distance']}+"
    return str(part["distance"]) if part["up_to"] == part["distance"] else f"{part['distance']}–{part['up_to']}"
