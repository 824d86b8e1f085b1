"""Text in, labels out, line for line."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from nlprnn.tasks.classification_model import WINDOW, ClassificationModel, Judgement
from nlprnn.tasks.encoding import bar
from nlprnn.text.plain import every_line


def classify_file(
    model: ClassificationModel, file: str | Path | None, explain: bool = False
) -> Iterator[tuple[str, Judgement | None]]:
    """Each line of a file, or of standard input, with what is told of it.

    A bar on a terminal, unless standard output is one too: there the labels show how far it is.

    Raises DataError for text that cannot be read.
    """
    if file is None or sys.stdout.isatty():
        yield from classify_lines(model, every_line(file), explain)
        return
    total = sum(1 for _ in every_line(file))
    with bar("classifying") as progress:
        for done, found in enumerate(classify_lines(model, every_line(file), explain), 1):
            yield found
            progress(done, total)


def classify_lines(
    model: ClassificationModel, lines: Iterable[str], explain: bool = False, window: int = WINDOW
) -> Iterator[tuple[str, Judgement | None]]:
    """Each line with what is told of it; None of an empty one."""
    lines, beside = itertools.tee(lines)
    return zip(beside, model.classify(lines, explain, window=window), strict=True)
