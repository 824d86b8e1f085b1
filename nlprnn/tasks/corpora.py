"""Corpora made by the grammars that come with the package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from nlprnn.checkpoint import write_atomically
from nlprnn.grammars.agreement import agreement_corpus
from nlprnn.grammars.translation import translation_corpus

GRAMMARS: dict[str, Callable[[int, int], Iterator[str]]] = {
    "agreement": agreement_corpus,
    "translation": translation_corpus,
}


def make_corpus(grammar: str, sentences: int, seed: int) -> Iterator[str]:
    """`sentences` lines of text from one of GRAMMARS; the same seed makes the same.

    Raises ConfigError where lines are distinct and the grammar cannot make so many.
    """
    return GRAMMARS[grammar](sentences, seed)


def write_corpus(path: str | Path, grammar: str, sentences: int, seed: int) -> None:
    """Write a corpus to a file, whole or not at all."""

    def write(name: Path) -> None:
        with name.open("w", encoding="utf-8") as file:
            file.writelines(sentence + "\n" for sentence in make_corpus(grammar, sentences, seed))

    write_atomically(Path(path), write)
