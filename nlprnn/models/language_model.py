"""Next-word prediction: the network and its loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from nlprnn.config.language_model import LanguageModelConfig
from nlprnn.nn.dropout import activation_penalty, dropout, slowness_penalty
from nlprnn.nn.kernels.dispatch import Compute
from nlprnn.nn.kernels.stepping import PackedNetwork
from nlprnn.nn.stack import RecurrentStack, StackState, detach
from nlprnn.nn.vocabulary import Vocabulary


class TokenBatch(Protocol):
    """What the model reads: inputs and targets (T, B), and a mask (T, B) that is None or False at padding."""

    @property
    def inputs(self) -> Tensor: ...
    @property
    def targets(self) -> Tensor: ...
    @property
    def mask(self) -> Tensor | None: ...


class Stepper(Protocol):
    """One token of each of some sequences at a time; a state is of the model's own kind."""

    def start(self, batch: int) -> StackState: ...
    def step(self, ids: Tensor, state: StackState) -> tuple[Tensor, StackState]: ...


@dataclass(frozen=True)
class Loss:
    """Sums over a batch, not means, so that figures over many batches are exact."""

    nll: Tensor  # (), nats: -log p of all targets; what perplexity is made from
    penalty: Tensor  # (), what regularisers add to the training objective, on the same scale
    count: int  # targets
    state: StackState | None  # carried to the next batch, detached


class LanguageModel(nn.Module):
    """An embedding, a recurrent stack and a softmax over a vocabulary of `vocabulary` types."""

    def __init__(self, config: LanguageModelConfig, vocabulary: int, seed: int = 1) -> None:
        super().__init__()
        self.config = config
        embedding = config.embedding or config.hidden
        sizes = [config.hidden] * (config.layers - 1) + [config.last_hidden or config.hidden]
        generator = torch.Generator().manual_seed(seed)
        self.vocabulary = Vocabulary(
            vocabulary,
            embedding,
            sizes[-1],
            config.tied,
            init_range=config.init_range,
            generator=generator,
            embedding_range=config.embedding_range,
        )
        self.stack = RecurrentStack(
            config.cell,
            embedding,
            sizes,
            locked=config.locked_dropout,
            init_range=config.init_range,
            init=config.recurrent_init,
            generator=generator,
        )
        self.set_dropout(1.0)

    def set_dropout(self, share: float) -> None:
        """Drop, in training, with this share of the configuration's probabilities."""

        def or_general(p: float | None) -> float:
            return share * (self.config.dropout if p is None else p)

        self.dropout_input = or_general(self.config.dropout_input)
        self.dropout_output = or_general(self.config.dropout_output)
        self.stack.dropout = or_general(self.config.dropout_hidden)
        self.stack.weight_drop = share * self.config.weight_drop
        self.vocabulary.dropout_embedding = share * self.config.dropout_embedding

    def use(self, compute: Compute) -> None:
        """Choose the kernels that compute the stack and the output layer."""
        self.stack.compute = self.vocabulary.compute = compute

    @property
    def device(self) -> torch.device:
        return self.vocabulary.embedding.device

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """All parameters in two groups: those of the vocabulary, and those of the recurrent layers."""
        return [list(self.vocabulary.parameters()), list(self.stack.parameters())]

    def forward(self, batch: TokenBatch, state: StackState | None = None) -> Loss:
        """The summed loss of a batch read from `state` (None: a fresh state)."""
        hidden, state = self._hidden(batch.inputs, state)
        outputs = self._drop(hidden, self.dropout_output)
        losses = self.vocabulary.losses(outputs, batch.targets, batch.mask)
        count = losses.numel() if batch.mask is None else int(batch.mask.sum())
        return Loss(losses.sum(), count * self._penalty(hidden, outputs, batch.mask), count, detach(state))

    def losses(self, batch: TokenBatch, state: StackState | None = None) -> tuple[Tensor, StackState]:
        """-log p of each target in nats (T, B), 0 at padding, and the state after the batch, detached."""
        outputs, state = self.outputs(batch.inputs, state)
        return self.vocabulary.losses(outputs, batch.targets, batch.mask), detach(state)

    def outputs(self, inputs: Tensor, state: StackState | None = None) -> tuple[Tensor, StackState]:
        """Token ids (T, B) -> what the output layer reads (T, B, H), and the state after them."""
        hidden, state = self._hidden(inputs, state)
        return self._drop(hidden, self.dropout_output), state

    def _hidden(self, inputs: Tensor, state: StackState | None) -> tuple[Tensor, StackState]:
        """Token ids (T, B) -> the last layer's outputs (T, B, H) before dropout, and the state after them."""
        return self.stack(self._drop(self.vocabulary.embed(inputs), self.dropout_input), state)

    def _drop(self, x: Tensor, p: float) -> Tensor:
        return dropout(x, p, self.config.locked_dropout, self.training, self.stack.compute)

    def _penalty(self, hidden: Tensor, outputs: Tensor, mask: Tensor | None) -> Tensor:
        """What the activation penalties add to the mean loss of a token in training, ()."""
        alpha, beta = self.config.activation_penalty, self.config.slowness_penalty
        penalty = hidden.new_zeros(())
        if self.training and alpha:
            penalty = penalty + alpha * activation_penalty(outputs, mask)
        if self.training and beta:
            penalty = penalty + beta * slowness_penalty(hidden, mask)
        return penalty

    def start(self, batch: int) -> StackState:
        """The fresh state of `batch` sequences; the first token read is <eos>."""
        return self.stack.zero_state(batch)

    def stepper(self) -> Stepper:
        """The fastest Stepper over the weights as they are now; rounds log-probabilities to some hundredths.

        Where there are no compiled kernels it is the model itself.
        """
        if not self.vocabulary.fused:
            return self.eval()
        ends, layers = self.vocabulary, self.stack.weights()
        return PackedNetwork(self.stack.cell, layers, ends.embedding, ends.projection, ends.matrix(), ends.bias)

    def step(self, ids: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        """One token of each sequence: ids (B,) -> log-probabilities of the next (B, V), in nats, and the new state."""
        outputs, state = self.outputs(ids[None].to(self.device), state)
        return torch.log_softmax(self.vocabulary.logits(outputs[0]), dim=-1), state
