"""Every setting of every model and of training, once: its default, its help and its limits.

This room knows no torch, so that `--help` answers at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from nlprnn.errors import ConfigError
from nlprnn.settings import Config, option, probability

TOKENIZERS = ("words", "whitespace", "characters", "bpe", "unigram")
CELLS = ("lstm", "gru", "rnn-tanh", "rnn-relu")
INITS = ("orthogonal", "uniform")
BEST_BY = ("bleu", "chrf", "perplexity")
FEEDS = ("state", "input", "both")
ATTENTIONS = ("bilinear", "dot", "additive", "none")
OPTIMIZERS = ("adamw", "sgd", "nt-asgd")
SCHEDULES = ("cosine", "triangular", "plateau", "exponential", "constant")
PRECISIONS = ("auto", "bf16", "fp32")
KERNELS = ("auto", "native", "torch", "reference")
DEFAULT_EPOCHS = 15
MOST_EPOCHS = 40  # with a budget in minutes alone: more passes over a small text do not help


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
        "At most so many types, the most frequent (default: all that pass --min-count; 8000 for bpe and unigram)",
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
    dropout: float = probability(0.25, "Dropout on the inputs, between the layers and on the outputs")
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
        0.05, "Dropout of whole words (Gal and Ghahramani 2016)", aliases=("--dropoute",)
    )
    weight_drop: float = probability(
        0.2, "Dropout of recurrent weights (DropConnect, Merity 2018)", aliases=("--wdrop",)
    )
    locked_dropout: bool = option(True, "One dropout mask for all time steps of a batch, not a new one at each step")
    activation_penalty: float = option(
        0.0,
        "Adds to the loss X times the mean square of the last layer's dropped outputs (AR, Merity 2017)",
        low=0.0,
        aliases=("--alpha",),
        metavar="X",
    )
    slowness_penalty: float = option(
        0.0,
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


@dataclass(frozen=True)
class TranslatorConfig(Config):
    """The network of a translator: a bidirectional encoder, and a decoder that attends to it."""

    cell: str = option("lstm", "The recurrent cell", choices=CELLS)
    encoder_layers: int = option(2, "Recurrent layers of the encoder, each in both directions", low=1, metavar="N")
    decoder_layers: int = option(2, "Recurrent layers of the decoder", low=1, metavar="N")
    hidden: int = option(512, "Units of each decoder layer; half as many of each encoder direction", low=2, metavar="N")
    embedding: int = option(512, "Embedding size", low=1, metavar="N")
    attention: str = option(
        "bilinear", "How the decoder looks at the source; none: only through its first state", choices=ATTENTIONS
    )
    tied: bool = option(True, "One matrix for target embedding, output and, with a joint vocabulary, source embedding")
    dropout: float = probability(0.3, "Locked dropout on embeddings, between layers and before the output")
    dropout_embedding: float = probability(0.1, "Dropout of whole words")
    weight_drop: float = probability(0.0, "Dropout of recurrent weights (DropConnect)")
    label_smoothing: float = probability(0.1, "Share of the probability spread over all types (Szegedy et al. 2016)")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.attention == "dot" and self.hidden % 2:
            raise ConfigError(f"--hidden {self.hidden}: dot attention needs an even number, half for each direction")


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
class Search(Config):
    """How to search, and how hypotheses are ranked: log p / |y|^length_penalty + coverage_penalty * coverage.

    |y| counts <eos>. A length penalty of 0 ranks by probability, which favours the short; 1 by the mean per token.
    Marian, fairseq and Hugging Face's generate divide by this power, too, while the alpha of JoeyNMT and of Wu et al.
    2016 is the power of (5 + |y|) / 6, which grows more slowly. Coverage is theirs (eq. 14).
    """

    beam: int = option(5, "Hypotheses that go on at each step; 1 is greedy search", low=1, metavar="N")
    length_penalty: float = option(
        1.0, "Rank by log-probability over length to the power of X; more favours the long", low=0.0, metavar="X"
    )
    coverage_penalty: float = option(
        0.0, "Rank lower, X times, what has not attended to all of the source (Wu et al. 2016)", low=0.0, metavar="X"
    )
    n_best: int = option(1, "How many translations of each sentence are told", low=1, metavar="N")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_best > self.beam:
            raise ConfigError(f"--n-best {self.n_best}: give at most the width of the beam, --beam {self.beam}")


@dataclass(frozen=True)
class Sampling(Config):
    """How to draw tokens."""

    temperature: float = option(
        1.0, "Above 1 is more varied, below 1 less; 0 takes the likeliest each time", low=0.0, metavar="X"
    )
    top_k: int | None = option(None, "Draw from the N likeliest only", low=1, metavar="N")
    top_p: float | None = option(None, "Draw from the likeliest that make up X", low=0.0, high=1.0, metavar="X")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.top_p == 0:
            raise ConfigError(f"--top-p {self.top_p}: give a number above 0; --temperature 0 takes the likeliest")


@dataclass(frozen=True)
class TrainingConfig(Config):
    """How a model is trained; what is the same for every task."""

    epochs: int | None = option(
        None,
        f"Passes over the text (default: {DEFAULT_EPOCHS}; with --max-minutes as many as fit, up to {MOST_EPOCHS})",
        low=1,
        metavar="N",
    )
    max_minutes: float | None = option(
        None, "Stop after so many minutes of training; the schedule is fitted to the time", low=0.01, metavar="M"
    )
    optimizer: str = option(
        "adamw",
        "The optimizer; nt-asgd: SGD whose weights are averaged once validation stalls (Merity 2018)",
        choices=OPTIMIZERS,
    )
    nonmonotone: int = option(
        5,
        "nt-asgd averages from when a validation is worse than the best of those more than N before it",
        low=0,
        aliases=("--nonmono",),
        metavar="N",
    )
    lr: float = option(0.003, "Peak learning rate", low=0.0, metavar="X")
    schedule: str = option(
        "cosine",
        "Learning rate after warm-up: cosine to zero; triangular: up for a tenth of all steps, then linearly down; "
        "plateau: quartered when validation stalls; exponential: --decay",
        choices=SCHEDULES,
    )
    warmup: int = option(
        200, "Steps in which the learning rate rises from zero, a tenth of all steps at most", low=0, metavar="N"
    )
    decay: float = option(
        0.5, "What the exponential schedule multiplies the rate with each epoch", low=0.0, high=1.0, metavar="X"
    )
    decay_after: int = option(4, "Epochs before the exponential schedule starts to decay", low=0, metavar="N")
    weight_decay: float = option(0.01, "Decoupled weight decay (AdamW), L2 penalty (SGD)", low=0.0, metavar="X")
    clip: float = option(
        1.0, "Largest norm of the gradient of the mean loss; 0 switches clipping off", low=0.0, metavar="X"
    )
    averaging: float = option(
        0.0,
        "Exponential moving average of the weights, decay per step (0: off, 0.999 is typical)",
        low=0.0,
        below=1.0,
        metavar="X",
    )
    patience: int | None = option(
        None, "Stop after so many validations without a better figure (default: never)", low=1, metavar="N"
    )
    evaluations_per_epoch: int = option(1, "Validations in each epoch", low=1, metavar="N")
    seed: int = option(1, "Seed of initial weights, dropout and variable lengths", low=0, high=2**63 - 1, metavar="N")
    precision: str = option(
        "auto", "bf16 computes the large matrix products in bfloat16; weights stay fp32", choices=PRECISIONS
    )
    kernels: str = option(
        "auto", "Force an implementation: native is compiled C, for CPUs; reference a readable loop", choices=KERNELS
    )
    threads: int | None = option(None, "CPU threads (default: all cores)", low=1, metavar="N")
    device: str = option("cpu", "cpu, cuda, cuda:1, mps", metavar="D")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.averaging and self.optimizer == "nt-asgd":
            raise ConfigError(
                f"--averaging {self.averaging}: --optimizer nt-asgd averages the weights by itself; leave one out"
            )

    def share(self, count: int) -> float:
        """What the learning rate of a batch of `count` targets is multiplied with."""
        return 1.0

    def layer_share(self, above: int, epoch: int) -> float:
        """What the learning rate of a group of layers with so many groups above it is multiplied with; 0: frozen."""
        return 1.0


@dataclass(frozen=True)
class StreamTrainingConfig(TrainingConfig):
    """How a model of running text is trained: in columns, by truncated back-propagation."""

    batch_size: int = option(32, "Sequences trained on side by side", low=1, aliases=("--batch_size",), metavar="N")
    bptt: int = option(35, "Truncated back-propagation through time: steps between updates", low=1, metavar="N")
    variable_bptt: bool = option(
        False,
        "Draw the steps of each update anew, around --bptt and now and then its half (Merity 2018); "
        "the learning rate follows",
    )

    def share(self, count: int) -> float:
        """The mean loss of a short batch would weigh its tokens more than that of a long one; where lengths vary, the
        learning rate makes up for it (Merity et al. 2018, section 4.1)."""
        return count / (self.batch_size * self.bptt) if self.variable_bptt else 1.0


@dataclass(frozen=True)
class TranslationTrainingConfig(TrainingConfig):
    """How a translator is trained: on batches of pairs of like length."""

    batch_tokens: int = option(4000, "Tokens in a batch, source, target and padding together", low=1, metavar="N")
    best_by: str = option(
        "bleu",
        "Which validation figure chooses the weights that are kept, and is meant by --patience",
        choices=BEST_BY,
    )


@dataclass(frozen=True)
class Vec2SeqTrainingConfig(TrainingConfig):
    """How a network that makes texts from vectors is trained: on batches of texts of like length."""

    batch_tokens: int = option(1000, "Tokens in a batch, padding included", low=1, metavar="N")


@dataclass(frozen=True)
class NGramConfig(Config):
    """An interpolated modified Kneser-Ney model."""

    order: int = option(5, "Words in the longest n-gram", low=1, high=5, metavar="N")
