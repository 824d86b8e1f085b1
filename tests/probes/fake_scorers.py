"""Scorers whose preferences are known in advance, over a word-level tokenizer that knows some words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from nlprnn.probes.suite import MinimalPair, Suite

NOUNS = {"writer": "singular", "book": "singular", "writers": "plural", "books": "plural"}
VERBS = {"is": "singular", "laughs": "singular", "are": "plural", "laugh": "plural"}


@dataclass
class FakeScore:
    words: list[str]
    log_probs: np.ndarray
    boundary: np.ndarray | None = None

    def __post_init__(self) -> None:
        self.word_of = np.arange(len(self.words) + 1)

    @property
    def ids(self) -> np.ndarray:
        return np.arange(len(self.words) + 1)


class FakeTokenizer:
    def __init__(self, unknown: frozenset[str] = frozenset()) -> None:
        self.unknown = unknown

    def knows(self, word: str) -> bool:
        return word not in self.unknown


class FakeScorer:
    """Gives each word the natural log-probability that `word_score(words_before, word)` says, the end -0.5."""

    def __init__(self, word_score: Callable[[list[str], str], float], unknown: Iterable[str] = ()) -> None:
        self.word_score = word_score
        self.tokenizer = FakeTokenizer(frozenset(unknown))
        self.asked: list[str] = []

    def score(self, sentences: Iterable[str]) -> Iterator[FakeScore]:
        for sentence in sentences:
            self.asked.append(sentence)
            words = sentence.split()
            values = [self.word_score(words[:i], word) for i, word in enumerate(words)]
            yield FakeScore(words, np.array([*values, -0.5]))


def agreeing_with(noun: int) -> Callable[[list[str], str], float]:
    """Prefers the verb that agrees with the first (0) or the nearest (-1) noun before it."""

    def word_score(before: list[str], word: str) -> float:
        nouns = [NOUNS[w] for w in before if w in NOUNS]
        if word not in VERBS or not nouns:
            return -1.0
        return -0.1 if VERBS[word] == nouns[noun] else -3.0

    return word_score


def oracle(**options: Iterable[str]) -> FakeScorer:
    return FakeScorer(agreeing_with(0), **options)


def nearest_noun(**options: Iterable[str]) -> FakeScorer:
    return FakeScorer(agreeing_with(-1), **options)


def prepositional_pairs() -> list[MinimalPair]:
    """Sixteen pairs: subject and intervening noun in both numbers, two nouns, two verbs. Half are conflicts."""
    found = []
    for first, second in (("writer", "book"), ("book", "writer")):
        for subject, suffix in (("singular", ""), ("plural", "s")):
            for other, ending in (("singular", ""), ("plural", "s")):
                for forms in (("is", "are"), ("laughs", "laugh")):
                    good, bad = forms if subject == "singular" else forms[::-1]
                    prefix = f"the {first}{suffix} of the {second}{ending}"
                    match = subject == other
                    pair = MinimalPair(
                        f"{prefix} {good}", f"{prefix} {bad}", "across", int(not match), subject, match, 5
                    )
                    found.append(pair)
    return found


def simple_pairs() -> list[MinimalPair]:
    return [
        MinimalPair("the writer is", "the writer are", "simple", 0, "singular", True, 2),
        MinimalPair("the writers are", "the writers is", "simple", 0, "plural", True, 2),
    ]


def agreement_suite() -> Suite:
    return Suite("hand", lambda: iter(prepositional_pairs() + simple_pairs()))
