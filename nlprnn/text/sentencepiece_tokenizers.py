"""Subword tokenizers trained by SentencePiece: byte-pair encoding and the unigram model.

Pieces never cross white space, so a line is encoded chunk by chunk exactly as it would be whole. The text is not
normalised but for white space: what is encoded without `<unk>` is decoded as it was written.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from nlprnn.errors import ConfigError, ModelDirectoryError
from nlprnn.files import replace_file
from nlprnn.text.chunk_tokenizer import EOS, EOS_ID, UNK, UNK_ID, ChunkTokenizer

FORMAT = 1  # of the settings file beside tokenizer.model
SPACE = "▁"  # U+2581: how SentencePiece writes the space that begins a word
COVERAGE = 0.9995  # of the running characters, where the alphabet is too large to keep whole
MOST_CHUNKS = 100_000  # the most frequent ones are learnt from, so that memory is bounded
MOST_OCCURRENCES = 1_000_000  # for unigram, which takes some 140 bytes for each time that a chunk occurs
LONGEST_CHUNK = 1000  # characters: what is longer is no word to learn from (SentencePiece skips lines over 4 kB)


class SentencePieceTokenizer(ChunkTokenizer):
    """A trained SentencePiece model; `<eos>` is 0 and `<unk>` is 1, there are no other special ids."""

    def __init__(self, model: bytes, lowercase: bool = False) -> None:
        """`model`: the serialised SentencePiece model. Raises RuntimeError if it is none."""
        import sentencepiece

        super().__init__(lowercase)
        self._model = model
        self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        size = self._processor.get_piece_size()
        self._pieces: list[str] = [self._processor.id_to_piece(index) for index in range(size)]
        self.starts_word = np.array([piece.startswith(SPACE) for piece in self._pieces])  # (V,)
        self.starts_word[EOS_ID] = True
        space = self._processor.piece_to_id(SPACE)
        self._unknown_word = (UNK_ID,) if space == UNK_ID else (space, UNK_ID)

    def __len__(self) -> int:
        return len(self._pieces)

    def token(self, id: int) -> str:
        return self._pieces[id]

    def fingerprint(self) -> str:
        return hashlib.sha256(self._settings()).hexdigest()

    def save(self, directory: Path) -> None:
        """Write tokenizer.model and tokenizer.json. Raises ModelDirectoryError where that cannot be done."""
        directory = Path(directory)
        try:
            replace_file(directory / "tokenizer.model", self._model)
            replace_file(directory / "tokenizer.json", self._settings())
        except OSError as error:
            raise ModelDirectoryError(f"{directory}: cannot be written to ({error.strerror})") from error

    @classmethod
    def load(cls, directory: Path, settings: dict[str, object]) -> SentencePieceTokenizer:
        """The tokenizer beside a parsed tokenizer.json. Raises ModelDirectoryError if it is missing or damaged."""
        path = Path(directory) / "tokenizer.model"
        try:
            model = path.read_bytes()
        except OSError as error:
            raise ModelDirectoryError(f"{path}: cannot be read ({error.strerror})") from error
        if hashlib.sha256(model).hexdigest() != settings.get("sha256"):
            raise ModelDirectoryError(f"{path}: damaged or another model's; train again or restore the file")
        return cls(model, bool(settings.get("lowercase")))

    def _settings(self) -> bytes:
        digest = hashlib.sha256(self._model).hexdigest()
        settings = {"format": FORMAT, "kind": self.kind, "lowercase": self.lowercase, "sha256": digest}
        return json.dumps(settings, indent=0).encode()

    def _encode_chunk(self, chunk: str) -> tuple[int, ...]:
        if self.lowercase:
            chunk = chunk.lower()
        if chunk in (UNK, EOS):
            return self._unknown_word
        return tuple(self._processor.encode(chunk)) or self._unknown_word

    def join(self, tokens: Iterable[str]) -> str:
        return "".join(tokens).replace(SPACE, " ").strip()


class BpeTokenizer(SentencePieceTokenizer):
    """Byte-pair encoding (Sennrich, Haddow and Birch 2016), as SentencePiece learns it."""

    kind = "bpe"


class UnigramTokenizer(SentencePieceTokenizer):
    """The unigram language model of subwords (Kudo 2018), as SentencePiece learns it."""

    kind = "unigram"


def train_sentencepiece(kind: str, counts: Mapping[str, int], vocab_size: int) -> tuple[bytes, list[str]]:
    """A model trained on chunks with their counts, at most `vocab_size` pieces large, and notes for the user.

    Counted chunks stand for the running text, since pieces never cross white space. The MOST_CHUNKS most frequent are
    learnt from, and unigram takes counts beyond MOST_OCCURRENCES in proportion, so memory does not grow with the
    corpus. Raises ConfigError if the alphabet alone needs a larger vocabulary.
    """
    import sentencepiece

    usable = [chunk for chunk in counts if chunk not in (UNK, EOS) and len(chunk) <= LONGEST_CHUNK]
    usable.sort(key=lambda chunk: (-counts[chunk], chunk))
    chunks = {chunk: counts[chunk] for chunk in usable[:MOST_CHUNKS]}
    if kind == "unigram" and (total := sum(chunks.values())) > MOST_OCCURRENCES:
        chunks = {chunk: max(1, round(count * MOST_OCCURRENCES / total)) for chunk, count in chunks.items()}
    if not chunks:
        raise ConfigError(f"nothing to learn a {kind} vocabulary from: the text holds no word but <unk>")
    coverage, characters = _coverage(chunks, vocab_size)
    needed = characters + 3  # <eos>, <unk> and the space mark
    if needed > vocab_size:
        raise ConfigError(
            f"a {kind} vocabulary of {vocab_size} is too small for the {characters} characters of this text; "
            f"ask for at least {needed} pieces, better {4 * needed}"
        )
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(f"{chunk}\t{count}" for chunk, count in chunks.items()),
        input_format="tsv",
        model_writer=model,
        model_type=kind,
        vocab_size=vocab_size,
        hard_vocab_limit=False,
        character_coverage=coverage,
        normalization_rule_name="identity",
        byte_fallback=False,
        eos_id=EOS_ID,
        unk_id=UNK_ID,
        bos_id=-1,
        pad_id=-1,
        eos_piece=EOS,
        unk_piece=UNK,
        num_threads=1,  # sums of parts depend on the number of parts
        minloglevel=2,
    )
    size = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()).get_piece_size()
    notes = []
    if size < vocab_size:
        notes.append(f"the text has too few different words for {vocab_size} {kind} pieces: the vocabulary has {size}")
    return model.getvalue(), notes


def _coverage(chunks: Mapping[str, int], vocab_size: int) -> tuple[float, int]:
    """The share of running characters that get a piece of their own, and how many characters these are.

    All of them where they take up less than a quarter of the vocabulary; else the most frequent, as is usual.
    """
    frequency: dict[str, int] = {}
    for chunk, count in chunks.items():
        for character in chunk:
            frequency[character] = frequency.get(character, 0) + count
    if 4 * len(frequency) <= vocab_size:
        return 1.0, len(frequency)
    wanted = COVERAGE * sum(frequency.values())
    kept, covered = 0, 0
    for count in sorted(frequency.values(), reverse=True):
        if covered >= wanted:
            break
        covered += count
        kept += 1
    return COVERAGE, kept
