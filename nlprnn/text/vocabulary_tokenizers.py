"""Tokenizers that own a list of types: words of raw text, words of tokenised text, characters.

Unknown types are `<unk>`. A chunk that reads `<unk>` is the unknown token itself, and so is one that reads `<eos>`:
text cannot forge the end of a line.
"""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from nlprnn.errors import ModelDirectoryError
from nlprnn.files import replace_file
from nlprnn.text.chunk_tokenizer import EOS, EOS_ID, UNK, UNK_ID, ChunkTokenizer
from nlprnn.text.word_splitting import join_tokens, split_chunk

FORMAT = 1  # of tokenizer.json, and of the rules that the kinds split by


class VocabularyTokenizer(ChunkTokenizer):
    """A list of types, ids in its order; `<eos>` is 0 and `<unk>` is 1."""

    def __init__(self, tokens: Sequence[str], lowercase: bool = False) -> None:
        """`tokens`: the V types, the two special ones first, none twice."""
        super().__init__(lowercase)
        assert list(tokens[:2]) == [EOS, UNK], "the first two types are <eos> and <unk>"
        self.tokens = list(tokens)
        self._id_of = {token: index for index, token in enumerate(self.tokens)}
        assert len(self._id_of) == len(self.tokens), "a type stands twice"
        del self._id_of[EOS]  # so that no text is read as the end of a line

    def __len__(self) -> int:
        return len(self.tokens)

    def token(self, id: int) -> str:
        return self.tokens[id]

    def fingerprint(self) -> str:
        return hashlib.sha256(self._json()).hexdigest()

    def save(self, directory: Path) -> None:
        """Write tokenizer.json. Raises ModelDirectoryError where that cannot be done."""
        path = Path(directory) / "tokenizer.json"
        try:
            replace_file(path, self._json())
        except OSError as error:
            raise ModelDirectoryError(f"{path}: cannot be written ({error.strerror})") from error

    @classmethod
    def load(cls, directory: Path, settings: dict[str, object]) -> VocabularyTokenizer:
        """The tokenizer of a parsed tokenizer.json. Raises ModelDirectoryError if that holds no vocabulary."""
        tokens = settings.get("tokens")
        if (
            not isinstance(tokens, list)
            or tokens[:2] != [EOS, UNK]
            or not all(isinstance(token, str) and token for token in tokens)
            or len(set(tokens)) != len(tokens)
        ):
            path = Path(directory) / "tokenizer.json"
            raise ModelDirectoryError(f"{path}: its vocabulary is broken; train again or restore the file")
        return cls(tokens, bool(settings.get("lowercase")))

    @staticmethod
    @abstractmethod
    def split(chunk: str) -> list[str]:
        """The types of one white-space chunk."""

    def written(self, text: str) -> list[str]:
        found: list[str] = []
        for chunk in text.split():
            tokens, ids = self.split(chunk), self._ids_of[chunk]  # which may be split elsewhere in lower case: İ is i̇
            found += tokens if len(tokens) == len(ids) else [self.token(id) for id in ids]
        return found

    def _json(self) -> bytes:
        settings = {"format": FORMAT, "kind": self.kind, "lowercase": self.lowercase, "tokens": self.tokens}
        return json.dumps(settings, ensure_ascii=False, indent=0).encode("utf-8", "surrogatepass")

    def _encode_chunk(self, chunk: str) -> tuple[int, ...]:
        if self.lowercase:
            chunk = chunk.lower()
        if chunk in (UNK, EOS):
            return (UNK_ID,)
        id_of = self._id_of
        return tuple([id_of.get(token, UNK_ID) for token in self.split(chunk)])


class WordTokenizer(VocabularyTokenizer):
    """Raw text: white space and the punctuation at the edges of words part the tokens."""

    kind = "words"
    split = staticmethod(split_chunk)

    def join(self, tokens: Iterable[str]) -> str:
        return join_tokens(tokens)


class WhitespaceTokenizer(VocabularyTokenizer):
    """Text that is tokenised already: every white-space chunk is a token."""

    kind = "whitespace"

    @staticmethod
    def split(chunk: str) -> list[str]:
        return [chunk]

    def join(self, tokens: Iterable[str]) -> str:
        return " ".join(tokens)


class CharacterTokenizer(VocabularyTokenizer):
    """Every character is a token. A run of white space is one space, and belongs to the word that it begins."""

    kind = "characters"

    def __init__(self, tokens: Sequence[str], lowercase: bool = False) -> None:
        super().__init__(tokens, lowercase)
        self.joint = (self._id_of.get(" ", UNK_ID),)
        self.starts_word = np.array([token == " " for token in self.tokens])  # (V,)
        self.starts_word[EOS_ID] = True

    @staticmethod
    def split(chunk: str) -> list[str]:
        return list(chunk)

    def encode(self, text: str) -> list[int]:
        ids: list[int] = []
        ids_of = self._ids_of
        for chunk in text.split():
            ids += self.joint
            ids += ids_of[chunk]
        return ids[1:]

    written = ChunkTokenizer.written

    def _chunk_ids(self, chunk: str, index: int) -> tuple[int, ...]:
        return self.joint + self._ids_of[chunk] if index else self._ids_of[chunk]

    def join(self, tokens: Iterable[str]) -> str:
        return "".join(tokens)
