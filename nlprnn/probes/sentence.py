"""One sentence typed by hand: which of two words a model prefers, and which recency it thereby follows.

The second is told only where every word before the verb is in the lexicon of the built-in grammar, and together they
are a noun phrase with its modifiers, so that the subject is found and not guessed.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nlprnn.errors import ConfigError
from nlprnn.grammars.agreement import agreement_grammar
from nlprnn.probes.evaluate import judge
from nlprnn.probes.suite import CLOSING, MinimalPair, Scoring
from nlprnn.probes.verbs import verb_numbers

if TYPE_CHECKING:
    from nlprnn.inference.scoring import Scorer

FORM = 'write one word as two alternatives with a slash, as in "the writer of the books is/are"'
PREPOSITIONS = ("of", "by", "with", "from", "on", "at", "under", "about", "for")
RELATIVES = ("that", "who", "which")

# A noun phrase as a string of word classes: D determiner, A adjective, N noun, P preposition, R relative, V verb.
# Behind the subject: prepositional phrases, and a subject relative (R V NP) or an object relative (NP V, R NP V).
NP, PPS = "D?A*N", "(?:PD?A*N)*"
SUBJECT_PHRASE = re.compile(f"{NP}{PPS}(?:RV{NP}{PPS}|R?{NP}{PPS}V)?")


@dataclass(frozen=True)
class WordScore:
    """One alternative and its natural log-probability after the words before it."""

    word: str
    log_probability: float


@dataclass(frozen=True)
class SentenceVerdict:
    """What a model made of a sentence with two alternatives. `preferred` is None where both are as probable.

    `subject` and `nearest` are nouns, `recency` is "syntactic" or "sequential", each None where it cannot be told;
    `explanation` says it in words.
    """

    prefix: str
    words: tuple[WordScore, WordScore]
    preferred: str | None
    subject: str | None
    nearest: str | None
    recency: str | None
    explanation: str
    unknown: tuple[str, ...]  # words of the prefix that the model reads as <unk>

    def json(self) -> dict[str, Any]:
        return asdict(self)


def probe_sentence(scorer: Scorer, sentence: str) -> SentenceVerdict:
    """Score both alternatives of the one word with a slash, given the words before it.

    Raises ConfigError where there is not exactly one such word, or the model does not know an alternative.
    """
    prefix, words = _alternatives(sentence)
    for word in words:
        if not scorer.tokenizer.knows(word):
            raise ConfigError(
                f"the word {word!r} is not in the model's vocabulary; choose alternatives that it has seen"
            )
    good, bad = (" ".join([*prefix, word]) for word in words)
    verdict = next(judge(scorer, [MinimalPair(good, bad, target=len(prefix))], Scoring("target")))
    assert verdict.score_good is not None and verdict.score_bad is not None
    scores = WordScore(words[0], verdict.score_good), WordScore(words[1], verdict.score_bad)
    unknown = tuple(word for word in dict.fromkeys(prefix) if not scorer.tokenizer.knows(word))
    times = math.exp(min(abs(verdict.score_good - verdict.score_bad), 700.0))
    preferred = None if verdict.tie else words[0] if verdict.correct else words[1]
    return SentenceVerdict(
        " ".join(prefix), scores, preferred, *_explain(prefix, words, preferred, times, unknown), unknown
    )


def _alternatives(sentence: str) -> tuple[list[str], tuple[str, str]]:
    """The words before the alternatives, and the two alternatives without closing punctuation."""
    words = sentence.split()
    places = [i for i, word in enumerate(words) if "/" in word]
    if len(places) != 1:
        raise ConfigError(f"{sentence!r} has {len(places)} words with a slash: {FORM}")
    first, *rest = words[places[0]].rstrip(CLOSING).split("/")
    if len(rest) != 1 or not first or not rest[0] or first == rest[0]:
        raise ConfigError(f"{words[places[0]]!r} is not two different words with one slash between: {FORM}")
    return words[: places[0]], (first, rest[0])


Explanation = tuple["str | None", "str | None", "str | None", str]  # subject, nearest noun, recency, in words


def _explain(
    prefix: list[str], words: tuple[str, str], preferred: str | None, times: float, unread: tuple[str, ...]
) -> Explanation:
    """`times` is how much likelier the preferred word is; `unread` are words that the model reads as <unk>."""
    forms = verb_numbers(*words)
    if forms is None:
        return _cannot_tell(f"{words[0]}/{words[1]} are not a singular and a plural form of a verb")
    lexicon = _lexicon()
    unknown = next((word for word in prefix if word.lower() not in lexicon), None)
    if unknown is not None:
        return _cannot_tell(f"{unknown!r} is not in the built-in grammar's lexicon")
    known = [lexicon[word.lower()] for word in prefix]
    if not SUBJECT_PHRASE.fullmatch("".join(kind for kind, _ in known)):
        return _cannot_tell("the words before the verb are not one noun phrase with its modifiers")
    nouns = [(word, number) for word, (kind, number) in zip(prefix, known, strict=True) if kind == "N"]
    (subject, right), (nearest, near) = nouns[0], nouns[-1]
    if right == near:
        return subject, nearest, None, f"a match item: both recencies predict {forms[right]!r}"
    sides = f"the subject {subject!r} asks for {forms[right]!r}, the nearest noun {nearest!r} for {forms[near]!r}"
    told = f"a conflict item: {sides}"
    for noun in (subject, nearest):
        if noun in unread:
            return subject, nearest, None, f"{told}; cannot tell: the model reads {noun!r} as <unk>"
    if preferred is None:
        return subject, nearest, None, f"{told}; the model prefers neither"
    recency = "syntactic" if preferred == forms[right] else "sequential"
    return (
        subject,
        nearest,
        recency,
        f"{told}; the model follows {recency} recency: {preferred!r} is {told_times(times)} times as likely",
    )


def told_times(times: float) -> str:
    """A ratio in three digits, or written out below a million, as people write it."""
    return f"{times:,.0f}" if 999.5 <= times < 1e6 else f"{times:.3g}"


def _cannot_tell(why: str) -> Explanation:
    return None, None, None, f"recency: cannot tell: {why}"


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, tuple[str, str]]:
    """Word -> (its class as in SUBJECT_PHRASE, a noun's number), from the agreement grammar and closed classes."""
    classes = {"determiner": "D", "adjective": "A", "noun": "N", "location": "P", "verb": "V"}
    lexicon = dict.fromkeys(PREPOSITIONS, ("P", "")) | dict.fromkeys(RELATIVES, ("R", ""))
    for rule in agreement_grammar().rules:
        if not rule.forms or rule.category not in classes:
            continue
        values = {name: condition.values for name, condition in rule.conditions.items()}
        # only a transitive verb stands inside a relative clause; behind `said` a new subject may begin
        if rule.category == "verb" and values.get("frame") != ("transitive",):
            continue
        number = values["number"][0] if rule.category == "noun" else ""
        lexicon[rule.words[0]] = (classes[rule.category], number)
    return lexicon
