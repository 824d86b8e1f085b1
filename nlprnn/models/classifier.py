"""Sequence to vector: a text to its label or score. The network, and its loss.

words -> recurrent stack -> pooled states -> hidden units -> one number a class, or one number
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nlprnn.config.classification import ClassifierConfig
from nlprnn.models.language_model import Loss
from nlprnn.nn.dropout import row_dropout
from nlprnn.nn.kernels.dispatch import Compute
from nlprnn.nn.pooling import Pooling
from nlprnn.nn.stack import RecurrentStack
from nlprnn.nn.steps import unpad
from nlprnn.nn.vocabulary import WIDE, embed


class TextBatch(Protocol):
    """What the model reads: token ids (T, B), padded, their lengths (B,) on the CPU, and labels (B,).

    A label is the number of a class, or for regression a number.
    """

    @property
    def text(self) -> Tensor: ...
    @property
    def lengths(self) -> Tensor: ...
    @property
    def labels(self) -> Tensor: ...


class Classifier(nn.Module):
    """Texts over `vocabulary` types to `classes` classes, ordered or not, or to a number (see ClassifierConfig)."""

    def __init__(self, config: ClassifierConfig, vocabulary: int, classes: int, seed: int = 1) -> None:
        super().__init__()
        self.config, self.classes = config, classes
        generator = torch.Generator().manual_seed(seed)

        def weight(rows: int, columns: int) -> nn.Parameter:
            bound = columns**-0.5
            return nn.Parameter(torch.empty(rows, columns).uniform_(-bound, bound, generator=generator))

        self.embedding = nn.Parameter(
            torch.empty(vocabulary, config.embedding).uniform_(-WIDE, WIDE, generator=generator)
        )
        sizes = [config.hidden] * (config.layers - 1) + [config.last_hidden or config.hidden]
        self.stack = RecurrentStack(
            config.cell,
            config.embedding,
            sizes,
            config.dropout,
            config.weight_drop,
            generator=generator,
            bidirectional=config.bidirectional,
        )
        self.pooling = Pooling(config.pooling, sizes[-1] * self.stack.directions, generator)
        between = config.head_hidden
        self.hidden = weight(between, self.pooling.size) if between else None
        self.hidden_bias = nn.Parameter(torch.zeros(between)) if between else None
        outputs = 1 if config.ordinal or config.regression else classes
        self.output = weight(outputs, between or self.pooling.size)
        self.bias = nn.Parameter(torch.zeros(outputs))
        # The classes of an ordinal model are parted by thresholds: the first one, and the logarithms of the steps on.
        self.thresholds = nn.Parameter(_even_thresholds(classes)) if config.ordinal else None
        self.register_buffer("class_weights", torch.ones(classes))
        # What the pooled vector is standardised by: nothing, unless the layers below it are trained already.
        self.register_buffer("shift", torch.zeros(self.pooling.size))
        self.register_buffer("scale", torch.ones(self.pooling.size))
        self.class_weights: Tensor
        self.shift: Tensor
        self.scale: Tensor

    def use(self, compute: Compute) -> None:
        """Choose the kernels of the recurrent stack."""
        self.stack.compute = compute

    @property
    def compute(self) -> Compute:
        """The kernels in use."""
        return self.stack.compute

    @property
    def device(self) -> torch.device:
        return self.output.device

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """All parameters, bottom to top: the embedding, each recurrent layer, and what is above them."""
        depths = range(0, len(self.stack.layers), self.stack.directions)
        layers = [self.stack.layers[depth : depth + self.stack.directions] for depth in depths]
        below = [[self.embedding], *(list(layer.parameters()) for layer in layers)]
        seen = {id(parameter) for group in below for parameter in group}
        return [*below, [parameter for parameter in self.parameters() if id(parameter) not in seen]]

    def scores(self, text: Tensor, lengths: Tensor) -> Tensor:
        """text (T, B), lengths (B,) on the CPU, at least 1 -> (B, classes), or (B, 1) of ordinal and regression."""
        p = self.config.dropout
        x = F.dropout((self.pooled(text, lengths) - self.shift) * self.scale, p, self.training)
        if self.hidden is not None:
            x = F.dropout(F.relu(F.linear(x, self.hidden, self.hidden_bias)), p / 4, self.training)
        return F.linear(x, self.output, self.bias)

    def pooled(self, text: Tensor, lengths: Tensor) -> Tensor:
        """The states of all words as one vector: text (T, B), lengths (B,) as in `scores` -> (B, pooling.size)."""
        steps, order, places = unpad(lengths, len(text))
        p = self.config.dropout_embedding if self.training else 0.0
        x = embed(text.flatten()[places.to(text.device)], self.embedding, p)
        x = row_dropout(x, steps, self.config.dropout, True, self.training, self.stack.compute)
        outputs, state = self.stack.rows(x, steps, self.stack.zero_state(len(order)))
        last = torch.cat([layer[0] for layer in state[-self.stack.directions :]], dim=1)
        return self.pooling(outputs, last, steps)[order.argsort().to(text.device)]

    def log_probs(self, scores: Tensor) -> Tensor:
        """The classes' log-probabilities (B, classes) from what `scores` gave; not for regression."""
        if self.thresholds is None:
            return scores.log_softmax(dim=1)
        return ordinal_log_probs(scores[:, 0], self.thresholds)

    def forward(self, batch: TextBatch, state: None = None) -> Loss:
        """The summed loss of a batch: -log p in nats, weighted by class in training; of regression half the squares."""
        scores = self.scores(batch.text, batch.lengths)
        labels = batch.labels.to(scores.device)
        if self.config.regression:
            nll = 0.5 * (scores[:, 0] - labels).square()
            return Loss(nll.sum(), nll.new_zeros(()), len(labels), None)
        nll = F.nll_loss(self.log_probs(scores), labels, reduction="none")
        weights = self.class_weights[labels] if self.training else torch.ones_like(nll)
        return Loss(nll.sum(), ((weights - 1) * nll).sum(), len(labels), None)


def ordinal_log_probs(score: Tensor, thresholds: Tensor) -> Tensor:
    """Proportional odds: P(class <= k) = sigmoid(t_k - score), t_1 < t_2 < ... (McCullagh 1980, equation 2.2).

    score (B,), thresholds (K - 1,) as the first t and the logarithms of the steps to the others -> (B, K).
    """
    ascending = torch.cat([thresholds[:1], thresholds[:1] + thresholds[1:].exp().cumsum(0)])
    below = ascending[None, :] - score[:, None]  # (B, K - 1)
    # log(sigmoid(b) - sigmoid(a)) = logsigmoid(b) + logsigmoid(-a) + log(1 - exp(a - b)) for a < b
    gaps = torch.log(-torch.expm1(-thresholds[1:].exp()))  # (K - 2,)
    middle = F.logsigmoid(below[:, 1:]) + F.logsigmoid(-below[:, :-1]) + gaps
    return torch.cat([F.logsigmoid(below[:, :1]), middle, F.logsigmoid(-below[:, -1:])], dim=1)


def _even_thresholds(classes: int) -> Tensor:
    """Thresholds at which a score of 0 makes all of K classes equally likely, as `ordinal_log_probs` takes them."""
    ascending = [math.log(k / (classes - k)) for k in range(1, classes)]
    steps = [math.log(high - low) for low, high in pairwise(ascending)]
    return torch.tensor([*ascending[:1], *steps])
