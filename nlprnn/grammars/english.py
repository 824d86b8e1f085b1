"""What grammars of English sentences have in common after the rules are done."""

from __future__ import annotations


def a_or_an(words: list[str]) -> list[str]:
    """The words with "an" for every "a" before a vowel letter (no lexicon of ours has a word like hour or union)."""
    return [
        "an" if word == "a" and following[0] in "aeiou" else word
        for word, following in zip(words, [*words[1:], "."], strict=True)
    ]
