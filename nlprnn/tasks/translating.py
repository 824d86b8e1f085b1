"""Text in, translations out, line for line; and pictures of what was attended to."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from nlprnn.config.decoding import Sampling, Search
from nlprnn.reports.alignment import most_sentences, write_alignments
from nlprnn.tasks.encoding import bar
from nlprnn.tasks.translation_model import WINDOW, Translation, TranslationModel
from nlprnn.text.plain import every_line


def translate_file(
    model: TranslationModel, file: str | Path | None, how: Search | Sampling, seed: int = 1, draws: int = 1
) -> Iterator[tuple[str, list[Translation]]]:
    """Each line of a file, or of standard input, with its translations.

    A bar on a terminal, unless standard output is one too: there the translations show how far it is.

    Raises DataError for text that cannot be read.
    """
    if file is None or sys.stdout.isatty():
        yield from translate_lines(model, every_line(file), how, seed, draws)
        return
    total = sum(1 for _ in every_line(file))
    with bar("translating") as progress:
        for done, found in enumerate(translate_lines(model, every_line(file), how, seed, draws), 1):
            yield found
            progress(done, total)


def translate_lines(
    model: TranslationModel,
    lines: Iterable[str],
    how: Search | Sampling,
    seed: int = 1,
    draws: int = 1,
    window: int = WINDOW,
) -> Iterator[tuple[str, list[Translation]]]:
    """Each line with its translations: the best ones of a Search, or so many that are drawn."""
    lines, beside = itertools.tee(lines)
    if isinstance(how, Sampling):
        return zip(beside, model.sample(lines, how, seed, draws, window=window), strict=True)
    return zip(beside, model.translate(lines, how, window=window), strict=True)


class Gallery:
    """The first translated lines, kept to be drawn.

    Raises ConfigError for a file name of no known kind and for a model without attention.
    """

    def __init__(self, model: TranslationModel, path: Path) -> None:
        model.check_attention()
        self.model, self.path, self.most = model, path, most_sentences(path)
        self.shown: list[tuple[str, str]] = []

    def add(self, line: str, translation: str) -> None:
        if len(self.shown) < self.most and line.strip():
            self.shown.append((line, translation))

    def draw(self) -> None:
        """Write the file. Raises OSError where that cannot be done."""
        write_alignments(self.path, self.model.align(self.shown))
