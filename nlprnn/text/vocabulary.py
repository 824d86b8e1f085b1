"""Which types a vocabulary tokenizer has: from counted text, or from a file of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nlprnn.errors import DataError
from nlprnn.text.chunk_tokenizer import EOS, UNK
from nlprnn.text.vocabulary_tokenizers import VocabularyTokenizer

RARE = 2  # the default minimum count: words seen once teach the model what an unknown word is like


def count_characters(chunks: Mapping[str, int], spaces: int) -> dict[str, int]:
    """How often each character occurs in a text, from its white-space chunks and the number of spaces between them."""
    counts = {" ": max(1, spaces)}
    for chunk, count in chunks.items():
        if chunk not in (UNK, EOS):
            for character in chunk:
                counts[character] = counts.get(character, 0) + count
    return counts


def frequent_types(counts: Mapping[str, int], min_count: int, vocab_size: int | None) -> tuple[list[str], list[str]]:
    """`<eos>`, `<unk>` and the types seen at least `min_count` times, most frequent first, ties by alphabet.

    `vocab_size` bounds the whole, the two special types included. Returns the types and notes for the user.
    """
    kept = [token for token, count in counts.items() if count >= min_count and token not in (EOS, UNK)]
    kept.sort(key=lambda token: (-counts[token], token))
    notes = []
    if vocab_size is not None:
        if vocab_size > len(kept) + 2:
            notes.append(f"the text has fewer types than {vocab_size}: the vocabulary has {len(kept) + 2}")
        kept = kept[: max(0, vocab_size - 2)]
    return [EOS, UNK, *kept], notes


def read_types(path: Path, kind: type[VocabularyTokenizer], lowercase: bool) -> tuple[list[str], list[str]]:
    """The types of a user's file, one a line, in its order; `<eos>` and `<unk>` come first wherever they stand.

    Returns the types and notes for the user. Raises DataError for an empty line, a duplicate, white space within
    a type, a file that is not UTF-8 or cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", path) from error
    except UnicodeDecodeError as error:
        at = error.object.count(b"\n", 0, error.start) + 1
        raise DataError("not UTF-8; convert it with `iconv -f latin1 -t utf-8`", path, at) from error
    seen: dict[str, int] = {}
    characters = kind.kind == "characters"
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        token = line.removesuffix("\r")
        space = characters and token == " "
        if not token.strip() and not space:
            raise DataError("an empty line in a vocabulary, which has one type a line; delete it", path, number)
        if not space and token.split() != [token]:
            raise DataError(f"the type {token!r} holds white space; write one type a line", path, number)
        if characters and len(token) > 1 and token not in (EOS, UNK):
            raise DataError(f"{token!r} is not a single character; use --tokenizer words or whitespace", path, number)
        if token in seen:
            raise DataError(f"the type {token!r} stood in line {seen[token]} already; delete one", path, number)
        seen[token] = number
    types = [token for token in seen if token not in (EOS, UNK)]
    notes = []
    if characters and " " not in types:
        types.append(" ")
        notes.append(f"{path} has no space: it was added as the last type")
    capitals = sum(token != token.lower() for token in types)
    if lowercase and capitals:
        notes.append(f"{capitals} types of {path} have capitals and never occur in text read as lower case")
    return [EOS, UNK, *types], notes
