"""Vector to sequence: numbers to a text. The network, and its loss.

The standardised vector is what the recurrent layers start from, or what they read beside each word, or both:

    vector -> affine, tanh -> first states of all layers
    word, vector -> recurrent stack -> output
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nlprnn.config.vec2seq import Vec2SeqConfig
from nlprnn.models.language_model import Loss
from nlprnn.nn.dropout import dropout
from nlprnn.nn.kernels.dispatch import Compute
from nlprnn.nn.stack import RecurrentStack, StackState
from nlprnn.nn.vocabulary import Vocabulary

ConditionedState = tuple[Tensor, StackState]  # the standardised vector of each row (B, D), and the stack's state


class VectorBatch(Protocol):
    """What the model reads: vectors (B, D), token ids (T, B), padded, and their lengths (B,) on the CPU."""

    @property
    def vectors(self) -> Tensor: ...
    @property
    def inputs(self) -> Tensor: ...
    @property
    def targets(self) -> Tensor: ...
    @property
    def lengths(self) -> Tensor: ...


class Vec2Seq(nn.Module):
    """Vectors of `size` numbers to texts over `vocabulary` types."""

    def __init__(self, config: Vec2SeqConfig, size: int, vocabulary: int, seed: int = 1) -> None:
        super().__init__()
        self.config = config
        generator = torch.Generator().manual_seed(seed)
        sizes = [config.hidden] * config.layers
        self.vocabulary = Vocabulary(
            vocabulary, config.embedding, config.hidden, config.tied, config.dropout_embedding, generator=generator
        )
        beside = size if config.feed != "state" else 0
        drops = config.dropout, config.weight_drop
        self.stack = RecurrentStack(config.cell, config.embedding + beside, sizes, *drops, generator=generator)
        rows, bound = config.layers * self.stack.cell.states * config.hidden, size**-0.5
        starts = config.feed != "input"
        self.first = (
            nn.Parameter(torch.empty(rows, size).uniform_(-bound, bound, generator=generator)) if starts else None
        )
        self.first_bias = nn.Parameter(torch.zeros(rows)) if starts else None
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.ones(size))
        self.mean: Tensor
        self.deviation: Tensor

    def use(self, compute: Compute) -> None:
        """Choose the kernels that compute the stack and the output layer."""
        self.stack.compute = self.vocabulary.compute = compute

    @property
    def device(self) -> torch.device:
        return self.vocabulary.embedding.device

    def standardise_by(self, vectors: np.ndarray) -> None:
        """Take mean and deviation of each number from training vectors (n, D); what never differs stays unscaled."""
        deviation = vectors.std(axis=0, dtype=np.float64)
        least = np.finfo(np.float32).tiny  # what is smaller counts as 0 in float32
        self.mean.copy_(torch.from_numpy(vectors.mean(axis=0, dtype=np.float64)))
        self.deviation.copy_(torch.from_numpy(np.where(deviation >= least, deviation, 1.0)))

    def standardised(self, vectors: Tensor) -> Tensor:
        """Vectors (B, D) in units of the training vectors' deviation from their mean."""
        return (vectors.to(self.mean) - self.mean) / self.deviation

    def forward(self, batch: VectorBatch, state: None = None) -> Loss:
        """The summed loss of a batch. Texts have nothing to do with each other: no state is carried."""
        outputs, _ = self.read(batch.inputs, self.start(batch.vectors), batch.lengths)
        mask = (torch.arange(len(batch.inputs))[:, None] < batch.lengths).to(outputs.device)  # (T, B)
        nll = self.vocabulary.losses(outputs, batch.targets, mask).sum()
        return Loss(nll, nll.new_zeros(()), int(batch.lengths.sum()), None)

    def start(self, vectors: Tensor) -> ConditionedState:
        """The state before the first word of a text for each of the vectors (B, D)."""
        condition = self.standardised(vectors)
        if self.first is None:
            return condition, self.stack.zero_state(len(vectors))
        parts = torch.tanh(F.linear(condition, self.first, self.first_bias)).split(self.config.hidden, dim=1)
        states = self.stack.cell.states
        return condition, tuple(parts[index : index + states] for index in range(0, len(parts), states))

    def read(
        self, inputs: Tensor, state: ConditionedState, lengths: Tensor | None = None
    ) -> tuple[Tensor, ConditionedState]:
        """Token ids (T, B) -> what the output layer reads (T, B, H), and the state after them."""
        condition, before = state
        x = self._drop(self.vocabulary.embed(inputs))
        if self.config.feed != "state":
            x = torch.cat([x, condition.expand(len(x), *condition.shape)], dim=2)
        outputs, after = self.stack(x, before, lengths)
        return self._drop(outputs), (condition, after)

    def _drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.config.dropout, True, self.training, self.stack.compute)


class Vec2SeqStepper:
    """A Stepper over some vectors (S, D): all that tells them apart stands in the state."""

    def __init__(self, network: Vec2Seq, vectors: Tensor) -> None:
        self.network, self.vectors = network.eval(), vectors

    def start(self, batch: int) -> ConditionedState:
        """One fresh text for each vector; the first token read is <eos>."""
        assert batch == len(self.vectors), batch
        return self.network.start(self.vectors.to(self.network.device))

    def step(self, ids: Tensor, state: ConditionedState) -> tuple[Tensor, ConditionedState]:
        """ids (N,) -> log-probabilities (N, V) of the next token, in nats, and the new state."""
        outputs, after = self.network.read(ids[None].to(self.network.device), state)
        return torch.log_softmax(self.network.vocabulary.logits(outputs[0]), dim=-1), after
