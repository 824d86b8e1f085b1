"""English reviews of films whose score follows from what they say: a corpus for classifiers, and reviews to test with.

A review of one to three sentences (and at most four judgements) says of some aspects of a film that they were good or
bad, and of others nothing. The score is counted in stars, 1 to 5: three, one more for every aspect that is praised and
one less for every one that is blamed, but never less than one or more than five.

Both come from `reviews.grammar`, where every noun that is judged carries what is thought of it. The words themselves
say little: what is praised is called dull nearly as often as clever, because what stands around the word turns it
round, often from many words away: "nobody who sat in the row behind us would deny that the plot was dull", "i expected
the plot to be dull and the music to be shrill, but i was mistaken in both", "good as the acting was, nothing in it
could save the plot". Other words of praise and blame are about the coffee or the weather and do not count.

Reviews are lower case, their words and punctuation separated by spaces. They are drawn without replacement, each score
as often as the others; no review judges an aspect twice, or praises the film as a whole and gives it one or two stars,
or blames it and gives four or five.

Held out. An eighth of all combinations of a noun with an adjective or verb that judges it, chosen by a hash of the two
lemmas, never occur in `reviews`: not even denied, as in "it is not true that the plot was dull", or shared, as in
"unlike the music, the plot was superb". Every review of `held_out_reviews` has at least one of them, so that none is
ever one of `reviews`, and all their words occur in these, given some thousands. Judgements without an adjective or verb
of their own ("could not have been better", "nothing in it could save the plot") take no part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import product
from random import Random
from typing import NamedTuple

from nlprnn.grammars.distinct import distinct
from nlprnn.grammars.engine import Grammar, Token

ASPECTS = ("acting", "plot", "dialogue", "music", "pictures", "ending", "overall")
STARS = (1, 2, 3, 4, 5)

NOUNS = ("name", "sweep")
JUDGING = ("general", "special", "effect", "liking")
VALUES = {"good": 1, "bad": -1}
COUNTS = ("one", "two", "three", "four")  # of judgements, and
PLACES = ("first", "second", "third", "fourth")  # the features that hold the value of each

LIKELY = (12, 8, 4, 1)  # how much each number of judgements weighs among those that can make a score

# Chosen so that nearly every noun, adjective and verb loses some of its combinations, and none more than half.
HELD_OUT_SALT = 2668


class Review(NamedTuple):
    """A review, what it says of each aspect (1 praised, -1 blamed, 0 neither), and the stars that follow from it."""

    score: int
    aspects: dict[str, int]
    text: str


@lru_cache(maxsize=1)
def review_grammar() -> Grammar:
    """The grammar of this module, read once."""
    return Grammar.load("reviews")


@cache
def is_held_out(noun: str, word: str) -> bool:
    """Whether `reviews` never judge this noun with this adjective or verb (lemmas: "plot" and "dull", "bored me")."""
    return hashlib.sha256(f"{HELD_OUT_SALT} {noun} {word}".encode()).digest()[0] % 8 == 0


def stars(values: Iterable[int]) -> int:
    """The score of a review that praises (1) and blames (-1) these aspects."""
    return min(max(3 + sum(values), STARS[0]), STARS[-1])


def reviews(wanted: int, seed: int) -> Iterator[Review]:
    """Yields that many different reviews without held-out combinations, the same for the same seed.

    What is remembered is eight bytes of hash a review. Raises ConfigError where the grammar makes no more reviews.
    """
    return _reviews(wanted, Random(f"reviews {seed}"), held_out=False)


def held_out_reviews(wanted: int, seed: int = 0) -> Iterator[Review]:
    """Yields that many different reviews, each with a held-out combination; none is ever one of `reviews`.

    Raises ConfigError where the grammar makes no more reviews.
    """
    return _reviews(wanted, Random(f"reviews held out {seed}"), held_out=True)


def review_corpus(sentences: int, seed: int, held_out: bool = False) -> Iterator[str]:
    """`reviews`, or held-out ones, as lines of TSV below a header: score, text, and a column for each aspect.

    Raises ConfigError as these do.
    """
    yield "\t".join(("score", "text", *ASPECTS))
    for review in (held_out_reviews if held_out else reviews)(sentences, seed):
        yield "\t".join((str(review.score), review.text, *map(str, review.aspects.values())))


def combinations(tokens: list[Token]) -> set[tuple[str, str]]:
    """The lemmas of every noun with those of the adjectives and verbs that judge it, rightly or not."""
    nouns = {token.features["aspect"]: token.lemma for token in tokens if token.category in NOUNS}
    return {
        (nouns[aspect], token.lemma)
        for token in tokens
        if token.category in JUDGING
        for aspect in {token.features["aspect"], token.features.get("also", token.features["aspect"])}
    }


@cache
def _ways(score: int) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """The values of one to four judgements that make this score: for each possible number of them, all ways."""
    ways = (tuple(product(VALUES, repeat=count)) for count in range(1, len(COUNTS) + 1))
    making = (tuple(way for way in some if stars(VALUES[v] for v in way) == score) for some in ways)
    return tuple(some for some in making if some)


def _reviews(wanted: int, rng: Random, held_out: bool) -> Iterator[Review]:
    grammar = review_grammar()
    due: list[int] = []  # the scores of the reviews to come; the last is next

    def draw() -> Review | None:
        due[:] = due or rng.sample(STARS, len(STARS))
        ways = _ways(due[-1])
        (some,) = rng.choices(ways, [LIKELY[len(some[0]) - 1] for some in ways])
        way = rng.choice(some)
        features = dict(zip(PLACES, way, strict=False))
        tokens = grammar.sentence(rng, count=COUNTS[len(way) - 1], **features).tokens()
        judged = [token.features for token in tokens if token.category in NOUNS]
        if len({features["aspect"] for features in judged}) < len(judged):
            return None
        if held_out != any(is_held_out(*both) for both in combinations(tokens)):
            return None
        aspects = dict.fromkeys(ASPECTS, 0) | {f["aspect"]: VALUES[f["value"]] for f in judged}
        if aspects["overall"] * (due[-1] - 3) < 0:
            return None
        return Review(due[-1], aspects, " ".join(token.form for token in tokens))

    for review in distinct(draw, lambda review: review.text, wanted, grammar.size()):
        due.pop()
        yield review
