"""Translators."""

from __future__ import annotations

from dataclasses import dataclass

from nlprnn.config.cells import CELLS
from nlprnn.config.tokenizing import TOKENIZERS, TokenizerConfig
from nlprnn.config.training import TrainingConfig
from nlprnn.errors import ConfigError
from nlprnn.settings import Config, option, other_default, probability

BEST_BY = ("bleu", "chrf", "perplexity")
ATTENTIONS = ("bilinear", "dot", "additive", "none")


@dataclass(frozen=True)
class PairTokenizerConfig(TokenizerConfig):
    """How sentences and their translations become token ids."""

    tokenizer: str = option(
        "bpe",
        "bpe, unigram: SentencePiece; words: raw text, punctuation peeled; whitespace: already tokenised; characters",
        choices=TOKENIZERS,
    )
    joint: bool = option(True, "One vocabulary for both languages")
    max_length: int = option(
        100, "Train on no pair with a side of more than N tokens, and say how many there are", low=1, metavar="N"
    )


@dataclass(frozen=True)
class TranslatorConfig(Config):
    """The network of a translator: a bidirectional encoder, and a decoder that attends to it."""

    cell: str = option("lstm", "The recurrent cell", choices=CELLS)
    encoder_layers: int = option(1, "Recurrent layers of the encoder, each in both directions", low=1, metavar="N")
    decoder_layers: int = option(1, "Recurrent layers of the decoder", low=1, metavar="N")
    hidden: int = option(512, "Units of each decoder layer; half as many of each encoder direction", low=2, metavar="N")
    embedding: int = option(256, "Embedding size", low=1, metavar="N")
    attention: str = option(
        "bilinear", "How the decoder looks at the source; none: only through its first state", choices=ATTENTIONS
    )
    tied: bool = option(True, "One matrix for target embedding, output and, with a joint vocabulary, source embedding")
    dropout: float = probability(0.4, "Locked dropout on embeddings, between layers and before the output")
    dropout_embedding: float = probability(0.1, "Dropout of whole words")
    weight_drop: float = probability(0.0, "Dropout of recurrent weights (DropConnect)")
    label_smoothing: float = probability(0.1, "Share of the probability spread over all types (Szegedy et al. 2016)")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.attention == "dot" and self.hidden % 2:
            raise ConfigError(f"--hidden {self.hidden}: dot attention needs an even number, half for each direction")


@dataclass(frozen=True)
class TranslationTrainingConfig(TrainingConfig):
    """How a translator is trained: on batches of pairs of like length."""

    lr: float = other_default(TrainingConfig, "lr", 0.004)
    averaging: float = other_default(TrainingConfig, "averaging", 0.999)
    batch_tokens: int = option(1500, "Tokens in a batch, source, target and padding together", low=1, metavar="N")
    best_by: str = option(
        "bleu",
        "Which validation figure chooses the weights that are kept, and is meant by --patience",
        choices=BEST_BY,
    )
