"""What all tokenizers share: a line is encoded one white-space chunk at a time, and chunks are remembered.

Because the ids of a chunk depend on the chunk alone, the whole of a tokenizer is a function chunk -> ids; memoising
it makes encoding as fast as a dictionary look-up, and gives every token the index of its word for nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

EOS = "<eos>"
UNK = "<unk>"
EOS_ID = 0
UNK_ID = 1

CACHE_ENTRIES = 1 << 16  # some 15 MB of short chunks
CACHE_CHUNK = 64  # characters: longer chunks hardly come back, and could fill the memory


class ChunkCache(dict[str, tuple[int, ...]]):
    """chunk -> ids, filled on demand and emptied when full (the frequent chunks are back at once)."""

    def __init__(self, encode_chunk: Callable[[str], tuple[int, ...]]) -> None:
        super().__init__()
        self._encode_chunk = encode_chunk

    def __missing__(self, chunk: str) -> tuple[int, ...]:
        ids = self._encode_chunk(chunk)
        if len(chunk) <= CACHE_CHUNK:
            if len(self) >= CACHE_ENTRIES:
                self.clear()
            self[chunk] = ids
        return ids


class ChunkTokenizer(ABC):
    """Encodes lines chunk by chunk; subclasses say what one chunk becomes.

    `joint` holds the ids that stand between the pieces of a line that was too long to be read whole.
    """

    kind: str
    eos_id = EOS_ID
    unk_id = UNK_ID
    starts_word: np.ndarray | None = None
    joint: tuple[int, ...] = ()

    def __init__(self, lowercase: bool) -> None:
        self.lowercase = lowercase
        self._ids_of = ChunkCache(self._encode_chunk)

    def encode(self, text: str) -> list[int]:
        """The token ids of one line of text, without `<eos>`."""
        ids: list[int] = []
        ids_of = self._ids_of
        for chunk in text.split():
            ids += ids_of[chunk]
        return ids

    def encode_words(self, text: str) -> tuple[list[int], list[int]]:
        """The ids of `encode`, and for each the index of its word in `words(text)`."""
        ids: list[int] = []
        word_of: list[int] = []
        for index, chunk in enumerate(text.split()):
            chunk_ids = self._chunk_ids(chunk, index)
            ids += chunk_ids
            word_of += [index] * len(chunk_ids)
        return ids, word_of

    def words(self, text: str) -> list[str]:
        """The words of the text as the user wrote them: what stands between white space."""
        return text.split()

    def knows(self, word: str) -> bool:
        """Whether no token of the word is `<unk>`."""
        return self.unk_id not in self.encode(word)

    def decode(self, ids: Sequence[int]) -> str:
        """Readable text. Each `<eos>` ends a line; one at the very end adds nothing."""
        lines: list[list[int]] = [[]]
        for token_id in ids:
            if token_id == EOS_ID:
                lines.append([])
            else:
                lines[-1].append(int(token_id))
        if len(lines) > 1 and not lines[-1]:
            lines.pop()
        return "\n".join(self.join([self.token(token_id) for token_id in line]) for line in lines)

    def written(self, text: str) -> list[str]:
        """For each token of `encode(text)` what it stands for: of whole words also those that are `<unk>`."""
        return [self.token(id) for id in self.encode(text)]

    def _chunk_ids(self, chunk: str, index: int) -> tuple[int, ...]:
        """The ids of the chunk that stands at place `index` of its line."""
        return self._ids_of[chunk]

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def token(self, id: int) -> str:
        """The token's own string."""

    @abstractmethod
    def save(self, directory: Path) -> None:
        """Write the tokenizer's files into a model directory."""

    @abstractmethod
    def fingerprint(self) -> str:
        """A hexadecimal digest of everything that changes `encode`."""

    @abstractmethod
    def _encode_chunk(self, chunk: str) -> tuple[int, ...]: ...

    @abstractmethod
    def join(self, tokens: Iterable[str]) -> str:
        """The line of text that these tokens make up."""
