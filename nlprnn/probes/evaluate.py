"""Puts a suite's pairs before a scorer: one verdict a pair, in order and in constant memory. Knows no file format.

A scorer is anything with a tokenizer and `score(sentences)`: neural and n-gram models alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from nlprnn.errors import ConfigError, NlprnnError
from nlprnn.probes.suite import MinimalPair, Suite, split_words

if TYPE_CHECKING:
    from nlprnn.inference.scoring import Scorer, SentenceScore

SCORINGS = ("published", "sentence", "target")
CHUNK = 2048  # pairs asked at a time: many enough for a scorer to sort them by length, few enough to hold
TIE = 1e-6  # nats; smaller differences are rounding, not a preference
UNKNOWN, NO_TARGET = "unknown word", "no target word"


@dataclass(frozen=True)
class Verdict:
    """What a scorer made of one pair. Scores are natural log-probabilities, None where the pair was not scored."""

    pair: MinimalPair
    score_good: float | None = None
    score_bad: float | None = None
    skipped: str = ""  # why it was not scored: UNKNOWN or NO_TARGET
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


def way_of_scoring(suite: Suite, scoring: str) -> str:
    """`sentence` or `target`; `published` is the suite's own way. Raises ConfigError for others."""
    if scoring not in SCORINGS:
        raise ConfigError(f"scoring {scoring!r}: choose one of {', '.join(SCORINGS)}")
    return suite.scoring if scoring == "published" else scoring


def judge(scorer: Scorer, pairs: Iterable[MinimalPair], scoring: str) -> Iterator[Verdict]:
    """Yield a verdict for each pair, in order.

    `sentence` compares the log-probabilities of whole sentences, their end included. `target` compares those of the
    target words after their shared prefix. A pair is skipped, never counted, where a differing word is unknown.
    Raises NlprnnError where the model gives no number.
    """
    assert scoring in ("sentence", "target"), scoring
    knows = lru_cache(maxsize=1 << 14)(scorer.tokenizer.knows)
    stream = iter(pairs)
    while chunk := list(islice(stream, CHUNK)):
        texts = [_texts(pair, scoring) for pair in chunk]
        drafts = [_draft(pair, text, knows) for pair, text in zip(chunk, texts, strict=True)]
        asked = [text for text, draft in zip(texts, drafts, strict=True) if text and not draft.skipped]
        scores = _scores(scorer, asked, scoring)
        for draft, text in zip(drafts, texts, strict=True):
            if draft.skipped or text is None:
                yield draft
            else:
                good, bad = scores[text.good], scores[text.bad]
                yield Verdict(draft.pair, good, bad, shared_unknown=draft.shared_unknown)


def _texts(pair: MinimalPair, scoring: str) -> MinimalPair | None:
    """The pair of texts to score: whole sentences, or both up to the target word; None without a target word."""
    if scoring == "sentence":
        return pair
    words = pair.target_words()
    if words is None or pair.target is None:
        return None
    good, bad = pair.good.split()[: pair.target], pair.bad.split()[: pair.target]
    if good != bad:  # another prefix is another question: no word to compare
        return None
    return MinimalPair(" ".join([*good, words[0]]), " ".join([*bad, words[1]]), target=pair.target)


def _draft(pair: MinimalPair, text: MinimalPair | None, knows: Callable[[str], bool]) -> Verdict:
    if text is None:
        return Verdict(pair, skipped=NO_TARGET)
    differing, shared = split_words(text)
    unknown = tuple(dict.fromkeys(word for word in differing if not knows(word)))
    if unknown:
        return Verdict(pair, skipped=UNKNOWN, unknown=unknown)
    return Verdict(pair, shared_unknown=not all(map(knows, shared)))


def _scores(scorer: Scorer, asked: list[MinimalPair], scoring: str) -> dict[str, float]:
    """Natural log-probability of each text, or of its last word. A text that comes twice is scored once."""
    texts = list(dict.fromkeys(text for pair in asked for text in (pair.good, pair.bad)))
    found: dict[str, float] = {}
    for text, score in zip(texts, scorer.score(texts), strict=True):
        value = float(score.log_probs.sum(dtype="float64")) if scoring == "sentence" else last_word(score)
        if math.isnan(value):
            raise NlprnnError(
                f"the model gives no probability (NaN) for {text!r}; its training went wrong, train it again"
            )
        found[text] = value
    return found


def last_word(score: SentenceScore) -> float:
    """Natural log-probability of a sentence's last word given those before it, whatever tokens it is made of."""
    from nlprnn.inference.scoring import word_log_probs  # brings torch

    return float(word_log_probs(score)[len(score.words) - 1])
