"""How text becomes token ids."""

from __future__ import annotations

from dataclasses import dataclass

from nlprnn.settings import Config, option

TOKENIZERS = ("words", "whitespace", "characters", "bpe", "unigram")


@dataclass(frozen=True)
class TokenizerConfig(Config):
    """How text becomes token ids."""

    tokenizer: str = option(
        "words",
        "words: raw text, punctuation peeled; whitespace: already tokenised; characters; bpe, unigram: SentencePiece",
        choices=TOKENIZERS,
    )
    vocab_size: int | None = option(
        None,
        "At most so many types, the most frequent (default: all that pass --min-count; 6000 for bpe and unigram)",
        low=3,
        metavar="N",
    )
    min_count: int | None = option(
        None,
        "Types seen less often become <unk> (default: 1 for text that has its own <unk> and for characters, else 2)",
        low=1,
        metavar="N",
    )
    lowercase: bool = option(False, "Read all text as lower case")
    vocab: str | None = option(None, "A vocabulary file of your own, one type a line", metavar="FILE")
