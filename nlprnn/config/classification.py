"""Classifiers, and what they take from a language model."""

from __future__ import annotations

from dataclasses import dataclass

from nlprnn.config.cells import CELLS
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.config.training import TrainingConfig
from nlprnn.errors import ConfigError
from nlprnn.settings import Config, option, other_default, probability

POOLINGS = ("last", "mean", "max", "concatenated", "attention")
CLASS_WEIGHTS = ("none", "balanced")
BEST_BY = ("accuracy", "macro_f1", "loss", "mae")


@dataclass(frozen=True)
class ClassifierTokenizerConfig(TokenizerConfig):
    """How the texts to classify become token ids."""

    max_length: int = option(
        400,
        "Of a text of more than N tokens read the first quarter of N and the last three (Sun et al. 2019), and say so",
        low=4,
        metavar="N",
    )


@dataclass(frozen=True)
class ClassifierConfig(Config):
    """The network of a classifier: a recurrent stack, its states pooled into one vector, and what is told from it."""

    cell: str = option("lstm", "The recurrent cell", choices=CELLS)
    layers: int = option(1, "Recurrent layers", low=1, metavar="N")
    hidden: int = option(200, "Units of each layer, in each direction", low=1, metavar="N")
    last_hidden: int | None = option(None, "Units of the last layer (default: as --hidden)", low=1, metavar="N")
    embedding: int = option(200, "Embedding size", low=1, metavar="N")
    bidirectional: bool = option(True, "Read from both ends")
    pooling: str = option(
        "max",
        "How the states of all words become one vector: the last one, their mean or maximum, these three side by side, "
        "or a mean weighted by self-attention",
        choices=POOLINGS,
    )
    head_hidden: int = option(0, "Units between that vector and the label; 0 for none", low=0, metavar="N")
    dropout: float = probability(
        0.4, "Locked dropout on embeddings and between layers, and dropout of the pooled vector"
    )
    dropout_embedding: float = probability(0.1, "Dropout of whole words")
    weight_drop: float = probability(0.2, "Dropout of recurrent weights (DropConnect)")
    ordinal: bool = option(
        False, "Labels are ordered: the odds of lying above each of them are proportional (McCullagh 1980)"
    )
    regression: bool = option(False, "Labels are numbers, told as numbers: least squares")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.ordinal and self.regression:
            raise ConfigError("--ordinal and --regression are two ways to read the same scores: leave one out")


@dataclass(frozen=True)
class ClassifierTrainingConfig(TrainingConfig):
    """How a classifier is trained: on batches of texts of like length."""

    lr: float = other_default(TrainingConfig, "lr", 0.002)
    averaging: float = other_default(TrainingConfig, "averaging", 0.99)
    batch_size: int = option(32, "Texts trained on side by side", low=1, metavar="N")
    class_weights: str = option(
        "none", "balanced: each class weighs as much in training as any other, however rare", choices=CLASS_WEIGHTS
    )
    best_by: str | None = option(
        None,
        "Which validation figure chooses the weights that are kept, and is meant by --patience "
        "(default: accuracy; with --regression loss)",
        choices=BEST_BY,
    )
    layer_decay: float = option(
        1.0, "Each layer learns X times as fast as that below it (Howard and Ruder 2018: 2.6)", low=1.0, metavar="X"
    )
    unfreezing: bool = option(
        False, "Train only what is above the recurrent layers in the first epoch, and one layer more in each after it"
    )
    folds: int = option(
        0,
        "Also train N models, one after the other, each without an Nth of the texts, and tell how well these are "
        "classified; the model that is kept is the one without this option",
        low=0,
        metavar="N",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.folds == 1:
            raise ConfigError("--folds 1: give at least 2, so that something is left to train on")

    def layer_share(self, above: int, epoch: int) -> float:
        """Gradual unfreezing and discriminative rates (Howard and Ruder 2018, sections 3.2 and 3.3)."""
        return 0.0 if self.unfreezing and above > epoch else self.layer_decay**-above


@dataclass(frozen=True)
class TransferConfig(Config):
    """What a classifier takes from a language model."""

    pretrained: str | None = option(
        None,
        "Start from this language model: its tokenizer, embeddings and recurrent layers, which read in one direction; "
        "pooling, dropout, rate, schedule and epochs, where not given, are then others (presets.TRANSFER, after Howard "
        "and Ruder 2018, ULMFiT)",
        aliases=("--from",),
        metavar="DIR",
    )
    fine_tune: bool = option(False, "First train the language model on the texts themselves, without their labels")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fine_tune and self.pretrained is None:
            raise ConfigError("--fine-tune trains a language model further: name one with --from")
