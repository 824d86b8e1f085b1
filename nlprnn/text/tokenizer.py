"""Strings to ids and back: what a tokenizer is, which kinds there are, how one is trained and found again.

Knows no model and no batch. The id of `<eos>` is 0 and that of `<unk>` is 1 for every kind.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.errors import ConfigError, ModelDirectoryError
from nlprnn.text.chunk_tokenizer import UNK
from nlprnn.text.counting import count_types
from nlprnn.text.sentencepiece_tokenizers import BpeTokenizer, UnigramTokenizer, train_sentencepiece
from nlprnn.text.vocabulary import RARE, count_characters, frequent_types, read_types
from nlprnn.text.vocabulary_tokenizers import (
    FORMAT,
    CharacterTokenizer,
    VocabularyTokenizer,
    WhitespaceTokenizer,
    WordTokenizer,
)

DEFAULT_PIECES = 6000  # of a bpe or unigram vocabulary when no size is asked for


class Tokenizer(Protocol):
    """Strings to ids and back, one line of text at a time.

    `starts_word`, (V,) bool, marks the tokens that begin a new word (`<eos>` counts as one); it is None where tokens
    carry no word boundary. `joint` are the ids between the pieces of one line that was read in pieces.
    A word is what stands between white space in the user's text, whatever the tokens are.
    """

    kind: str
    eos_id: int
    unk_id: int
    starts_word: np.ndarray | None
    joint: tuple[int, ...]

    def __len__(self) -> int: ...

    def encode(self, text: str) -> list[int]:
        """The ids of one line of text, without `<eos>`."""

    def encode_words(self, text: str) -> tuple[list[int], list[int]]:
        """The ids of `encode`, and for each the index of its word in `words(text)`."""

    def words(self, text: str) -> list[str]:
        """The white-space separated words, as the user wrote them."""

    def decode(self, ids: Sequence[int]) -> str:
        """Readable text; `<eos>` ends a line."""

    def join(self, tokens: Iterable[str]) -> str:
        """The line of text that these tokens make up."""

    def written(self, text: str) -> list[str]:
        """For each token of `encode(text)` what it stands for: of whole words also those that are `<unk>`."""

    def token(self, id: int) -> str:
        """The token's own string."""

    def knows(self, word: str) -> bool:
        """Whether no token of the word is `<unk>`."""

    def save(self, directory: Path) -> None:
        """Write the tokenizer's files into a model directory."""

    def fingerprint(self) -> str:
        """A hexadecimal digest of everything that changes `encode`."""


TOKENIZERS: dict[str, type[Any]] = {
    "words": WordTokenizer,
    "whitespace": WhitespaceTokenizer,
    "characters": CharacterTokenizer,
    "bpe": BpeTokenizer,
    "unigram": UnigramTokenizer,
}


def load_tokenizer(directory: Path) -> Tokenizer:
    """The tokenizer saved in a model directory. Raises ModelDirectoryError if it is missing or damaged."""
    path = Path(directory) / "tokenizer.json"
    try:
        settings = json.loads(path.read_bytes())
    except OSError as error:
        raise ModelDirectoryError(f"{path}: cannot be read ({error.strerror}); is it a model directory?") from error
    except ValueError as error:
        raise ModelDirectoryError(f"{path}: damaged or cut short; train again or restore the file") from error
    if not isinstance(settings, dict) or settings.get("kind") not in list(TOKENIZERS):
        raise ModelDirectoryError(f"{path}: describes no tokenizer of {', '.join(TOKENIZERS)}; train again")
    if settings.get("format") != FORMAT:
        found = f"format {settings.get('format')} is not {FORMAT}"
        raise ModelDirectoryError(f"{path}: {found}; use the nlprnn that made it, or train again")
    tokenizer: Tokenizer = TOKENIZERS[settings["kind"]].load(Path(directory), settings)
    return tokenizer


def train_tokenizer(
    config: TokenizerConfig,
    lines: Iterable[str],
    processes: int | None = None,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Tokenizer, list[str]]:
    """A tokenizer of the kind that `config` names, its vocabulary from `lines`; and notes to print for the user.

    `lines` is a corpus.Lines, counted in parallel with the counts kept in `cache`, or any iterable of strings. Words
    and white-space tokens seen once become `<unk>` unless the text has an `<unk>` of its own, or `min_count` says.
    Raises ConfigError for settings that contradict each other or the text, DataError for an unusable vocabulary file.
    """
    kind = TOKENIZERS[config.tokenizer]
    subwords = not issubclass(kind, VocabularyTokenizer)
    if config.vocab is not None:
        if subwords:
            raise ConfigError(f"--vocab does not go with --tokenizer {config.tokenizer}; use words or whitespace")
        types, notes = read_types(Path(config.vocab), kind, config.lowercase)
        return kind(types, config.lowercase), notes
    unit = "words" if kind is WordTokenizer else "chunks"
    counted = count_types(lines, unit, config.lowercase, processes, cache, progress)
    if subwords:
        model, notes = train_sentencepiece(config.tokenizer, counted.types, config.vocab_size or DEFAULT_PIECES)
        return kind(model, config.lowercase), counted.notes + notes
    counts: Mapping[str, int] = counted.types
    min_count = config.min_count
    if min_count is None:
        min_count = 1 if UNK in counts or kind is CharacterTokenizer else RARE
    if kind is CharacterTokenizer:
        counts = count_characters(counts, counted.words - counted.lines)
    types, notes = frequent_types(counts, min_count, config.vocab_size)
    return kind(types, config.lowercase), counted.notes + notes
