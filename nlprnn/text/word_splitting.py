"""English-like raw text to word tokens and back: punctuation peeled from the edges of a white-space chunk.

Splitting never loses a character: the tokens of a chunk, joined, are the chunk. Knows no vocabulary.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# Kept in one piece wherever they stand: URLs, e-mail addresses, <unk>-like tokens and tags.
_PROTECTED = re.compile(
    r"""(?: (?:https?|ftp)://\S*[\w/] | www\.[\w-]+\.\S*[\w/]
          | [\w.+-]*\w@\w[\w-]*(?:\.\w[\w-]*)+
          | </?[^\W\d_][\w.-]*/?> )""",
    re.VERBOSE,
)
# Dashes and ellipses part words even without spaces around them: well--known, wait...what.
_DASHES = re.compile(r"(-{2,}|[—―]+|…+|\.{2,})")
_ABBREVIATION = re.compile(r"(?:[^\W\d_]{1,3}\.){2,}\Z")  # U.S. e.g. Ph.D.
# With no letter before it, a clitic is the user's own tokenisation (John 's) or a word cut short ('em).
_CLITIC = re.compile(r"['’](?:s|m|d|t|re|ve|ll|em|tis|twas|cause|n)\Z", re.IGNORECASE)

_CLOSING = frozenset(".,;:!?)]}%”’»…") | {"..", "..."}
_OPENING = frozenset("([{“‘«„¿¡$£€#")
_QUOTES = frozenset("\"'")
_SENTENCE_MARKS = frozenset(".,;:!?")


@lru_cache(maxsize=4096)
def _is_punctuation(character: str) -> bool:
    """Punctuation or symbol. Combining marks are not: they belong to their letter (Hindi vowel signs, decomposed é)."""
    return unicodedata.category(character)[0] in "PS"


def split_chunk(chunk: str) -> list[str]:
    """The word tokens of a chunk without white space; joined, they give the chunk again."""
    if chunk.isalnum():
        return [chunk]
    if chunk[-1] in _SENTENCE_MARKS and chunk[:-1].isalnum():  # with the case above, nearly all there is
        return [chunk[:-1], chunk[-1]]
    tokens: list[str] = []
    start = 0
    for match in _PROTECTED.finditer(chunk):
        _split_dashes(chunk[start : match.start()], tokens)
        tokens.append(match.group())
        start = match.end()
    _split_dashes(chunk[start:], tokens)
    return tokens


def _split_dashes(text: str, tokens: list[str]) -> None:
    for place, part in enumerate(_DASHES.split(text)):
        if place % 2:
            tokens.append(part)
        elif part:
            _peel(part, tokens)


def _peel(text: str, tokens: list[str]) -> None:
    """Punctuation from both ends one by one, until a word, an abbreviation or a clitic is left."""
    start, core, end = 0, 0, len(text)
    while core < end and _is_punctuation(text[core]):
        core += 1
    while end > core and _is_punctuation(text[end - 1]) and not _ABBREVIATION.match(text, core, end):
        end -= 1
    while start < core and not _CLITIC.match(text, start, end):
        start += 1
    tokens.extend(text[:start])
    if start < end:
        tokens.append(text[start:end])
    tokens.extend(text[end:])


def join_tokens(tokens: Iterable[str]) -> str:
    """Readable text: closing punctuation goes to the word before it, opening punctuation to the word after it.

    Straight quotes open and close by turns. A single one after an s is an apostrophe (the dogs' bowl) if one too many
    for pairs is left in the line.
    """
    tokens = list(tokens)
    text: list[str] = []
    single_left = tokens.count("'")
    open_quotes: set[str] = set()
    glue = True  # no space before the next token
    for token in tokens:
        closes, opens = token in _CLOSING or bool(_CLITIC.match(token)), token in _OPENING
        if token in _QUOTES:
            closes = token in open_quotes
            apostrophe = token == "'" and single_left % 2 == 1 and not closes and "".join(text[-1:])[-1:] in ("s", "S")
            single_left -= token == "'"
            if not apostrophe:
                open_quotes ^= {token}
            opens = not closes and not apostrophe
            closes = not opens
        if not glue and not closes:
            text.append(" ")
        text.append(token)
        glue = opens
    return "".join(text)
