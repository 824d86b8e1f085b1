"""The terminal tables of `probe-agreement`, from the same object that `--json` prints: at most 100 columns wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any

from nlprnn.reports.probe_comparison import LEGEND as COMPARED
from nlprnn.reports.probe_comparison import WIDTH, clip, comparison_lines, interval_of, seeds, too_few
from nlprnn.reports.probe_plots import words_of

ABREAST_LABEL = 34  # and in a table of several models
ABREAST = 3  # models side by side in one table
WIDE = 0.10  # an interval that reaches further than this from its accuracy says little

LEGEND = """\
match: the noun nearest before the verb has the subject's number (or none stands between);
conflict: it has the other. Recency index: match minus conflict accuracy, in points; the higher,
the more the model goes by the nearest noun. In brackets: 95 % Wilson intervals."""

Json = dict[str, Any]


def probe_table(report: Json) -> str:
    """The whole report: `report["models"][]` with `model` and `suites[]`, as the JSON keys of probe-agreement say."""
    models: list[Json] = report["models"]
    blocks = []
    for place in range(len(models[0]["suites"]) if models else 0):
        asked = [(model["model"], model["suites"][place]) for model in models]
        name = asked[0][1]["name"]
        found = [one for one in report["comparisons"] if one["suite"] == name]
        recipes = [seeds(recipe["suites"][place]) for recipe in report["recipes"]]
        blocks.append("\n".join(_block(asked, found, recipes)))
    legend = f"{LEGEND}\n{COMPARED}" if report["comparisons"] else LEGEND
    return "\n\n".join([*blocks, legend])


def verdict(suite: Json) -> str:
    """One sentence: which recency a suite's conflict items show, their interval held against one half."""
    conflict, match = suite["conflict"], suite["match"]
    if not conflict["n"]:
        return "recency cannot be judged: no conflict item was scored"
    items = f"of {conflict['n']:,} conflict items"
    low, high = conflict["interval"]
    if match["n"] and match["interval"][1] < 0.5:
        return (
            f"undecided: below chance on match items too ({_percent(match['accuracy'])} % of {match['n']:,}), "
            f"so {_share(conflict)} {items} tell nothing of recency"
        )
    if low > 0.5:
        return f"follows syntactic recency: agrees with the subject on {_share(conflict)} {items}"
    if high < 0.5:
        return f"follows sequential recency: agrees with the subject on only {_share(conflict)} {items}"
    return f"undecided: agrees with the subject on {_share(conflict)} {items}, and the interval holds 50 %"


def _block(asked: list[tuple[str, Json]], compared: Sequence[Json], recipes: Sequence[str]) -> Iterator[str]:
    name = asked[0][1]["name"]
    yield f"== {name} =="
    for model, suite in asked:
        yield from _coverage(model, suite)
    for label, text in _predictions(asked[0][1]).items():
        yield from _told(f"{label}: ", text)
    yield ""
    if len(asked) == 1:
        yield from _one_model(asked[0][1])
    else:
        for start in range(0, len(asked), ABREAST):
            yield from _abreast(asked[start : start + ABREAST])
    yield from comparison_lines(compared)
    for model, suite in asked:
        yield from _not_scored(model, suite)
    for told in recipes:
        yield from _told("", told)
    for model, suite in asked:
        yield from _told(f"{model}: ", _grouped(suite))
    for model, suite in asked:
        yield from _told(f"{model}: warning: ", _wide(suite))
    for who, warning in too_few(compared):
        yield from _told(who, warning)
    for model, suite in asked:
        if suite["counted"] == "pairs":  # predictions about conditions say nothing of the nearest noun
            yield from _told(f"{model}: ", verdict(suite))


def _coverage(model: str, suite: Json) -> Iterator[str]:
    asked = suite["n"] + suite["skipped"]
    counted = suite["counted"]
    text = f"{suite['n']:,} of {asked:,} {counted} scored (by {suite['scoring']})" if asked else f"no {counted}"
    if suite["skipped"]:
        why = ", ".join(f"{reason} {count:,}" for reason, count in suite["skipped_why"].items())
        text += f"; skipped {suite['skipped']:,}: {why}"
    if suite["unknown_words"]:
        text += f" ({', '.join(suite['unknown_words'])})"
    if suite["shared_unknown"]:
        text += f"; {suite['shared_unknown']:,} scored {counted} share an unknown word"
    if suite["ties"]:
        text += f"; {suite['ties']:,} ties, counted as wrong"
    yield from _told(f"{model}: ", text)
    yield from _told("", suite["coverage"])


def _predictions(suite: Json) -> dict[str, str]:
    """A short name for each formula that is a construction, and the formula; empty where the suite has pairs."""
    if suite["counted"] == "pairs":
        return {}
    return {f"prediction {place}": part["name"] for place, part in enumerate(suite["constructions"], start=1)}


def _not_scored(model: str, suite: Json) -> Iterator[str]:
    """The constructions of which something was skipped; of a single one the suite's own line tells it."""
    parts = named_parts(suite)
    for name, part in parts if len(parts) > 1 else ():
        if part["skipped"]:
            everything, words = part["n"] + part["skipped"], ", ".join(part["unknown_counts"])
            why = ", ".join(f"{reason} {count:,}" for reason, count in part["skipped_why"].items())
            told = f"{part['n']:,} of {everything:,} scored; {why}" + (f" ({words})" if words else "")
            yield from _told(f"{model}: {name}: ", told)


def _grouped(suite: Json) -> str:
    """Intervals by groups of items, where they say more than those by item; empty where there are none."""
    told = []
    if suite["group_interval"] and suite["groups"] < suite["n"]:
        told.append(f"accuracy {interval_of(suite['group_interval'])}")
    if suite["recency_interval"]:
        told.append(
            f"recency index {100 * suite['recency_index']:+.1f} {interval_of(suite['recency_interval'], '+.1f')}"
        )
    bias = suite["number_bias"]
    if bias is not None:
        between = f" {interval_of(bias['interval'], '+.1f')}" if bias["interval"] else ""
        told.append(f"singular less plural {cue_of(suite)}s {100 * bias['difference']:+.1f}{between}")
    return f"by {suite['groups']:,} groups of items: {', '.join(told)}" if told else ""


def named_parts(suite: Json) -> list[tuple[str, Json]]:
    """The constructions and what they are called in a table."""
    parts = suite["constructions"]
    return list(zip(_predictions(suite) or (part["name"] or "(no construction)" for part in parts), parts, strict=True))


def cue_of(suite: Json) -> str:
    """What the target agrees with: the subject, or in suites that ask of more than verbs the cue."""
    return str(suite["agreeing"][0])


def distance_of(suite: Json) -> str:
    """What a distance counts."""
    return f"words between {' and '.join(suite['agreeing'])}"


def _one_model(suite: Json) -> Iterator[str]:
    yield _row("", "n", "accuracy", "match", "conflict", "recency")
    yield _figures("all", suite)
    for name, part in named_parts(suite):
        yield _figures("  " + name, part)
    yield from _section("attractors", ((str(part["attractors"]), part) for part in suite["by_attractors"]))
    distances = [(words_of(part), part) for part in suite["by_distance"]]
    yield from _section(distance_of(suite), distances)
    numbers = ((number, suite["by_subject_number"][number]) for number in ("singular", "plural"))
    yield from _section(f"number of the {cue_of(suite)}", numbers)
    yield from _section("baselines", _baselines(suite))
    yield ""


def _section(title: str, rows: Iterable[tuple[str, Json]]) -> Iterator[str]:
    lines = [_figures("  " + label, cell) for label, cell in rows if cell["n"]]
    if lines:
        yield title
        yield from lines


def _baselines(suite: Json) -> list[tuple[str, Json]]:
    return [(name.replace("_", " "), cell) for name, cell in suite["baselines"].items() if cell is not None]


def _figures(label: str, cell: Json) -> str:
    match, conflict = (_percent(cell[key]["accuracy"]) if key in cell else "" for key in ("match", "conflict"))
    index = cell.get("recency_index")
    shown = f"{100 * index:+.1f}" if index is not None else "-" if "recency_index" in cell else ""
    return _row(label, f"{cell['n']:,}", _share(cell), match, conflict, shown)


def _row(label: str, n: str, share: str, match: str, conflict: str, index: str) -> str:
    return f"{clip(label)}{n:>9}  {share:<22}{match:>8}{conflict:>10}{index:>8}".rstrip()


def _abreast(asked: list[tuple[str, Json]]) -> Iterator[str]:
    """One table for up to ABREAST models: a column each, a section for each measure."""
    suites = [suite for _, suite in asked]
    yield (" " * ABREAST_LABEL + "".join(f"{clip(model, 20):<22}" for model, _ in asked)).rstrip()
    for title, key in (("accuracy", None), ("match", "match"), ("conflict", "conflict")):
        yield from _measure(title, [_cells(suite, key) for suite in suites])
    indices = [{label: _index(part) for label, part in _parts(suite)} for suite in suites]
    yield from _measure("recency index", indices)
    baselines = [{label: _share(cell) for label, cell in _baselines(suite)} for suite in suites]
    yield from _measure("baselines", baselines)
    yield ""


def _parts(suite: Json) -> list[tuple[str, Json]]:
    return [("all", suite), *named_parts(suite)]


def _cells(suite: Json, key: str | None) -> dict[str, str]:
    parts = _parts(suite) + [(f"attractors: {part['attractors']}", part) for part in suite["by_attractors"]]
    cells = {label: part[key] if key else part for label, part in parts}
    if key is None:
        cells |= {f"{cue_of(suite)}: {number}": part for number, part in suite["by_subject_number"].items()}
    return {label: _share(cell) if cell["n"] else "" for label, cell in cells.items()}


def _index(part: Json) -> str:
    return "" if part["recency_index"] is None else f"{100 * part['recency_index']:+.1f}"


def _measure(title: str, columns: list[dict[str, str]]) -> Iterator[str]:
    """A titled section, without the rows that are blank for every model."""
    labels = dict.fromkeys(label for column in columns for label in column)
    shown = [label for label in labels if any(column.get(label) for column in columns)]
    if shown:
        yield title
    for label in shown:
        yield (
            clip("  " + label, ABREAST_LABEL) + "".join(f"{column.get(label) or '-':<22}" for column in columns)
        ).rstrip()


def _wide(suite: Json) -> str:
    """Which figures rest on too few items; empty where none does."""
    cells = [("all", suite), ("match", suite["match"]), ("conflict", suite["conflict"])]
    cells += named_parts(suite)
    few = [f"{label} (n {cell['n']})" for label, cell in cells if cell["n"] and _reach(cell) > WIDE]
    return f"few items, intervals wider than ±{100 * WIDE:.0f} points: {', '.join(few)}" if few else ""


def _reach(cell: Json) -> float:
    low, high = cell["interval"]
    return (high - low) / 2


def _share(cell: Json) -> str:
    """`97.3 % [95.1, 98.5]`; a dash where nothing was scored."""
    if not cell["n"]:
        return "-"
    low, high = cell["interval"]
    return f"{_percent(cell['accuracy'])} % [{_percent(low)}, {_percent(high)}]"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _told(label: str, text: str) -> Sequence[str]:
    return wrap(label + text, WIDTH, subsequent_indent="  ") if text else []
