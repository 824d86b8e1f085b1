"""What kernels.py measures: the cases, and the data that both sides of a case read. Knows neither torch nor nlprnn."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np

GATES = {"lstm": 4, "gru": 3, "rnn-tanh": 1}
TIMED = ("train", "encode", "score", "step")
KINDS = (*TIMED, "memory", "gradients", "cold", "classify")  # the last is for classification.py
LEARNED = ("train", "encode", "memory", "gradients")  # forward and backward: three products a weight and token, not one
LARGE = 150e9  # multiplications in a step, above which a case takes minutes
BATCHES = 4  # of a training stream, which is then read again
EOS = 0


@dataclass(frozen=True)
class Case:
    """One thing to measure: what is done (one of KINDS), with which network, and on how much."""

    kind: str
    layers: int = 0
    hidden: int = 0
    vocabulary: int = 0  # types; 0: no embedding and no output layer
    embedding: int | None = None  # None: as `hidden`
    cell: str = "lstm"
    batch: int = 1  # sequences side by side, or sentences in all where they are scored
    steps: int = 35  # of truncated back-propagation

    @property
    def name(self) -> str:
        if self.kind == "cold":
            return "cold start"
        types = self.vocabulary
        after = f"/{types // 1000}k" if types >= 1000 else f"/{types}" if types else ""
        side_by_side = f" B{self.batch}" if self.kind in ("train", "encode", "memory", "gradients") else ""
        return f"{self.kind} {self.cell} {self.layers}x{self.hidden}{after}{side_by_side}"

    @property
    def inputs(self) -> int:
        """What the first layer reads."""
        return self.embedding or self.hidden

    @property
    def directions(self) -> int:
        return 2 if self.kind in ("encode", "classify") else 1

    @property
    def weights(self) -> int:
        """Weights that each token is multiplied with: of all layers and of the output layer, without biases."""
        deeper = (self.layers - 1) * (self.directions * self.hidden + self.hidden)
        recurrent = self.directions * GATES[self.cell] * self.hidden * (self.inputs + self.hidden + deeper)
        return recurrent + self.vocabulary * self.hidden

    @property
    def tokens(self) -> int:
        """Tokens in a step, padding not counted."""
        if self.kind in ("encode", "score", "classify"):
            return int(lengths(self.batch).sum())
        return 1 if self.kind == "step" else self.steps * self.batch

    @property
    def large(self) -> bool:
        return self.weights * self.tokens * (3 if self.kind in LEARNED else 1) > LARGE


@dataclass(frozen=True)
class Plan:
    """The cases, and how much of each is measured."""

    cases: tuple[Case, ...]
    repetition: float  # seconds that one repetition takes at least
    products: tuple[tuple[int, int, int], ...]  # (rows, inner, columns) whose best rate is the limit


@functools.cache
def lengths(count: int) -> np.ndarray:
    """How long sentences are, (count,): 5 to 60 tokens, geometrically distributed, some 22 on average."""
    return np.minimum(4 + np.random.default_rng(1).geometric(1 / 19, count), 60)


def zipf(vocabulary: int, count: int, seed: int) -> np.ndarray:
    """Ids (count,) of which few are frequent (Zipf 1949; Mandelbrot 1953); id 0, the end of a sentence, is none."""
    weights = 1 / (np.arange(1, vocabulary) + 2.7)
    return 1 + np.random.default_rng(seed).choice(vocabulary - 1, count, p=weights / weights.sum())


def stream(case: Case) -> np.ndarray:
    """The training text: the ids of BATCHES batches, (N,)."""
    return zipf(case.vocabulary, BATCHES * case.steps * case.batch, seed=2)


def sentences(case: Case) -> list[np.ndarray]:
    """Sentences of ids, each ended by EOS."""
    ends = np.cumsum(lengths(case.batch))
    ids = zipf(case.vocabulary, int(ends[-1]), seed=3)
    ids[ends - 1] = EOS
    return np.split(ids, ends[:-1])


def texts(case: Case) -> list[str]:
    """As many texts as a batch has, of words that are numbers."""
    return [" ".join(map(str, ids[:-1].tolist())) for ids in sentences(case)]


def full() -> Plan:
    """Everything, at the sizes that people use."""
    sizes = (
        {"layers": 2, "hidden": 200, "vocabulary": 10_000},
        {"layers": 2, "hidden": 650, "vocabulary": 10_000},
        {"layers": 2, "hidden": 650, "vocabulary": 50_000},
        {"layers": 3, "hidden": 1150, "vocabulary": 33_278, "embedding": 400},
    )
    small, medium, wide, _ = sizes
    learned = [(cell, size, batch) for cell in ("lstm", "gru") for size in sizes for batch in (20, 64)]
    return Plan(
        (
            *(Case("train", **size, cell=cell, batch=batch) for cell, size, batch in learned),
            *(Case("encode", layers, hidden, batch=64) for layers, hidden in ((2, 200), (2, 650), (1, 256))),
            *(Case("score", **size, batch=512) for size in (small, medium)),
            *(Case("step", **size) for size in (small, wide)),
            *(Case("memory", **size, batch=20) for size in (small, wide)),
            *(Case("gradients", **size, cell=cell, batch=20) for cell in GATES for size in sizes),
            Case("cold", hidden=200),
        ),
        repetition=0.3,
        products=((1024, 1024, 1024), (2048, 2048, 2048), (2048, 1024, 4096)),
    )


def toy() -> Plan:
    """The same kinds at sizes of no interest, to see that everything runs."""
    network = {"layers": 2, "hidden": 24, "vocabulary": 60, "embedding": 16}
    return Plan(
        (
            *(Case("train", **network, cell=cell, batch=4, steps=5) for cell in ("lstm", "gru")),
            Case("encode", 2, 24, batch=4),
            Case("score", **network, batch=70),
            Case("step", **network),
            Case("memory", 1, 16, 20_000, batch=16, steps=10),
            *(Case("gradients", **network, cell=cell, batch=4, steps=5) for cell in GATES),
            Case("cold", hidden=16),
        ),
        repetition=0.002,
        products=((64, 64, 64),),
    )


def smaller(case: Case) -> Case:
    """The same case with a network of no size, which loads what the real one will run."""
    return dataclasses.replace(case, hidden=16, vocabulary=64, embedding=None)
