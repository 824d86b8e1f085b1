"""Items of several conditions with regions, and predictions about their surprisals. Knows no file format.

A minimal pair asks which of two sentences is better; an item here is one sentence in several conditions, each cut into
regions, and a prediction is a formula over the regions' surprisals, in bits. An item is answered rightly where all
predictions hold (Hu, Gauthier, Qian, Wilcox and Levy 2020, ACL).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from nlprnn.errors import ConfigError
from nlprnn.probes.evaluate import BEFORE_THE_END, TO_THE_END, UNKNOWN, Span, log_probability
from nlprnn.probes.formula import Formula, Reference
from nlprnn.probes.suite import Scoring

if TYPE_CHECKING:
    from nlprnn.inference.scoring import Scorer, SentenceScore

CHUNK = 256  # items asked at a time
REGION = Scoring("region")

Knows = Callable[[str], bool]


@dataclass(frozen=True)
class Condition:
    """One sentence, cut into numbered regions in the order of reading; a region may be empty."""

    name: str
    regions: tuple[tuple[int, str], ...]

    @property
    def sentence(self) -> str:
        """The regions joined by spaces, those without words left out."""
        return " ".join(" ".join(content.split()) for _, content in self.regions if content.strip())

    def spans(self, end: bool) -> dict[int, Span]:
        """region -> its words; the end of the sentence, where it counts, belongs to the last region."""
        spans: dict[int, Span] = {}
        start = 0
        for number, content in self.regions:
            spans[number] = (start, start + len(content.split()))
            start += len(content.split())
        if end:
            last = self.regions[-1][0]
            spans[last] = (spans[last][0], TO_THE_END)
        return spans


@dataclass(frozen=True)
class Item:
    """One item, in its conditions by name."""

    number: str
    conditions: dict[str, Condition]


@dataclass(frozen=True)
class ConditionSuite:
    """A named list of items, and the predictions that are made of each."""

    name: str
    items: tuple[Item, ...]
    predictions: tuple[Formula, ...]
    source: str = ""
    coverage: str = ""
    published: Scoring = REGION


@dataclass(frozen=True)
class ItemVerdict:
    """Which predictions of an item hold; None for one that rests on a word that is unknown to the tokenizer."""

    item: Item
    predictions: tuple[Formula, ...]
    answers: tuple[bool | None, ...]  # one a prediction
    unknown_of: tuple[tuple[str, ...], ...]  # the unknown words that each prediction rests on
    shared_unknown: bool = False  # is another word unknown

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word for words in self.unknown_of for word in words))

    @property
    def skipped(self) -> str:
        """Why the item is not scored as a whole; empty where it is."""
        return UNKNOWN if self.unknown else ""

    @property
    def correct(self) -> bool | None:
        """Do all predictions hold? None where one of them cannot be scored."""
        return None if self.skipped else all(self.answers)

    def each(self) -> Iterator[tuple[Formula, bool | None, str, tuple[str, ...]]]:
        """Each prediction: whether it holds, or why it was not scored and for which unknown words."""
        for formula, holds, unknown in zip(self.predictions, self.answers, self.unknown_of, strict=True):
            yield formula, holds, UNKNOWN if unknown else "", unknown


def judge_items(scorer: Scorer, suite: ConditionSuite, way: Scoring) -> Iterator[ItemVerdict]:
    """Yield a verdict for each item, in order.

    A prediction is skipped, never counted, where a word is unknown that it asks for, or that stands in a region in
    which its conditions differ and no further on than what it asks for; an item is where one of its predictions is.
    With `way.unit` "sentence" each region that a prediction asks for is read as the whole sentence. Raises ConfigError
    for "target", NlprnnError where the model gives no number.
    """
    if way.unit == "target":
        raise ConfigError(f"the suite {suite.name} has regions and no target words; score it by region or sentence")
    stream = item_drafts(scorer.tokenizer.knows, suite, whole=way.unit == "sentence")
    while chunk := list(islice(stream, CHUNK)):
        scores = _scores(scorer, chunk)
        for draft in chunk:
            yield _answered(draft, scores, way)


def item_drafts(knows: Knows, suite: ConditionSuite, whole: bool = False) -> Iterator[ItemVerdict]:
    """Yield the verdict on each item so far: without answers, but with what cannot be scored, and why.

    `whole`: regions that are asked for stand for their whole sentences.
    """
    knows = lru_cache(maxsize=1 << 14)(knows)
    return (_draft(item, suite.predictions, knows, whole) for item in suite.items)


def _draft(item: Item, predictions: tuple[Formula, ...], knows: Knows, whole: bool) -> ItemVerdict:
    words = [_words(item, formula.references(), whole) for formula in predictions]
    unknown = tuple(tuple(dict.fromkeys(word for word in decisive if not knows(word))) for decisive, _ in words)
    shared = not any(unknown) and not all(knows(word) for _, others in words for word in others)
    return ItemVerdict(item, predictions, (None,) * len(predictions), unknown, shared)


def _words(item: Item, asked: Sequence[Reference], whole: bool) -> tuple[list[str], list[str]]:
    """(decisive, other) words that the surprisals asked for rest on; what stands behind them is neither."""
    used = [item.conditions[name] for name in dict.fromkeys(reference.condition for reference in asked)]
    contents: dict[int, set[str]] = {}
    for condition in used:
        for number, content in condition.regions:
            contents.setdefault(number, set()).add(content)
    decisive: list[str] = []
    others: list[str] = []
    for condition in used:
        regions = {reference.region for reference in asked if reference.condition == condition.name}
        all_of_it = whole or None in regions
        left = len(regions)
        for number, content in condition.regions:
            if left == 0 and not all_of_it:
                break
            left -= number in regions
            counts = all_of_it or number in regions or len(contents[number]) > 1
            (decisive if counts else others).extend(content.split())
    return decisive, others


def _scores(scorer: Scorer, drafts: Sequence[ItemVerdict]) -> dict[str, SentenceScore]:
    """The sentences that a prediction asks for which can be scored."""
    sentences = dict.fromkeys(
        draft.item.conditions[reference.condition].sentence
        for draft in drafts
        for formula, _, skipped, _ in draft.each()
        if not skipped
        for reference in formula.references()
    )
    return dict(zip(sentences, scorer.score(list(sentences)), strict=True))


def _answered(draft: ItemVerdict, scores: dict[str, SentenceScore], way: Scoring) -> ItemVerdict:
    def surprisal(reference: Reference) -> float:
        condition = draft.item.conditions[reference.condition]
        if reference.region is None or way.unit == "sentence":
            span: Span = (0, TO_THE_END if way.end else BEFORE_THE_END)
        else:
            span = condition.spans(way.end)[reference.region]
        sentence = condition.sentence
        return -log_probability(scores[sentence], span, way.mean, sentence) / math.log(2)

    answers = tuple(None if skipped else formula.holds(surprisal) for formula, _, skipped, _ in draft.each())
    return replace(draft, answers=answers)
