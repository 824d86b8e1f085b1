"""Every verdict as a row of a TSV file, for a statistics program. Scores are natural log-probabilities."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nlprnn.errors import DataError
from nlprnn.files import replacing
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


@contextmanager
def items_file(path: str | Path) -> Iterator[Callable[[str, Verdict], None]]:
    """Give a `write(suite, verdict)`; the file stands in its place once all is written, and not at all after an error.

    What is not annotated or was not scored is blank; `correct` is 1 or 0. Raises DataError where it cannot be written.
    """
    path = Path(path)
    try:
        with replacing(path) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream, dialect="excel-tab", lineterminator="\n")
            rows.writerow(COLUMNS)
            yield lambda suite, verdict: rows.writerow(_row(suite, verdict))
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror}); name another file for the items", path) from error


def _row(suite: str, verdict: Verdict) -> list[str | int | None]:
    pair, correct = verdict.pair, verdict.correct
    scores = ["" if value is None else f"{value:.6f}" for value in (verdict.score_good, verdict.score_bad)]
    answer = None if correct is None else int(correct)
    return [suite, pair.construction, pair.attractors, pair.good, pair.bad, *scores, answer, verdict.status]
