"""Printing what the commands found."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from nlprnn.tasks.training_runs import TrainingRun

Rows = Iterable[tuple[str, str]]


def print_json(value: Any) -> None:
    """One JSON object on standard output; what is not a number in JSON becomes null."""
    click.echo(json.dumps(_finite(value), ensure_ascii=False))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    if (isinstance(value, float) and value in (float("inf"), float("-inf"))) or value != value:
        return None
    return value


def print_table(rows: Iterable[Sequence[str]]) -> None:
    """Aligned columns: the first to the left, the others to the right."""
    table = [list(row) for row in rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        click.echo("  ".join(cells).rstrip())


def print_trained(run: TrainingRun, found: Rows, counted: str, speed: float, after: Rows = ()) -> None:
    """What a training run found, between its directory and how long it took, then `after`; `counted` a second."""
    took = [
        ("minutes", f"{run.seconds / 60:.1f}"),
        ("steps", f"{run.steps:,}"),
        (f"{counted} a second", f"{speed:,.0f}"),
    ]
    print_table([("model", str(run.model.directory)), *found, *took, *after])


def leave_if_interrupted(signal: int | None) -> None:
    """End as a process does that was stopped by a signal, once all is told, and say how training goes on."""
    if signal is not None:
        told = "nlprnn: interrupted; the best weights so far are kept, and the same command with --resume goes on"
        click.echo(told, err=True)
        sys.exit(128 + signal)
