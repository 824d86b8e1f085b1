"""How a model is trained, whatever its task."""

from __future__ import annotations

from dataclasses import dataclass

from nlprnn.errors import ConfigError
from nlprnn.settings import Config, option

OPTIMIZERS = ("adamw", "sgd", "nt-asgd")
SCHEDULES = ("cosine", "triangular", "plateau", "exponential", "constant")
PRECISIONS = ("auto", "bf16", "fp32")
KERNELS = ("auto", "native", "torch", "reference")
DEFAULT_EPOCHS = 15
MOST_EPOCHS = 40  # with a budget in minutes alone: more passes over a small text do not help


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
                f"--averaging {self.averaging}: --optimizer nt-asgd averages weights itself; add --averaging 0"
            )

    def share(self, count: int) -> float:
        """What the learning rate of a batch of `count` targets is multiplied with."""
        return 1.0

    def dropout_share(self, epochs: float) -> float:
        """What all dropouts are multiplied with after so many epochs, parts of them counted."""
        return 1.0

    def layer_share(self, above: int, epoch: int) -> float:
        """What the learning rate of a group of layers with so many groups above it is multiplied with; 0: frozen."""
        return 1.0
