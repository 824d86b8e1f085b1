"""Both ends of the vocabulary: the embedding in, and loss or logits out, with one matrix for both when tied."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nlprnn.nn.dropout import embedding_dropout
from nlprnn.nn.kernels.dispatch import Compute, linear_cross_entropy, log_mass

# First embeddings of translators and classifiers are drawn from +-0.5. From +-0.1, as is usual for language models,
# attention is learnt far later (docs/experiments.md); for classifiers the two were compared once, and nearly equal.
WIDE = 0.5
NARROW = 0.1  # output layers of their own


def embed(ids: Tensor, matrix: Tensor, p: float, sparse: bool = False) -> Tensor:
    """Rows of a matrix (V, E) for ids (...) -> (..., E), whole types dropped with probability p.

    `sparse`: its gradient is of the rows read alone.
    """
    embedded = F.embedding(ids, matrix, sparse=sparse)
    scale = embedding_dropout(matrix, p, training=True)
    return embedded if scale is None else embedded * F.embedding(ids, scale)


class Vocabulary(nn.Module):
    """Embedding (V, E) and output layer (V, H) or, tied, the embedding itself (Press and Wolf 2017; Inan et al. 2017).

    Where tied sizes differ, a projection (E, H) without bias stands before the output matrix.
    """

    def __init__(
        self,
        size: int,
        embedding: int,
        hidden: int,
        tied: bool,
        dropout_embedding: float = 0.0,
        init_range: float | None = None,
        generator: torch.Generator | None = None,
        embedding_range: float = NARROW,
    ) -> None:
        super().__init__()
        self.dropout_embedding = dropout_embedding
        self.compute = Compute()
        self.sparse = False  # whether the embedding's gradient is of the rows read alone
        self.embedding = nn.Parameter(torch.empty(size, embedding))
        self.projection = nn.Parameter(torch.empty(embedding, hidden)) if tied and embedding != hidden else None
        self.output = None if tied else nn.Parameter(torch.empty(size, hidden))
        self.bias = nn.Parameter(torch.zeros(size))
        with torch.no_grad():
            for weight, usual in ((self.embedding, embedding_range), (self.output, NARROW)):
                if weight is not None:
                    bound = usual if init_range is None else init_range
                    weight.uniform_(-bound, bound, generator=generator)
            if self.projection is not None:
                scale = hidden**-0.5 if init_range is None else init_range
                self.projection.uniform_(-scale, scale, generator=generator)

    def start_at(self, counts: Tensor) -> None:
        """Have the output's biases be the log of each type's share of `counts` (V,), with each seen once more.

        Logits then begin as a unigram model, which otherwise takes an epoch to be learnt (docs/experiments.md).
        """
        with torch.no_grad():
            self.bias.copy_(torch.log((counts + 1) / (counts + 1).sum()))

    def start_near(self, vectors: Tensor, embedding_range: float) -> None:
        """Have the embeddings be `vectors` (V, E) of length 1, made as long as those that are drawn from the range.

        A type whose vector is zero keeps the embedding that it has.
        """
        length = embedding_range * (vectors.shape[1] / 3) ** 0.5  # a uniform variable's variance is a third
        vectors = vectors.to(self.embedding.device)
        told = (vectors != 0).any(dim=1, keepdim=True)
        with torch.no_grad():
            self.embedding.copy_(torch.where(told, length * vectors, self.embedding))

    @property
    def fused(self) -> bool:
        """Whether losses are computed without a (tokens x types) block of logits."""
        return self.compute.kernels == "native"

    def embed(self, ids: Tensor) -> Tensor:
        """Token ids (T, B) -> embeddings (T, B, E); in training whole types are dropped."""
        return embed(ids, self.embedding, self.dropout_embedding if self.training else 0.0, self.sparse)

    def logits(self, x: Tensor) -> Tensor:
        """Outputs of the stack (..., H) -> unnormalised scores (..., V)."""
        return F.linear(self._projected(x), self.matrix(), self.bias)

    def losses(self, x: Tensor, targets: Tensor, mask: Tensor | None = None) -> Tensor:
        """-log p(target), in nats, of each token: x (T, B, H), targets (T, B) -> (T, B); 0 where the mask is False."""
        compute = self.compute.when(self.training)
        rows, wanted = (x.flatten(0, 1), targets.flatten()) if mask is None else (x[mask], targets[mask])
        losses, _ = linear_cross_entropy(compute, self._projected(rows), self.matrix(), self.bias, wanted)
        if mask is None:
            return losses.view_as(targets)
        return losses.new_zeros(targets.shape).masked_scatter(mask, losses)

    def objective(self, x: Tensor, targets: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
        """What to train on with label smoothing, and -log p(target) without a gradient: rows (N, H) -> two (N,)."""
        compute = self.compute.when(self.training)
        return linear_cross_entropy(compute, self._projected(x), self.matrix(), self.bias, targets, smoothing)

    def log_mass(self, x: Tensor, targets: Tensor, subset: Tensor) -> tuple[Tensor, Tensor]:
        """log p(target) and the log of the mass on a subset (V,) bool of all types: x (T, B, H) -> (T, B), (T, B)."""
        rows = self._projected(x).flatten(0, 1)
        found = log_mass(Compute(self.compute.kernels), rows, self.matrix(), self.bias, targets.flatten(), subset)
        return found[0].view_as(targets), found[1].view_as(targets)

    def matrix(self) -> Tensor:
        """The output layer's weights: (V, H), or (V, E) after a projection."""
        return self.embedding if self.output is None else self.output

    def _projected(self, x: Tensor) -> Tensor:
        return x if self.projection is None else F.linear(x, self.projection)
