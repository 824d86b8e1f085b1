"""Tables of shares whose cells are shaded, for pages: the deeper, the nearer to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nlprnn.reports.page import Html, shade, tag, wide

STYLE = """
.shares { margin: 0 0 1rem; border-collapse: separate; border-spacing: 2px; font-size: .9rem; }
.shares caption { text-align: left; padding-bottom: .3rem; font-weight: 600; }
.shares th { font-weight: 400; color: var(--muted); padding: .2rem .5rem; text-align: right; white-space: nowrap; }
.shares thead th { text-align: center; }
.shares td { min-width: 3rem; padding: .3rem .4rem; text-align: center; border-radius: .2rem;
  border: 2px solid transparent; }
.shares td.framed { border-color: #e8590c; }
"""


@dataclass(frozen=True)
class Heat:
    """Shares between 0 and 1 by row and column; None is left blank. `framed` are set apart from the others."""

    title: str
    row_label: str
    column_label: str
    rows: Sequence[str]
    columns: Sequence[str]
    shares: Sequence[Sequence[float | None]]
    framed: Sequence[Sequence[bool]] | None = None

    def is_framed(self, row: int, column: int) -> bool:
        return self.framed is not None and self.framed[row][column]


def heat_table(heat: Heat) -> Html:
    """The table, which scrolls in itself where it is wider than the page."""
    head = tag("tr", tag("th", f"{heat.row_label} ↓  {heat.column_label} →"), *map(_head, heat.columns))
    body = [
        tag("tr", tag("th", name, scope="row"), *(_cell(heat, row, column) for column in range(len(heat.columns))))
        for row, name in enumerate(heat.rows)
    ]
    table = tag("table", tag("caption", heat.title), tag("thead", head), tag("tbody", *body), class_="shares")
    return wide(table, heat.title)


def _head(name: str) -> Html:
    return tag("th", name, scope="col")


def _cell(heat: Heat, row: int, column: int) -> Html:
    share = heat.shares[row][column]
    if share is None:
        return tag("td", "–")
    attributes = shade(share)
    if heat.is_framed(row, column):
        attributes["class_"] += " framed"
    return tag("td", f"{100 * share:.0f}", **attributes)
