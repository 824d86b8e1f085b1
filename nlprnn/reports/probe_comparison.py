"""Comparisons of models in words and in a terminal table, from the keys `comparisons` and `recipes`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import PurePath
from typing import Any

WIDTH = 100
LABEL = 41

Json = dict[str, Any]

LEGEND = """\
compared: on what both were scored on; McNemar's test (mid-p), groups of items that were made from one
being one piece of evidence; p is corrected by Holm for all tests of this report."""


def interval_of(ends: Sequence[float], form: str = ".1f") -> str:
    """`[95.1, 98.5]`, in per cent or points."""
    return f"[{', '.join(format(100 * end, form) for end in ends)}]"


def told_p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def compared(one: Json) -> str:
    """What of a suite was compared."""
    return one["construction"] or "(no construction)" if one["part"] == "construction" else str(one["part"])


def few(one: Json) -> str:
    """A warning where there are too few items to tell."""
    return f"too few ({100 * one['power']:.0f} %)" if one["too_few"] else ""


def comparison_lines(found: Sequence[Json]) -> Iterator[str]:
    """A suite's comparisons, a section for each two models; at most WIDTH columns."""
    for (first, second), several in groupby(found, lambda one: (one["first"], one["second"])):
        pair = f"{_short(first)} − {_short(second)}"
        yield f"{pair:<{LABEL}}{'n':>8}{'points':>8}  {'95 % by groups':<16}{'only one right':>16}{'p':>9}"
        rows = list(several)
        for one in rows:
            between = interval_of(one["interval"], "+.1f") if one["interval"] else "-"
            alone = f"{one['only_first']:,} : {one['only_second']:,}"
            figures = f"{one['n']:>8,}{100 * one['difference']:>+8.1f}  {between:<16}{alone:>16}"
            yield f"{clip('  ' + compared(one))}{figures}{told_p(one['p_corrected']):>9}"
            gap = one["recency_index"]
            if gap is not None:
                between = interval_of(gap["interval"], "+.1f") if gap["interval"] else "-"
                yield f"{clip('  recency index')}{'':>8}{100 * gap['difference']:>+8.1f}  {between}"
        yield ""


def too_few(found: Sequence[Json]) -> Iterator[tuple[str, str]]:
    """(who, warning) for each two models of which too few items were compared to tell them apart."""
    for (first, second), several in groupby(found, lambda one: (one["first"], one["second"])):
        lacking = [f"{compared(one)} (n {one['n']:,}: {100 * one['power']:.0f} %)" for one in several if one["too_few"]]
        if lacking:
            told = "warning: too few items to tell a true difference of ten points with a chance of 80 %: "
            yield f"{_short(first)} − {_short(second)}: ", told + ", ".join(lacking)


def seeds(suite: Json) -> str:
    """Mean and deviation over models that differ in their seeds alone; empty where there is no figure."""
    figures = {key: suite[key] for key in ("accuracy", "match", "conflict", "recency_index") if suite[key]}
    told = ", ".join(
        f"{key.replace('_', ' ')} {100 * figure['mean']:.1f} ± {100 * figure['deviation']:.1f}"
        for key, figure in figures.items()
    )
    return f"{suite['models']} seeds of one recipe, mean ± standard deviation: {told}" if told else ""


def clip(text: str, width: int = LABEL) -> str:
    """The text in exactly `width` columns, the last one blank; a long name loses its middle, not its ends."""
    room = width - 1
    if len(text) > room:
        half = (room - 1) // 2
        text = text[:half] + "…" + text[len(text) - (room - 1 - half) :]
    return f"{text:<{width}}"


def _short(model: str) -> str:
    return clip(PurePath(model).name or model, 19).rstrip()
