"""Next-word models: recurrent networks and n-grams."""

from __future__ import annotations

from dataclasses import dataclass

from nlprnn.config.cells import CELLS
from nlprnn.config.training import TrainingConfig
from nlprnn.settings import Config, option, other_default, probability

INITS = ("orthogonal", "uniform")
EMBEDDING_INITS = ("neighbours", "uniform")
RECURRENT_RATE = 0.3


@dataclass(frozen=True)
class LanguageModelConfig(Config):
    """The network of a next-word model: embedding, recurrent stack, output over the vocabulary."""

    cell: str = option("lstm", "The recurrent cell", choices=CELLS)
    layers: int = option(2, "Recurrent layers", low=1, high=64, aliases=("--nlayers",), metavar="N")
    hidden: int = option(400, "Units of each recurrent layer", low=1, aliases=("--nhid",), metavar="N")
    last_hidden: int | None = option(None, "Units of the last layer (default: as --hidden)", low=1, metavar="N")
    embedding: int | None = option(
        None, "Embedding size (default: as --hidden)", low=1, aliases=("--emsize",), metavar="N"
    )
    tied: bool = option(True, "Use one matrix for embedding and output (Press and Wolf 2017)")
    dropout: float = probability(0.4, "Dropout on the inputs, between the layers and on the outputs")
    dropout_input: float | None = probability(
        None, "Dropout on the embedded inputs (default: as --dropout)", aliases=("--dropouti",)
    )
    dropout_hidden: float | None = probability(
        None, "Dropout between the layers (default: as --dropout)", aliases=("--dropouth",)
    )
    dropout_output: float | None = probability(
        None, "Dropout on the last layer's outputs (default: as --dropout)", aliases=("--dropouto",)
    )
    dropout_embedding: float = probability(
        0.1, "Dropout of whole words (Gal and Ghahramani 2016)", aliases=("--dropoute",)
    )
    weight_drop: float = probability(
        0.3, "Dropout of recurrent weights (DropConnect, Merity 2018)", aliases=("--wdrop",)
    )
    locked_dropout: bool = option(True, "One dropout mask for all time steps of a batch, not a new one at each step")
    activation_penalty: float = option(
        2.0,
        "Adds to the loss X times the mean square of the last layer's dropped outputs (AR, Merity 2017)",
        low=0.0,
        aliases=("--alpha",),
        metavar="X",
    )
    slowness_penalty: float = option(
        1.0,
        "Adds to the loss X times the mean square of their change from step to step (TAR, Merity 2017)",
        low=0.0,
        aliases=("--beta",),
        metavar="X",
    )
    init_range: float | None = option(
        None, "Draw all weights uniformly from +-X (default: as --recurrent-init)", low=0.0, metavar="X"
    )
    recurrent_init: str = option(
        "orthogonal",
        "First recurrent weights without --init-range: orthogonal with forget bias 1; uniform: within 1/sqrt(--hidden)",
        choices=INITS,
    )
    embedding_init: str = option(
        "neighbours",
        "First embeddings without --init-range: neighbours: from how often types stand side by side in the training "
        "text; uniform: drawn",
        choices=EMBEDDING_INITS,
    )
    embedding_range: float = option(
        0.3,
        "Without --init-range first embeddings are drawn from +-X, or those from neighbours as long as such",
        low=0.0,
        metavar="X",
    )
    unigram_bias: bool = option(
        True, "Output biases start at how frequent each type is in the training text, rather than at zero"
    )


@dataclass(frozen=True)
class StreamTrainingConfig(TrainingConfig):
    """How a model of running text is trained: in columns, by truncated back-propagation."""

    lr: float = other_default(TrainingConfig, "lr", 0.015)
    recurrent_rate: float | None = option(
        None,
        f"What --lr is multiplied with for the recurrent layers (default: {RECURRENT_RATE} with adamw, else 1)",
        low=0.0,
        metavar="X",
    )
    batch_size: int = option(32, "Sequences trained on side by side", low=1, aliases=("--batch_size",), metavar="N")
    bptt: int = option(35, "Truncated back-propagation through time: steps between updates", low=1, metavar="N")
    variable_bptt: bool = option(
        False,
        "Draw the steps of each update anew, around --bptt and now and then its half (Merity 2018); "
        "the learning rate follows",
    )
    rotated_columns: bool = option(
        True,
        "Start each column of the text at another place in each epoch, so that no batch comes twice (Press 2019)",
    )
    dropout_growth: float = option(
        5.0,
        "Passes over the text in which all dropouts grow from zero (Morerio 2017); 0: they stay as they are",
        low=0.0,
        metavar="N",
    )

    def dropout_share(self, epochs: float) -> float:
        """Linearly from 0 to 1: at first there is nothing to overfit, and dropout only slows learning."""
        return min(epochs / self.dropout_growth, 1.0) if self.dropout_growth else 1.0

    def layer_share(self, above: int, epoch: int) -> float:
        """The layers of a language model are the top group, with the vocabulary's both ends below."""
        if above:
            return 1.0
        usual = RECURRENT_RATE if self.optimizer == "adamw" else 1.0
        return usual if self.recurrent_rate is None else self.recurrent_rate

    def share(self, count: int) -> float:
        """The mean loss of a short batch would weigh its tokens more than that of a long one; where lengths vary, the
        learning rate makes up for it (Merity et al. 2018, section 4.1)."""
        return count / (self.batch_size * self.bptt) if self.variable_bptt else 1.0


@dataclass(frozen=True)
class NGramConfig(Config):
    """An interpolated modified Kneser-Ney model."""

    order: int = option(5, "Words in the longest n-gram", low=1, high=5, metavar="N")
