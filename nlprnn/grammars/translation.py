"""English sentences with their Portuguese translations: a training corpus for a translator, and pairs to test it with.

Both come from `translation.grammar`, whose derivations are read twice. What a translator has to find out: that a
Portuguese noun has a gender, which its article, its adjectives and a predicate agree with, also where a noun of the
other number and gender stands between ("the key to the old cabinets is new", "a chave dos armários velhos é nova");
that adjectives follow their nouns; which of *ser*, *estar* and *ficar* an English *be* is; and that *do* has no
translation. Each English sentence has one translation: nouns that name men or women alike are given one gender, as
*teacher* the masculine, *child* the feminine.

Pairs are lower case, in Unicode NFC, their words and punctuation separated by spaces. They are drawn from the
grammar's distribution without replacement. Sentences that use a noun, an adjective or a verb twice are left out.

Held out. An eighth of all combinations of an English noun with an adjective or verb that agrees with it, chosen by a
hash of the two lemmas, never occur in training pairs: not in any clause, as subject and verb, subject and predicate,
or adjective and noun. Every held-out pair has at least one of them, so that no sentence is in both sets. All
words of held-out pairs occur in training pairs, given some thousands of these; what is new is how they are put
together. "be" and "do" take no part, because they say little of their own, and the objects of verbs do not either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache, lru_cache
from random import Random
from typing import NamedTuple

from nlprnn.grammars.distinct import distinct
from nlprnn.grammars.engine import Grammar, Token
from nlprnn.grammars.english import a_or_an

VERBS = ("intransitive", "transitive", "oblique")
CONTENT = ("noun", "adjective", *VERBS)

# Chosen so that nearly every noun, adjective and verb loses some of its combinations, and none more than half.
HELD_OUT_SALT = 1314

ARTICLES = ("o", "a", "os", "as")
CONTRACTIONS = {
    ("a", "o"): "ao",
    ("a", "a"): "à",
    ("a", "os"): "aos",
    ("a", "as"): "às",
    **{("de", word): f"d{word}" for word in (*ARTICLES, "este", "esta", "estes", "estas")},
    **{("em", word): f"n{word}" for word in (*ARTICLES, "este", "esta", "estes", "estas")},
}


class Pair(NamedTuple):
    """A sentence and its translation."""

    source: str  # English
    target: str  # Portuguese


@lru_cache(maxsize=1)
def translation_grammar() -> Grammar:
    """The grammar of this module, read once."""
    return Grammar.load("translation")


@cache
def is_held_out(noun: str, other: str) -> bool:
    """Whether training pairs never have this noun with this adjective or verb (English lemmas, "boy" and "sleeps")."""
    return hashlib.sha256(f"{HELD_OUT_SALT} {noun} {other}".encode()).digest()[0] % 8 == 0


def training_pairs(pairs: int, seed: int) -> Iterator[Pair]:
    """Yields that many different pairs without held-out combinations, the same for the same seed.

    What is remembered is eight bytes of hash a pair. Raises ConfigError where the grammar makes no more pairs.
    """
    return _pairs(translation_grammar(), pairs, Random(f"translation training {seed}"), held_out=False)


def held_out_pairs(pairs: int, seed: int = 0) -> Iterator[Pair]:
    """Yields that many different pairs, each with a held-out combination; none is ever a training pair.

    Raises ConfigError where the grammar makes no more pairs.
    """
    return _pairs(translation_grammar(), pairs, Random(f"translation held out {seed}"), held_out=True)


def translation_corpus(sentences: int, seed: int, held_out: bool = False) -> Iterator[str]:
    """Training pairs, or held-out ones, as lines of TSV: source, tab, target. Raises ConfigError as these do."""
    pairs = held_out_pairs if held_out else training_pairs
    return ("\t".join(pair) for pair in pairs(sentences, seed))


def combinations(tokens: list[Token]) -> set[tuple[str, str]]:
    """The lemmas of every noun with those of the adjectives and verbs whose number was unified with its own."""
    nouns = {token.links["number"]: token.lemma for token in tokens if token.category == "noun"}
    return {(nouns[token.links["number"]], token.lemma) for token in tokens if token.category in ("adjective", *VERBS)}


def _pairs(grammar: Grammar, wanted: int, rng: Random, held_out: bool) -> Iterator[Pair]:
    def draw() -> Pair | None:
        derivation = grammar.sentence(rng)
        tokens = derivation.tokens()
        lemmas = [token.lemma for token in tokens if token.category in CONTENT]
        if len(set(lemmas)) < len(lemmas) or held_out != any(is_held_out(*both) for both in combinations(tokens)):
            return None
        source = " ".join(a_or_an(" ".join(token.form for token in tokens).split()))
        return Pair(source, " ".join(contracted(derivation.translation())))

    return distinct(draw, lambda pair: pair.source, wanted, grammar.size())


def contracted(words: list[str]) -> list[str]:
    """Portuguese words with prepositions and the articles or demonstratives after them made one, as in de + o = do."""
    joined: list[str] = []
    for word in words:
        contraction = CONTRACTIONS.get((joined[-1], word)) if joined else None
        if contraction:
            joined[-1] = contraction
        else:
            joined.append(word)
    return joined
