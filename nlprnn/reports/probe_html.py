"""The page of `probe-agreement`: answers, plots, figures, comparisons and what was not scored, suite by suite.

From the same object that `--json` prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nlprnn.reports import svg_plot
from nlprnn.reports.page import Html, join, page, shade, tag, wide
from nlprnn.reports.probe_comparison import compared, few, interval_of, seeds, told_p
from nlprnn.reports.probe_plots import name_of, plots, words_of
from nlprnn.reports.probe_table import cue_of, distance_of, named_parts, verdict

Json = dict[str, Any]

LEAD = (
    "A model that follows syntactic recency agrees the verb with its subject (the writer of the books is), one that "
    "follows sequential recency with the noun nearest before the verb (are).",
    "On match items the nearest noun has the subject's number, or no noun stands between; on conflict items it has the "
    "other, so that they tell the two apart. The recency index is match minus conflict accuracy, in points, averaged "
    "over the constructions that have both: the higher, the more the model goes by the nearest noun. Brackets and bars "
    "are 95 % intervals, Wilson's where nothing else is said.",
)
COMPARED = (
    "Models are compared on what both were scored on. The test is McNemar's, mid-p; where pairs were made from one "
    "item or of the same words, such groups count as one piece of evidence, and the interval of the difference is a "
    "bootstrap over them. p is corrected by Holm for all {tests} tests of this report. Too few: a true difference of "
    "ten points would be found with a chance below 80 % (in brackets: the chance)."
)
STYLE = (
    svg_plot.STYLE
    + """
h3 { margin: 1.25rem 0 .5rem; font-size: 1rem; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2rem; }
.answer { font-size: 1.05rem; border-left: 4px solid var(--accent); padding-left: .75rem; }
.wide { margin-bottom: 1rem; }
.figures th, .figures td { padding: .2rem .6rem; border-bottom: 1px solid var(--line); text-align: right;
  font-weight: 400; white-space: nowrap; }
.figures thead th { color: var(--muted); font-size: .9rem; vertical-align: bottom; }
.figures tbody th { text-align: left; white-space: normal; min-width: 8rem; max-width: 20rem; overflow-wrap: anywhere; }
.figures .words { text-align: left; white-space: normal; min-width: 12rem; }
.figures .part > * { padding-top: .8rem; color: var(--muted); font-size: .9rem; text-align: left; }
.figures tr { break-inside: avoid; }
.figures .heat { border-bottom-color: var(--paper); }
@media (max-width: 40rem) { .figures th, .figures td { padding: .2rem .35rem; font-size: .9rem; } }
@media print { .figures { font-size: .8rem; } .figures th, .figures td { padding: .1rem .35rem; }
  .figures th, .figures td, .figures .words { white-space: normal; min-width: 0; } }
"""
)


def probe_page(report: Json) -> str:
    """The whole page, of what `probe_agreement` returns."""
    models: list[Json] = report["models"]
    sections = []
    for place in range(len(models[0]["suites"]) if models else 0):
        asked = [(model["model"], model["suites"][place]) for model in models]
        sections.append((f"Suite {asked[0][1]['name']}", join(_suite(asked, report, place))))
    names = ", ".join(name_of(model["model"]) for model in models)
    return page(f"Which recency do they follow? {names}", sections, LEAD, STYLE)


def _suite(asked: Sequence[tuple[str, Json]], report: Json, place: int) -> Iterator[Html]:
    for model, suite in asked:
        if suite["counted"] == "pairs":
            yield tag("p", tag("strong", name_of(model)), " ", verdict(suite), ".", class_="answer")
    if asked[0][1]["coverage"]:
        yield tag("p", f"The suite is {asked[0][1]['coverage']}.")
    drawn = [svg_plot.figure(plot) for plot in plots(asked)]
    if drawn:
        yield tag("div", *drawn, class_="plots")
    for recipe in report["recipes"]:
        told = seeds(recipe["suites"][place])
        if told:
            yield tag("p", f"{told} ({', '.join(map(name_of, recipe['models']))}).")
    for model, suite in asked:
        yield tag("h3", model)
        yield _figures(suite)
    found = [one for one in report["comparisons"] if one["suite"] == asked[0][1]["name"]]
    if found:
        yield tag("h3", "Compared")
        yield tag("p", COMPARED.format(tests=len(report["comparisons"])))
        yield _comparisons(found)
    yield tag("h3", "Scored and not scored")
    yield _unscored(asked)


def _figures(suite: Json) -> Html:
    """All figures of one model, a row each."""
    rows = [_row("all", suite)]
    rows += [_row(name, part) for name, part in named_parts(suite)]
    rows += _part("attractors", [(str(part["attractors"]), part) for part in suite["by_attractors"]])
    rows += _part(distance_of(suite), [(words_of(part), part) for part in suite["by_distance"]])
    subjects = [(number, cell) for number, cell in suite["by_subject_number"].items() if cell["n"]]
    rows += _part(f"number of the {cue_of(suite)}", subjects)
    baselines = [(name.replace("_", " "), cell) for name, cell in suite["baselines"].items() if cell]
    rows += _part("baselines", baselines)
    heads = ("", "n", "accuracy", "95 %", "by groups", "match", "conflict", "recency index")
    told = f"Figures by {suite['scoring']}"
    return wide(_table(heads, rows), told)


def _part(title: str, cells: Sequence[tuple[str, Json]]) -> list[Html]:
    if not cells:
        return []
    return [tag("tr", tag("th", title, colspan="8"), class_="part"), *(_row(name, cell) for name, cell in cells)]


def _row(name: str, cell: Json) -> Html:
    by_groups = cell.get("group_interval")
    groups = f"{cell['groups']:,} groups" if "groups" in cell else ""
    index, between = cell.get("recency_index"), cell.get("recency_interval")
    told = "" if index is None else f"{100 * index:+.1f}" + (f" {interval_of(between, '+.1f')}" if between else "")
    return tag(
        "tr",
        tag("th", name, scope="row"),
        tag("td", f"{cell['n']:,}"),
        _share(cell),
        tag("td", interval_of(cell["interval"]) if cell["n"] else ""),
        tag("td", interval_of(by_groups) if by_groups else "", title=groups),
        *(_share(cell[part]) if part in cell else tag("td") for part in ("match", "conflict")),
        tag("td", told),
    )


def _share(cell: Json) -> Html:
    """An accuracy, the deeper the higher."""
    if not cell["n"]:
        return tag("td")
    low, high = cell["interval"]
    title = f"n {cell['n']:,}, {interval_of((low, high))}"
    return tag("td", f"{100 * cell['accuracy']:.1f}", title=title, **shade(cell["accuracy"]))


def _comparisons(found: Sequence[Json]) -> Html:
    rows = []
    for one in found:
        told = compared(one)
        rows.append(
            tag(
                "tr",
                tag("th", f"{name_of(one['first'])} − {name_of(one['second'])}: {told}", scope="row"),
                tag("td", f"{one['n']:,}"),
                tag("td", f"{one['groups']:,}"),
                tag("td", f"{100 * one['difference']:+.1f}"),
                tag("td", interval_of(one["interval"], "+.1f") if one["interval"] else ""),
                tag("td", f"{one['only_first']:,} : {one['only_second']:,}"),
                tag("td", told_p(one["p_corrected"])),
                tag("td", few(one)),
            )
        )
        gap = one["recency_index"]
        if gap is not None:
            between = tag("td", interval_of(gap["interval"], "+.1f") if gap["interval"] else "")
            name = tag("th", f"{name_of(one['first'])} − {name_of(one['second'])}: recency index", scope="row")
            rows.append(
                tag("tr", name, tag("td"), tag("td"), tag("td", f"{100 * gap['difference']:+.1f}"), between,
                    *[tag("td")] * 3)
            )  # fmt: skip
    heads = ("", "n", "groups", "points", "95 %", "only one right", "p", "")
    return wide(_table(heads, rows), "Comparisons of models")


def _unscored(asked: Sequence[tuple[str, Json]]) -> Html:
    rows = []
    for model, suite in asked:
        rows.append(_unscored_row(name_of(model), suite))
        lacking = [(name, part) for name, part in named_parts(suite) if part["skipped"]]
        rows += [_unscored_row(f"{name_of(model)}: {name}", part) for name, part in lacking]
    heads = ("", "scored", "skipped", "share", "why", "unknown words, and of how many")
    return wide(_table(heads, rows), "What was scored")


def _unscored_row(name: str, part: Json) -> Html:
    everything = part["n"] + part["skipped"]
    why = ", ".join(f"{reason} {count:,}" for reason, count in part["skipped_why"].items())
    words = ", ".join(f"{word} {count:,}" for word, count in part["unknown_counts"].items())
    return tag(
        "tr",
        tag("th", name, scope="row"),
        tag("td", f"{part['n']:,}"),
        tag("td", f"{part['skipped']:,}"),
        tag("td", f"{100 * part['n'] / everything:.1f} %" if everything else ""),
        tag("td", why, class_="words"),
        tag("td", words, class_="words", lang="", translate="no"),
    )


def _table(heads: Sequence[str], rows: Sequence[Html]) -> Html:
    head = tag("thead", tag("tr", *(tag("th", told, scope="col") if told else tag("td") for told in heads)))
    return tag("table", head, tag("tbody", join(rows, "\n")), class_="figures")
