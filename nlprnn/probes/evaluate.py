"""Puts a suite's pairs before a scorer: one verdict a pair, in order and in constant memory. Knows no file format.

A scorer is anything with a tokenizer and `score(sentences)`: neural and n-gram models alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from nlprnn.errors import ConfigError, NlprnnError
from nlprnn.probes.suite import MinimalPair, Scoring, common_ends, split_words

if TYPE_CHECKING:
    from nlprnn.inference.scoring import Scorer, SentenceScore

SCORINGS = ("published", "sentence", "target", "region")
CHUNK = 2048  # pairs asked at a time: many enough for a scorer to sort them by length, few enough to hold
TIE = 1e-6  # nats; smaller differences are rounding, not a preference
UNKNOWN, NO_TARGET, NO_REGION, NO_PARTNER = "unknown word", "no target word", "no differing words", "no other form"
TO_THE_END, BEFORE_THE_END = None, -1  # where a span of words stops: behind the sentence's end, or before it

Span = tuple[int, "int | None"]  # words from and to, as in a slice of word_log_probs


@dataclass(frozen=True)
class Verdict:
    """What a scorer made of one pair. Scores are natural log-probabilities, None where the pair was not scored."""

    pair: MinimalPair
    score_good: float | None = None
    score_bad: float | None = None
    skipped: str = ""  # why it was not scored: UNKNOWN, NO_TARGET, NO_REGION or NO_PARTNER
    unknown: tuple[str, ...] = ()  # differing words that the tokenizer does not know
    shared_unknown: bool = False  # is an unknown word among those that both sentences have

    @property
    def tie(self) -> bool:
        """Are both as probable, up to rounding? A tie is no preference, and so not correct."""
        if self.score_good is None or self.score_bad is None:
            return False
        # the first test holds for two impossible sentences too, whose difference is no number
        return self.score_good == self.score_bad or abs(self.score_good - self.score_bad) < TIE

    @property
    def correct(self) -> bool | None:
        """Does the scorer prefer the good sentence? None where it was not scored."""
        if self.score_good is None or self.score_bad is None:
            return None
        return self.score_good > self.score_bad and not self.tie

    @property
    def status(self) -> str:
        """`scored`, `tie`, or why the pair was skipped."""
        return self.skipped or ("tie" if self.tie else "scored")


@dataclass(frozen=True)
class Question:
    """What of a pair is read, and from which word on it counts; or why there is nothing to read."""

    texts: MinimalPair
    start: int = 0
    skipped: str = ""


def way_of_scoring(published: Scoring, scoring: str, mean: bool | None = None, end: bool | None = None) -> Scoring:
    """The suite's published way, or the unit that `scoring` names; `mean` and `end` change either unless None.

    Raises ConfigError for a `scoring` that is none of SCORINGS.
    """
    if scoring not in SCORINGS:
        raise ConfigError(f"scoring {scoring!r}: choose one of {', '.join(SCORINGS)}")
    way = published if scoring == "published" else Scoring(scoring)
    way = way if end is None else replace(way, end=end)
    return way if mean is None else replace(way, mean=mean)


def judge(scorer: Scorer, pairs: Iterable[MinimalPair], way: Scoring) -> Iterator[Verdict]:
    """Yield a verdict for each pair, in order.

    A pair is skipped, never counted, where a differing word is unknown or the pair lacks what `way` compares.
    Raises NlprnnError where the model gives no number.
    """
    stream = drafts(scorer.tokenizer.knows, pairs, way)
    while chunk := list(islice(stream, CHUNK)):
        scores = _scores(scorer, [asked for asked, draft in chunk if not draft.skipped], way)
        for asked, draft in chunk:
            if draft.skipped:
                yield draft
            else:
                good, bad = scores[asked.texts.good, asked.start], scores[asked.texts.bad, asked.start]
                yield Verdict(draft.pair, good, bad, shared_unknown=draft.shared_unknown)


def drafts(
    knows: Callable[[str], bool], pairs: Iterable[MinimalPair], way: Scoring
) -> Iterator[tuple[Question, Verdict]]:
    """Yield what of each pair is read, and its verdict so far: why it cannot be scored, or no reason and no scores."""
    knows = lru_cache(maxsize=1 << 14)(knows)
    for pair in pairs:
        asked = _question(pair, way)
        yield asked, _draft(pair, asked, knows)


def _question(pair: MinimalPair, way: Scoring) -> Question:
    if not pair.bad:
        return Question(pair, skipped=NO_PARTNER)
    if way.unit == "sentence":
        return Question(MinimalPair(f"{pair.good} .", f"{pair.bad} .") if way.full_stop else pair)
    return _target(pair) if way.unit == "target" else _region(pair)


def _target(pair: MinimalPair) -> Question:
    """Both sentences up to the target word, which alone counts."""
    words = pair.target_words()
    if words is None or pair.target is None:
        return Question(pair, skipped=NO_TARGET)
    good, bad = pair.good.split()[: pair.target], pair.bad.split()[: pair.target]
    if good != bad:  # another prefix is another question: no word to compare
        return Question(pair, skipped=NO_TARGET)
    return Question(MinimalPair(" ".join([*good, words[0]]), " ".join([*bad, words[1]])), pair.target)


def _region(pair: MinimalPair) -> Question:
    """Both sentences up to the last word that differs; the words from the first that differs on count."""
    good, bad = pair.good.split(), pair.bad.split()
    head, tail = common_ends(good, bad)
    good, bad = good[: len(good) - tail], bad[: len(bad) - tail]
    if head in (len(good), len(bad)):  # words are only put in, or nothing differs at all
        return Question(pair, skipped=NO_REGION)
    return Question(MinimalPair(" ".join(good), " ".join(bad)), head)


def _draft(pair: MinimalPair, asked: Question, knows: Callable[[str], bool]) -> Verdict:
    if asked.skipped:
        return Verdict(pair, skipped=asked.skipped)
    differing, shared = split_words(asked.texts)
    if not differing:  # a suite may ask for a choice between two words that are the same
        differing = asked.texts.good.split()[asked.start :]
    unknown = tuple(dict.fromkeys(word for word in differing if not knows(word)))
    if unknown:
        return Verdict(pair, skipped=UNKNOWN, unknown=unknown)
    return Verdict(pair, shared_unknown=not all(map(knows, shared)))


def _scores(scorer: Scorer, asked: list[Question], way: Scoring) -> dict[tuple[str, int], float]:
    """What counts of each text, by the text and its first word that counts. What comes twice is scored once."""
    stop = TO_THE_END if way.unit == "sentence" and way.end else BEFORE_THE_END
    found = dict.fromkeys(((text, each.start) for each in asked for text in (each.texts.good, each.texts.bad)), 0.0)
    for (text, start), score in zip(found, scorer.score([text for text, _ in found]), strict=True):
        found[text, start] = log_probability(score, (start, stop), way.mean, text)
    return found


def log_probability(score: SentenceScore, span: Span, mean: bool, text: str) -> float:
    """Natural log-probability of some words of a sentence given all before them, whatever tokens they are made of.

    `span` counts words, and the sentence's end as one more; no words have 0. With `mean` it is divided by the number
    of tokens. Raises NlprnnError where the model gives no number.
    """
    from nlprnn.inference.scoring import word_log_probs  # brings torch

    whole = span == (0, TO_THE_END)
    value = float((score.log_probs if whole else word_log_probs(score)[slice(*span)]).sum(dtype=np.float64))
    if math.isnan(value):
        raise NlprnnError(f"the model gives no probability (NaN) for {text!r}; its training went wrong, train it again")
    if not mean:
        return value
    words = range(len(score.words) + 1)[slice(*span)]
    tokens = int(np.count_nonzero((score.word_of >= words.start) & (score.word_of < words.stop)))
    return value / tokens if tokens else value
