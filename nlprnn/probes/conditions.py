"""Items of several conditions with regions, and predictions about their surprisals. Knows no file format.

A minimal pair asks which of two sentences is better; an item here is one sentence in several conditions, each cut into
regions, and a prediction is a formula over the regions' surprisals, in bits. An item is answered rightly where all
predictions hold (Hu, Gauthier, Qian, Wilcox and Levy 2020, ACL).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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

    def references(self) -> list[Reference]:
        return list(dict.fromkeys(asked for formula in self.predictions for asked in formula.references()))


@dataclass(frozen=True)
class ItemVerdict:
    """Which predictions of an item hold; `answers` is empty where the item was skipped."""

    item: Item
    predictions: tuple[Formula, ...]
    answers: tuple[bool, ...] = ()
    skipped: str = ""  # UNKNOWN
    unknown: tuple[str, ...] = ()  # words unknown to the tokenizer that a prediction rests on
    shared_unknown: bool = False  # is another word unknown

    @property
    def correct(self) -> bool | None:
        """Do all predictions hold? None where the item was skipped."""
        return None if self.skipped else all(self.answers)


def judge_items(scorer: Scorer, suite: ConditionSuite, way: Scoring) -> Iterator[ItemVerdict]:
    """Yield a verdict for each item, in order.

    An item is skipped, never counted, where a word is unknown that a prediction asks for, or that stands in a region
    in which the conditions differ. With `way.unit` "sentence" each region that a prediction asks for is read as the
    whole sentence. Raises ConfigError for "target", NlprnnError where the model gives no number.
    """
    if way.unit == "target":
        raise ConfigError(f"the suite {suite.name} has regions and no target words; score it by region or sentence")
    stream, asked = item_drafts(scorer.tokenizer.knows, suite), suite.references()
    while chunk := list(islice(stream, CHUNK)):
        scores = _scores(scorer, [draft.item for draft in chunk if not draft.skipped], asked)
        for draft in chunk:
            yield draft if draft.skipped else _answered(draft, scores, way)


def item_drafts(knows: Knows, suite: ConditionSuite) -> Iterator[ItemVerdict]:
    """Yield the verdict on each item so far: why it cannot be scored, or no reason and no answers."""
    knows, asked = lru_cache(maxsize=1 << 14)(knows), suite.references()
    return (_draft(item, suite.predictions, asked, knows) for item in suite.items)


def _draft(item: Item, predictions: tuple[Formula, ...], asked: Sequence[Reference], knows: Knows) -> ItemVerdict:
    decisive, others = _words(item, asked)
    unknown = tuple(dict.fromkeys(word for word in decisive if not knows(word)))
    if unknown:
        return ItemVerdict(item, predictions, skipped=UNKNOWN, unknown=unknown)
    return ItemVerdict(item, predictions, shared_unknown=not all(map(knows, others)))


def _words(item: Item, asked: Sequence[Reference]) -> tuple[list[str], list[str]]:
    """(decisive, other) words of the conditions that are asked for."""
    used = [item.conditions[name] for name in dict.fromkeys(reference.condition for reference in asked)]
    contents: dict[int, set[str]] = {}
    for condition in used:
        for number, content in condition.regions:
            contents.setdefault(number, set()).add(content)
    decisive: list[str] = []
    others: list[str] = []
    for condition in used:
        regions = {reference.region for reference in asked if reference.condition == condition.name}
        for number, content in condition.regions:
            counts = None in regions or number in regions or len(contents[number]) > 1
            (decisive if counts else others).extend(content.split())
    return decisive, others


def _scores(scorer: Scorer, items: Sequence[Item], asked: Sequence[Reference]) -> dict[str, SentenceScore]:
    names = dict.fromkeys(reference.condition for reference in asked)
    sentences = list(dict.fromkeys(item.conditions[name].sentence for item in items for name in names))
    return dict(zip(sentences, scorer.score(sentences), strict=True))


def _answered(draft: ItemVerdict, scores: dict[str, SentenceScore], way: Scoring) -> ItemVerdict:
    def surprisal(reference: Reference) -> float:
        condition = draft.item.conditions[reference.condition]
        if reference.region is None or way.unit == "sentence":
            span: Span = (0, TO_THE_END if way.end else BEFORE_THE_END)
        else:
            span = condition.spans(way.end)[reference.region]
        sentence = condition.sentence
        return -log_probability(scores[sentence], span, way.mean, sentence) / math.log(2)

    answers = tuple(formula.holds(surprisal) for formula in draft.predictions)
    return ItemVerdict(draft.item, draft.predictions, answers, shared_unknown=draft.shared_unknown)
