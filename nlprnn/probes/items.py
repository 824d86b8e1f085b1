"""Every verdict as a row of a TSV file, for a statistics program. Scores are natural log-probabilities.

An item of several conditions has a row for each prediction: the formula is the construction, and `good` names the item.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from nlprnn.errors import DataError
from nlprnn.files import replacing
from nlprnn.probes.conditions import ItemVerdict
from nlprnn.probes.evaluate import Verdict

COLUMNS = (
    "suite",
    "construction",
    "attractors",
    "good",
    "bad",
    "score_good",
    "score_bad",
    "correct",
    "status",
)
MODEL = "model"

Write = Callable[[str, str, "Verdict | ItemVerdict"], None]


@contextmanager
def items_file(path: str | Path, several: bool = False) -> Iterator[Write]:
    """Give a `write(model, suite, verdict)`; the file stands in its place once all is written, and not at all after an
    error.

    What is not annotated or was not scored is blank; `correct` is 1 or 0. Of `several` models each row names its own,
    in a last column. Raises DataError where the file cannot be written.
    """
    path = Path(path)
    with ExitStack() as stack:
        with _told(path):
            stream = stack.enter_context(_opened(path))
            rows = csv.writer(stream, dialect="excel-tab", lineterminator="\n")
            rows.writerow([*COLUMNS, MODEL] if several else COLUMNS)

        def write(model: str, suite: str, verdict: Verdict | ItemVerdict) -> None:
            made = [_row(suite, verdict)] if isinstance(verdict, Verdict) else _predictions(suite, verdict)
            with _told(path):
                rows.writerows([*row, model] if several else row for row in made)

        yield write
        with _told(path):
            stack.close()


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    with replacing(path) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        yield stream


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What goes wrong with this file, and not with the suites that are being read meanwhile."""
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror}); name another file for the items", path) from error


def _row(suite: str, verdict: Verdict) -> list[str | int | None]:
    pair, correct = verdict.pair, verdict.correct
    scores = ["" if value is None else f"{value:.6f}" for value in (verdict.score_good, verdict.score_bad)]
    answer = None if correct is None else int(correct)
    return [suite, pair.construction, pair.attractors, pair.good, pair.bad, *scores, answer, verdict.status]


def _predictions(suite: str, verdict: ItemVerdict) -> Iterator[list[str | int | None]]:
    for formula, holds, skipped, _ in verdict.each():
        answer = None if holds is None else int(holds)
        yield [suite, formula.text, None, f"item {verdict.item.number}", "", "", "", answer, skipped or "scored"]
