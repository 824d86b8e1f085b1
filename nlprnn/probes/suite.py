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
    bad: str  # empty where the suite gives no such sentence and none could be derived
    construction: str = ""
    attractors: int | None = None
    subject: str | None = None  # "singular" | "plural"
    match: bool | None = None
    target: int | None = None  # index of the white-space separated word to score after a shared prefix
    group: str = ""  # the same for pairs of a suite made from one item, template or choice of words; empty: on its own
    distance: int | None = None  # words between the subject, or what else the target agrees with, and the target

    def target_words(self) -> tuple[str, str] | None:
        """The two words at `target`, without punctuation that closes both: `himself.`, `itself.` lose the stop."""
        if self.target is None:
            return None
        good, bad = self.good.split()[self.target], self.bad.split()[self.target]
        while len(good) > 1 and len(bad) > 1 and good[-1] == bad[-1] and good[-1] in CLOSING:
            good, bad = good[:-1], bad[:-1]
        return good, bad


@dataclass(frozen=True)
class Scoring:
    """Which log-probabilities are compared.

    `unit` is "sentence" (all words), "target" (one word after a shared prefix) or "region" (the words that differ,
    those between the first and the last difference; of a suite with regions of its own, these).
    """

    unit: str
    end: bool = True  # does the end of the sentence count, where the unit reaches it?
    full_stop: bool = False  # is a full stop added to each sentence?
    mean: bool = False  # the mean of the tokens, not their sum

    def __str__(self) -> str:
        told = {"full stop added": self.full_stop, "end not counted": not self.end, "mean of the tokens": self.mean}
        return ", ".join([self.unit, *(words for words, holds in told.items() if holds)])


SUBJECT_AND_VERB = ("subject", "verb")


@dataclass(frozen=True)
class Suite:
    """A named supply of pairs. `pairs()` starts anew at each call, so that several models can be asked in turn.

    `scoring`, `end` and `full_stop` say how it was scored where it was published; see Scoring. `agreeing` is what the
    target agrees with, and the target.
    """

    name: str
    pairs: Callable[[], Iterator[MinimalPair]]
    scoring: str = "sentence"
    source: str = ""  # the path or generator it came from
    coverage: str = ""  # what it was made of and what had to be left out, in words for the user
    end: bool = True
    full_stop: bool = False
    agreeing: tuple[str, str] = SUBJECT_AND_VERB

    @property
    def published(self) -> Scoring:
        return Scoring(self.scoring, self.end, self.full_stop)


def parting(good: Sequence[str], bad: Sequence[str]) -> int | None:
    """Index of the first word that differs; None where one sentence is the beginning of the other."""
    return next((i for i, (a, b) in enumerate(zip(good, bad, strict=False)) if a != b), None)


def common_ends(good: Sequence[str], bad: Sequence[str]) -> tuple[int, int]:
    """How many words two sentences share at their beginning, and behind that at their end."""
    shorter = min(len(good), len(bad))
    head = 0
    while head < shorter and good[head] == bad[head]:
        head += 1
    tail = 0
    while tail < shorter - head and good[-1 - tail] == bad[-1 - tail]:
        tail += 1
    return head, tail


def split_words(pair: MinimalPair) -> tuple[list[str], list[str]]:
    """(differing, shared) words of a pair, both sentences' differing ones together.

    What lies between the common beginning and the common end is compared word by word where it is equally long, and
    differs as a whole where it is not.
    """
    good, bad = pair.good.split(), pair.bad.split()
    head, tail = common_ends(good, bad)
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
