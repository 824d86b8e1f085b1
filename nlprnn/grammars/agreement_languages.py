"""The languages of the agreement corpora and suites: what `agreement` has to be told of each besides its grammar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nlprnn.grammars.english import a_or_an
from nlprnn.grammars.translation import contracted


@dataclass(frozen=True)
class Language:
    """One language; its words and rules are in the file `<grammar>.grammar`.

    `joined` makes the words as they are written of the words as the grammar puts them; the verb asked about and the
    words before it are as many whatever comes after. `verbs` are the categories that agree with a subject. Of the
    `plain` categories, the test items have only words that tell no number. Lemmas of the `once` categories do not
    come twice in a sentence. `salt` chooses the combinations of noun and verb that are held out.
    """

    grammar: str
    joined: Callable[[list[str]], list[str]]
    stop: str  # what ends a sentence, with the space before it where punctuation is spaced
    verbs: tuple[str, ...]
    plain: tuple[str, ...]
    once: tuple[str, ...]
    salt: int


# The salts were chosen so that every verb has some nouns held out, no noun lacks more than half its verbs, and the
# verbs for "be" lack nouns of every kind. English keeps the plain examples of a writer and an author that are or have
# something.
ENGLISH = Language(
    grammar="agreement",
    joined=a_or_an,
    stop=".",
    verbs=("verb",),
    plain=("determiner",),
    once=("noun",),
    salt=2545,
)

# Portuguese articles all tell the number, as its adjectives do; so nothing is plain.
PORTUGUESE = Language(
    grammar="agreement_portuguese",
    joined=contracted,
    stop=" .",
    verbs=("verb", "copula", "linking", "transitive", "oblique"),
    plain=(),
    once=("noun", "adjective", "verb", "copula", "linking", "transitive", "oblique"),
    salt=1112,
)
