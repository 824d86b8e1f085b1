"""Sentences whose verb agrees with a subject at a distance: a training corpus, and minimal pairs to test with.

Both come from the grammar of a language, `agreement.grammar` for English and `agreement_portuguese.grammar` for
Brazilian Portuguese; every construction is a category of those files. What else differs between languages is told in
`agreement_languages`.

Definitions. An *attractor* is a noun between subject and verb whose number is the opposite of the subject's. An item is
a *match* where the noun nearest before the verb has the subject's number (no intervening noun included), a *conflict*
where it has the other. They are applied to every construction alike. In consequence `simple`, `coordination_short`,
`sentential_complement` ("the mechanics said the author laughs") and `inside_object_relative_*` ("the authors that the
guard likes": the verb inside the clause, whose own subject is also the nearest noun, whatever the head noun's number)
have no noun between subject and verb and hold matches only. In `coordination_long` the verb is the second one, and
the first one's object stands between. In `adverbial` ("as médicas , depois da reunião , estão cansadas") and
`adverbial_long` ("depois da reunião no hospital") the nouns of an adverbial do. English has no adverbials, Portuguese
no relative clause without its *que* (the `bare` ones).

Held out. A quarter of all (subject noun, verb) lemma pairs, chosen by a hash, never occur as subject and verb in the
corpus, in no clause of any sentence; the test items use no others for the verb they ask about. This includes `be` and
`have`, and `ser`, `estar` and `ter`: for a quarter of the nouns the corpus never says that they *are* or *have*
anything.

The constructions are those of Marvin and Linzen (2018, "Targeted syntactic evaluation of language models").
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from random import Random
from typing import NamedTuple

from nlprnn.grammars.agreement_languages import ENGLISH, Language
from nlprnn.grammars.engine import Grammar, Token
from nlprnn.grammars.notation import Rule


class Construction(NamedTuple):
    """Where a construction's sentences come from: `verb` is the agreeing verb asked about, as an index."""

    category: str
    verb: int
    between: int  # nouns between the subject and this verb


# Of all languages; a language has those whose category is in its grammar.
CONSTRUCTIONS = {
    "simple": Construction("simple", -1, 0),
    "prepositional_1": Construction("prepositional_1", -1, 1),
    "prepositional_2": Construction("prepositional_2", -1, 2),
    "prepositional_3": Construction("prepositional_3", -1, 3),
    "prepositional_4": Construction("prepositional_4", -1, 4),
    "adverbial": Construction("adverbial", -1, 1),
    "adverbial_long": Construction("adverbial_long", -1, 2),
    "subject_relative": Construction("subject_relative", -1, 1),
    "object_relative_that": Construction("object_relative_that", -1, 1),
    "object_relative_bare": Construction("object_relative_bare", -1, 1),
    "inside_object_relative_that": Construction("object_relative_that", 0, 0),
    "inside_object_relative_bare": Construction("object_relative_bare", 0, 0),
    "coordination_short": Construction("coordination_short", -1, 0),
    "coordination_long": Construction("coordination_long", -1, 1),
    "sentential_complement": Construction("sentential_complement", -1, 0),
}
NUMBERS = ("singular", "plural")

# Sentences drawn for each item wanted, before a construction is given up as too poor in words the model knows.
DRAWS_PER_ITEM = 100


@dataclass(frozen=True)
class Agreement:
    """A verb and its subject: lemmas, the numbers of the nouns between, the places among the grammar's words."""

    noun: str
    verb: str
    number: str
    subject: int  # the noun's place
    target: int
    forms: tuple[str, ...]  # of the verb: singular, plural
    between: tuple[str, ...]
    held_out: bool

    @property
    def attractors(self) -> int:
        return sum(number != self.number for number in self.between)

    @property
    def match(self) -> bool:
        return not self.between or self.between[-1] == self.number


@dataclass(frozen=True)
class AgreementItem:
    """A minimal pair of whole sentences that differ in one verb form; `target` is its index among white-space words."""

    good: str
    bad: str
    construction: str
    attractors: int
    subject: str  # "singular" or "plural"
    match: bool
    target: int
    group: str  # the two lemmas, as in "writer like"
    distance: int  # words between subject and verb


@dataclass(frozen=True)
class AgreementItems:
    """The suite as far as a model knows its words, and how far that is."""

    items: tuple[AgreementItem, ...]
    nouns_known: int
    nouns: int
    verbs_known: int
    verbs: int
    left_out: dict[str, str] = field(default_factory=dict)  # construction -> why it has no items

    def __iter__(self) -> Iterator[AgreementItem]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@cache
def agreement_grammar(language: Language = ENGLISH) -> Grammar:
    """The grammar of a language, read once."""
    return Grammar.load(language.grammar)


def constructions(language: Language = ENGLISH) -> list[str]:
    """The constructions that a language has."""
    categories = {rule.category for rule in agreement_grammar(language).rules}
    return [name for name, construction in CONSTRUCTIONS.items() if construction.category in categories]


@cache
def is_held_out(noun: str, verb: str, language: Language = ENGLISH) -> bool:
    """Whether the corpus never has this noun as the subject of this verb (lemmas)."""
    return hashlib.sha256(f"{language.salt} {noun} {verb}".encode()).digest()[0] % 4 == 0


def agreement_corpus(sentences: int, seed: int, language: Language = ENGLISH) -> Iterator[str]:
    """Yields that many sentences, lower case, one at a time in constant memory; the same for the same seed."""
    grammar, rng = agreement_grammar(language), Random(f"{language.grammar} corpus {seed}")
    made = 0
    while made < sentences:
        tokens = grammar.sentence(rng).tokens()
        if _repeats(tokens, language) or any(found.held_out for found in agreements(tokens, language)):
            continue
        made += 1
        yield _text(_words(tokens), language)


def agreement_items(
    knows: Callable[[str], bool], per_construction: int = 200, seed: int = 0, language: Language = ENGLISH
) -> AgreementItems:
    """Makes the built-in suite of a language out of the words that a model knows.

    A noun or verb is used if both its forms are known. English determiners tell no number; the Portuguese ones cannot
    but tell it. Each construction has half its items with either subject number, half matches and half conflicts where
    it allows both; half of the conflicts have nothing but attractors, the others and the matches are spread over the
    other attractor counts.
    """
    assert per_construction >= 4, "a construction has four kinds of items"
    full = agreement_grammar(language)

    def usable(rule: Rule) -> bool:
        if rule.category in language.plain and "number" in rule.conditions:
            return False
        return all(knows(word) for form in rule.forms or rule.words if form != "." for word in form.split())

    grammar = full.restricted(usable)
    left_out: dict[str, str] = {}
    items: list[AgreementItem] = []
    for construction in constructions(language):
        if not grammar.can_make(CONSTRUCTIONS[construction].category):
            left_out[construction] = "too few of its words are known to the model"
            continue
        rng = Random(f"{language.grammar} items {construction} {seed}")
        made = _construction_items(language, grammar, construction, per_construction, rng, knows)
        if not made:
            left_out[construction] = "no balanced items can be made of the words that the model knows"
        items.extend(made)
    nouns, verbs = (len(_lemmas(full, categories)) for categories in (("noun",), language.verbs))
    nouns_known, verbs_known = (len(_lemmas(grammar, categories)) for categories in (("noun",), language.verbs))
    return AgreementItems(tuple(items), nouns_known, nouns, verbs_known, verbs, left_out)


def agreements(tokens: list[Token], language: Language) -> list[Agreement]:
    """Every verb of a sentence with its subject: the noun whose number was unified with the verb's."""
    position, places = 0, []
    for token in tokens:
        places.append(position)
        position += len(token.form.split())
    nouns = [(index, token) for index, token in enumerate(tokens) if token.category == "noun"]
    found = []
    for index, token in enumerate(tokens):
        if token.category not in language.verbs:
            continue
        start, subject = next(pair for pair in nouns if pair[1].links["number"] == token.links["number"])
        between = tuple(noun.features["number"] for place, noun in nouns if start < place < index)
        held_out = is_held_out(subject.lemma, token.lemma, language)
        number = token.features["number"]
        at = places[start], places[index]
        found.append(Agreement(subject.lemma, token.lemma, number, *at, token.forms, between, held_out))
    return found


def _construction_items(
    language: Language, grammar: Grammar, construction: str, wanted: int, rng: Random, knows: Callable[[str], bool]
) -> list[AgreementItem]:
    """Up to `wanted` distinct items, as many of either subject number in each cell of match and attractor count."""
    category, verb, between = CONSTRUCTIONS[construction]
    quota = _quota(between, wanted)
    cells: dict[tuple[bool, int], dict[str, dict[str, AgreementItem]]] = {
        cell: {number: {} for number in NUMBERS} for cell in quota
    }
    for chain, aims in _aims(grammar, category, between, quota):
        lacking = 2 * sum(quota[cell] for cell in aims)
        for _ in range(DRAWS_PER_ITEM * lacking):
            if not lacking:
                break
            tokens = grammar.sentence(rng, category, **chain).tokens()
            asked = [a for a in agreements(tokens, language) if len(set(a.forms)) == 2][verb]
            cell = asked.match, asked.attractors
            if cell not in aims or not asked.held_out or _repeats(tokens, language):
                continue
            have, item = cells[cell][asked.number], _item(tokens, asked, construction, language)
            if len(have) < quota[cell] and item.good not in have and _usable(item, language, knows):
                have[item.good] = item
                lacking -= 1
    balanced: list[AgreementItem] = []
    for cell in sorted(cells):
        for pair in zip(*(list(have.values()) for have in cells[cell].values()), strict=False):
            balanced.extend(pair)
    return balanced


def _aims(
    grammar: Grammar, category: str, between: int, quota: Counter[tuple[bool, int]]
) -> list[tuple[dict[str, str], set[tuple[bool, int]]]]:
    """Features to draw a category's sentences with, and the cells that these fill: rare chains are asked for."""
    if not grammar.can_make(category, chain="same"):
        return [({}, set(quota))]
    pure = {"same": (True, 0), "other": (False, between)}
    mixed = set(quota) - set(pure.values())
    return [({"chain": chain}, {cell}) for chain, cell in pure.items()] + [({"chain": "mixed"}, mixed)]


def _quota(between: int, wanted: int) -> Counter[tuple[bool, int]]:
    """Items of each subject number for (match, attractors), where `between` nouns stand before the verb."""
    if between == 0:
        return Counter({(True, 0): wanted // 2})
    half = wanted // 4  # of each subject number: a quarter matches, a quarter conflicts
    quota = Counter({(True, count): half // between for count in range(between)})
    quota[True, 0] += half - half // between * between
    fewer = half // 2 // (between - 1) if between > 1 else 0
    quota.update({(False, count): fewer for count in range(1, between)})
    quota[False, between] += half - fewer * (between - 1)
    return quota


def _item(tokens: list[Token], asked: Agreement, construction: str, language: Language) -> AgreementItem:
    good = _words(tokens)
    assert good[asked.target] in asked.forms
    bad = good.copy()
    bad[asked.target] = asked.forms[1 - NUMBERS.index(asked.number)]
    target = len(language.joined(good[: asked.target]))
    return AgreementItem(
        good=_text(good, language),
        bad=_text(bad, language),
        construction=construction,
        attractors=asked.attractors,
        subject=asked.number,
        match=asked.match,
        target=target,
        group=f"{asked.noun} {asked.verb}",
        distance=target - len(language.joined(good[: asked.subject + 1])),
    )


def _usable(item: AgreementItem, language: Language, knows: Callable[[str], bool]) -> bool:
    """Whether something follows the verb, and the model knows what words became when they were joined, as in *dos*."""
    words = item.good.removesuffix(language.stop).split()
    return item.target + 1 < len(words) and all(map(knows, words))


def _words(tokens: list[Token]) -> list[str]:
    """The words of the grammar, the full stop among them."""
    return " ".join(token.form for token in tokens).split()


def _text(words: list[str], language: Language) -> str:
    return " ".join(language.joined(words[:-1])) + language.stop


def _repeats(tokens: list[Token], language: Language) -> bool:
    """Sentences such as "the key near the keys is old" and "the old old key ..." are left out as unnatural."""
    lemmas = [token.lemma for token in tokens if token.category in language.once]
    return len(set(lemmas)) < len(lemmas) or any(a.form == b.form for a, b in pairwise(tokens))


def _lemmas(grammar: Grammar, categories: tuple[str, ...]) -> set[str]:
    return {rule.lemma for rule in grammar.rules if rule.category in categories}
