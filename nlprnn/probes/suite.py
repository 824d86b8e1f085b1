"""What a probe asks: pairs of sentences of which a model should prefer the first. Knows no file format and no model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

CLOSING = ".,;:!?…\"')]}»”’"  # punctuation that may cling to the end of a white-space separated word


@dataclass(frozen=True)
class MinimalPair:
    """Two sentences, and what is known about them. None always means: not annotated, and never guessed.

    An attractor is a noun between subject and verb whose number is the opposite of the subject's. `match` says
    whether the noun nearest before the verb has the subject's number; a pair without an intervening noun is a match.
    """

    good: str
    bad: str
    construction: str = ""
    attractors: int | None = None
    subject: str | None = None  # "singular" | "plural"
    match: bool | None = None
    target: int | None = None  # index of the white-space separated word to score after a shared prefix
    group: str = ""  # pairs made from one item or condition

    def target_words(self) -> tuple[str, str] | None:
        """The two words at `target`, without punctuation that closes both: `himself.`, `itself.` lose the stop."""
        if self.target is None:
            return None
        good, bad = self.good.split()[self.target], self.bad.split()[self.target]
        while len(good) > 1 and len(bad) > 1 and good[-1] == bad[-1] and good[-1] in CLOSING:
            good, bad = good[:-1], bad[:-1]
        return good, bad


@dataclass(frozen=True)
class Suite:
    """A named supply of pairs. `pairs()` starts anew at each call, so that several models can be asked in turn."""

    name: str
    pairs: Callable[[], Iterator[MinimalPair]]
    scoring: str = "sentence"  # as published: "sentence" (the whole sentence) or "target" (a word after its prefix)
    source: str = ""  # the path or generator it came from
    coverage: str = ""  # what had to be left out to make it, in words for the user


def parting(good: Sequence[str], bad: Sequence[str]) -> int | None:
    """Index of the first word that differs; None where one sentence is the beginning of the other."""
    return next((i for i, (a, b) in enumerate(zip(good, bad, strict=False)) if a != b), None)


def split_words(pair: MinimalPair) -> tuple[list[str], list[str]]:
    """(differing, shared) words of a pair, both sentences' differing ones together.

    What lies between the common beginning and the common end is compared word by word where it is equally long, and
    differs as a whole where it is not.
    """
    good, bad = pair.good.split(), pair.bad.split()
    shorter = min(len(good), len(bad))
    head = 0
    while head < shorter and good[head] == bad[head]:
        head += 1
    tail = 0
    while tail < shorter - head and good[-1 - tail] == bad[-1 - tail]:
        tail += 1
    middle_good, middle_bad = good[head : len(good) - tail], bad[head : len(bad) - tail]
    shared = good[:head] + good[len(good) - tail :]
    if len(middle_good) != len(middle_bad):
        return middle_good + middle_bad, shared
    differing: list[str] = []
    for a, b in zip(middle_good, middle_bad, strict=True):
        if a == b:
            shared.append(a)
        else:
            differing += [a, b]
    return differing, shared
