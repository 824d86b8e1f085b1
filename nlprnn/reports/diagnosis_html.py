"""A diagnosis as one page, in the order in which recurrent networks are taught, from the object that --json prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nlprnn.reports import heat as heat_report
from nlprnn.reports import svg_plot
from nlprnn.reports.diagnosis_charts import Json, charts
from nlprnn.reports.diagnosis_key import Rows, key_tables, number
from nlprnn.reports.diagnosis_texts import LEAD, SECTIONS
from nlprnn.reports.diagnosis_words import words
from nlprnn.reports.heat import Heat, heat_table
from nlprnn.reports.page import Html, page, tag, wide
from nlprnn.reports.svg_plot import Plot, Point, figure

RATES = {"rates": "delayed recall", "copying-rates": "copying"}
MOST_ROWS = 21  # of the numbers behind a plot; of more points some are left out, and the table says so

STYLE = f"""{svg_plot.STYLE}{heat_report.STYLE}
h3 {{ margin: 1.25rem 0 .5rem; font-size: 1rem; }}
.plots {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2rem; }}
.found {{ margin: 0 0 1rem; padding-left: 1.2rem; max-width: 46rem; }}
.how {{ color: var(--muted); }}
.numbers {{ font-size: .9rem; margin-bottom: 1rem; }}
.numbers th, .numbers td {{ padding: .2rem .7rem .2rem 0; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }}
.numbers thead th {{ vertical-align: bottom; white-space: normal; }}
.numbers tr > :first-child {{ text-align: left; }}
.unfolded {{ display: block; width: 100%; max-width: 32rem; margin: 0 0 1rem; }}
.unfolded text {{ font: italic 15px serif; fill: var(--ink); text-anchor: middle; }}
.unfolded .on {{ stroke: var(--ink); fill: none; stroke-width: 1.4; }}
.unfolded .back {{ stroke: #c2410c; fill: none; stroke-width: 1.4; stroke-dasharray: 5 3; }}
.unfolded .back-text {{ fill: #c2410c; font-size: 13px; }}
details {{ margin: 0 0 .4rem; }}
summary {{ cursor: pointer; color: var(--accent); padding: .25rem 0; }}
@media screen and (prefers-color-scheme: dark) {{ .unfolded .back {{ stroke: #ff9d6b; }}
  .unfolded .back-text {{ fill: #ff9d6b; }} }}
"""


def diagnosis_page(diagnosis: Json) -> str:
    """The whole page; what was not measured is left out, and so is a section without anything measured."""
    drawn, told, keys = charts(diagnosis), words(diagnosis), key_tables(diagnosis)
    sections = [("How it was measured", _settings(diagnosis))]
    for heading, how, parts in SECTIONS:
        there = [part for part in parts if part in diagnosis]
        if parts and not there:
            continue
        content = [tag("p", paragraph, class_="how") for paragraph in how]
        if not parts:
            content.append(unfolded())
        for part in there:
            heads = [tag("h3", keys[part][0])] if part in keys else []
            content += [*heads, _list(told[part]), *_plots(drawn[part].values()), _table(keys[part][1])]
            content += _numbers(drawn[part].values())
        sections.append((heading, tag("div", *content)))
    return page("What recurrent networks can carry", sections, LEAD, STYLE)


def _settings(diagnosis: Json) -> Html:
    settings = diagnosis["settings"]
    first, cells = settings["seed"], ", ".join(settings["cells"])
    packages = ", ".join(f"{name} {version}" for name, version in settings["packages"].items())
    lines = [f"{packages}; cells: {cells}; first seed {first}" + ("; quick" * settings["quick"]) + "."]
    if settings["model"] is not None:
        lines.append(f"Model: {settings['model']}; text: {settings['text']}, {settings['tokens']:,} tokens.")
    content: list[Html] = [tag("p", line) for line in lines]
    names = ("seeds", "hidden", "steps", "batch", "optimizer", "clip")
    rows = [["part", "seeds", "units", "updates", "trials an update", "optimizer", "clipped at"]]
    rows += [[part, *(_told(budget.get(name)) for name in names)] for part, budget in settings["budgets"].items()]
    if len(rows) > 1:
        content.append(_table(rows))
        content.append(tag("p", f"An accuracy is of {settings['tested']} trials that were not trained on."))
    for part, task in RATES.items():
        if part in diagnosis:
            content.append(tag("p", _chosen(task, diagnosis[part])))
    return tag("div", *content)


def _chosen(task: str, found: Json) -> str:
    """How learning rates were chosen, and which."""
    rates, delays = (sorted({run[name] for run in found["runs"]}) for name in ("lr", "delay"))
    chosen = ", ".join(f"{name} {rate:g}" for name, rate in found["chosen"].items())
    return (
        f"Learning rates for {task}: of {', '.join(f'{rate:g}' for rate in rates)} the one with the best accuracy at "
        f"{' and '.join(map(str, delays))} steps of delay, on seeds that are not reported; where several are as good, "
        f"the largest: {chosen}."
    )


def _told(value: Any) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _list(sentences: Iterable[str]) -> Html:
    return tag("ul", *(tag("li", sentence) for sentence in sentences), class_="found")


def _plots(drawn: Iterable[Plot | Heat]) -> Iterator[Html]:
    yield tag("div", *(figure(one) if isinstance(one, Plot) else heat_table(one) for one in drawn), class_="plots")


def _table(rows: Rows, label: str = "Key figures") -> Html:
    head, *body = rows
    lines = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in body
    ]  # fmt: skip
    header = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    return wide(tag("table", tag("thead", header), tag("tbody", *lines), class_="numbers"), label)


def _numbers(drawn: Iterable[Plot | Heat]) -> Iterator[Html]:
    """The numbers behind each plot, folded up; a table of shares is its own."""
    for one in drawn:
        if isinstance(one, Plot):
            summary = tag("summary", f"The numbers of the plot “{one.title}”")
            rows, left_out = plot_rows(one)
            note = [tag("p", "Not all points are here; --out writes all of them.", class_="how")] if left_out else []
            yield tag("details", summary, *note, _table(rows, one.title))


def plot_rows(plot: Plot) -> tuple[Rows, bool]:
    """A row for each x and a column for each series, and whether some x were left out because there are many."""
    xs = sorted({point.x for one in plot.series for point in one.points})
    every = -(-len(xs) // MOST_ROWS)
    kept = sorted({*xs[::every], *xs[-1:]})
    by_x = [{point.x: point for point in one.points} for one in plot.series]
    rows = [[plot.x.label, *(one.name for one in plot.series)]]
    rows += [[f"{x:g}", *(_point(points.get(x), plot.y.percent) for points in by_x)] for x in kept]
    return rows, len(kept) < len(xs)


def _point(point: Point | None, percent: bool) -> str:
    if point is None:
        return "–"

    def told(value: float) -> str:
        return f"{100 * value:.1f} %" if percent else number(value)

    if point.low is None or point.high is None or point.low == point.high:
        return told(point.y)
    return f"{told(point.y)} [{told(point.low)}, {told(point.high)}]"


def unfolded(steps: int = 4) -> Html:
    """A network unfolded over time: forwards the states, backwards, dashed, the gradient of the last loss."""
    drawn: list[Html] = []
    for step in range(steps):
        x, name = 60 + 120 * step, ["t", *(f"t−{k}" for k in range(1, steps))][steps - 1 - step]
        drawn.append(tag("rect", x=str(x - 30), y="62", width="60", height="34", rx="6", class_="on"))
        drawn += [tag("text", f"h({name})", x=str(x), y="84"), tag("text", f"x({name})", x=str(x), y="140")]
        drawn.append(tag("path", d=f"M{x},124V98m-4,7l4,-7l4,7", class_="on"))
        if step < steps - 1:
            drawn.append(tag("path", d=f"M{x + 30},74h58m-7,-4l7,4l-7,4", class_="on"))
            drawn.append(tag("path", d=f"M{x + 90},86h-58m7,-4l-7,4l7,4", class_="back"))
            drawn.append(tag("text", "× J", x=str(x + 60), y="104", class_="back-text"))
    last = 60 + 120 * (steps - 1)
    drawn += [
        tag("text", "loss(t)", x=str(last), y="20"),
        tag("path", d=f"M{last - 5},62V28m-4,7l4,-7l4,7", class_="on"),
    ]
    drawn.append(tag("path", d=f"M{last + 5},28V60m-4,-7l4,7l4,-7", class_="back"))
    described = "A network unfolded over time; the gradient of the loss goes back through one Jacobian J a step."
    return tag("svg", *drawn, viewBox=f"0 0 {120 * steps} 150", role="img", aria_label=described, class_="unfolded")
