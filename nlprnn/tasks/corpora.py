"""Corpora made by the grammars that come with the package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from nlprnn.checkpoint import write_atomically
from nlprnn.errors import ConfigError
from nlprnn.grammars.agreement import agreement_corpus
from nlprnn.grammars.agreement_languages import PORTUGUESE
from nlprnn.grammars.reviews import review_corpus
from nlprnn.grammars.translation import translation_corpus

GRAMMARS: dict[str, Callable[[int, int], Iterator[str]]] = {
    "agreement": agreement_corpus,
    "agreement-portuguese": partial(agreement_corpus, language=PORTUGUESE),
    "translation": translation_corpus,
    "reviews": review_corpus,
}
HELD_OUT: dict[str, Callable[[int, int], Iterator[str]]] = {
    "translation": partial(translation_corpus, held_out=True),
    "reviews": partial(review_corpus, held_out=True),
}


def make_corpus(grammar: str, sentences: int, seed: int, held_out: bool = False) -> Iterator[str]:
    """`sentences` lines of text from one of GRAMMARS, or from HELD_OUT what never occurs in these; the same seed makes
    the same.

    Reviews stand below a line of column names. Raises ConfigError where lines are distinct and the grammar cannot make
    so many, and where it holds nothing out.
    """
    if held_out and grammar not in HELD_OUT:
        raise ConfigError(f"--held-out goes with {' and '.join(HELD_OUT)}; `probe-agreement` asks what {grammar} lacks")
    return (HELD_OUT if held_out else GRAMMARS)[grammar](sentences, seed)


def write_corpus(path: str | Path, grammar: str, sentences: int, seed: int, held_out: bool = False) -> None:
    """Write a corpus to a file, whole or not at all."""

    def write(name: Path) -> None:
        with name.open("w", encoding="utf-8") as file:
            file.writelines(sentence + "\n" for sentence in make_corpus(grammar, sentences, seed, held_out))

    write_atomically(Path(path), write)
