"""The terminal tables of `probe-agreement`, from the same object that `--json` prints: at most 100 columns wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any

WIDTH = 100
LABEL = 41  # columns of a row's name in one model's table
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
        blocks.append("\n".join(_block(asked)))
    return "\n\n".join([*blocks, LEGEND])


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


def _block(asked: list[tuple[str, Json]]) -> Iterator[str]:
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
    for model, suite in asked:
        yield from _told(f"{model}: warning: ", _wide(suite))
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


def _named_parts(suite: Json) -> list[tuple[str, Json]]:
    """The constructions and what they are called in a table."""
    parts = suite["constructions"]
    return list(zip(_predictions(suite) or (part["name"] or "(no construction)" for part in parts), parts, strict=True))


def _one_model(suite: Json) -> Iterator[str]:
    yield _row("", "n", "accuracy", "match", "conflict", "recency")
    yield _figures("all", suite)
    for name, part in _named_parts(suite):
        yield _figures("  " + name, part)
    yield from _section("attractors", ((str(part["attractors"]), part) for part in suite["by_attractors"]))
    subjects = suite["by_subject_number"]
    yield from _section("subject", ((number, subjects[number]) for number in ("singular", "plural")))
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
    return f"{_clip(label)}{n:>9}  {share:<22}{match:>8}{conflict:>10}{index:>8}".rstrip()


def _abreast(asked: list[tuple[str, Json]]) -> Iterator[str]:
    """One table for up to ABREAST models: a column each, a section for each measure."""
    suites = [suite for _, suite in asked]
    yield (" " * ABREAST_LABEL + "".join(f"{_clip(model, 20):<22}" for model, _ in asked)).rstrip()
    for title, key in (("accuracy", None), ("match", "match"), ("conflict", "conflict")):
        yield from _measure(title, [_cells(suite, key) for suite in suites])
    indices = [{label: _index(part) for label, part in _parts(suite)} for suite in suites]
    yield from _measure("recency index", indices)
    baselines = [{label: _share(cell) for label, cell in _baselines(suite)} for suite in suites]
    yield from _measure("baselines", baselines)
    yield ""


def _parts(suite: Json) -> list[tuple[str, Json]]:
    return [("all", suite), *_named_parts(suite)]


def _cells(suite: Json, key: str | None) -> dict[str, str]:
    parts = _parts(suite) + [(f"attractors: {part['attractors']}", part) for part in suite["by_attractors"]]
    cells = {label: part[key] if key else part for label, part in parts}
    if key is None:
        cells |= {f"subject: {number}": part for number, part in suite["by_subject_number"].items()}
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
            _clip("  " + label, ABREAST_LABEL) + "".join(f"{column.get(label) or '-':<22}" for column in columns)
        ).rstrip()


def _wide(suite: Json) -> str:
    """Which figures rest on too few items; empty where none does."""
    cells = [("all", suite), ("match", suite["match"]), ("conflict", suite["conflict"])]
    cells += _named_parts(suite)
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


def _clip(text: str, width: int = LABEL) -> str:
    """The text in exactly `width` columns, the last one blank; a long name loses its middle, not its ends."""
    room = width - 1
    if len(text) > room:
        half = (room - 1) // 2
        text = text[:half] + "…" + text[len(text) - (room - 1 - half) :]
    return f"{text:<{width}}"


def _told(label: str, text: str) -> Sequence[str]:
    return wrap(label + text, WIDTH, subsequent_indent="  ") if text else []
