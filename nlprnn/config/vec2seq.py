"""Texts from vectors."""

from __future__ import annotations

from dataclasses import dataclass

from nlprnn.config.cells import CELLS
from nlprnn.config.training import TrainingConfig
from nlprnn.settings import Config, option, probability

FEEDS = ("state", "input", "both")


@dataclass(frozen=True)
class Vec2SeqConfig(Config):
    """The network that makes texts from vectors, and how long these may be."""

    cell: str = option("lstm", "The recurrent cell", choices=CELLS)
    layers: int = option(1, "Recurrent layers", low=1, metavar="N")
    hidden: int = option(256, "Units of each layer", low=1, metavar="N")
    embedding: int = option(128, "Embedding size", low=1, metavar="N")
    feed: str = option(
        "both",
        "Where the vector goes: what the recurrent layers start from (state), what they read beside each word (input)",
        choices=FEEDS,
    )
    tied: bool = option(False, "Use one matrix for embedding and output (Press and Wolf 2017)")
    dropout: float = probability(0.0, "Locked dropout on embedded words, between layers and before the output")
    dropout_embedding: float = probability(0.0, "Dropout of whole words")
    weight_drop: float = probability(0.0, "Dropout of recurrent weights (DropConnect)")
    max_length: int = option(
        200, "Train on no text of more than N tokens, and say how many there are; generate none", low=1, metavar="N"
    )


@dataclass(frozen=True)
class Vec2SeqTrainingConfig(TrainingConfig):
    """How a network that makes texts from vectors is trained: on batches of texts of like length."""

    batch_tokens: int = option(1000, "Tokens in a batch, padding included", low=1, metavar="N")
