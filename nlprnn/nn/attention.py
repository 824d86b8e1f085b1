"""Attention: for each query a weighted mean of a memory's vectors, the weights from how well keys and query agree."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from nlprnn.nn.kernels.dispatch import Compute, linear

ADDED = 1 << 24  # numbers in a (queries x positions x units) block of additive attention


class Memory(NamedTuple):
    """What is attended to, prepared once for many queries."""

    keys: Tensor  # (B, S, Q): additive attention's are projected, bilinear attention's multiplied by its matrix
    values: Tensor  # (B, S, K)
    outside: Tensor  # (B, S) bool: padding

    def select(self, sources: Tensor) -> Memory:
        """The same for only some of the B sources."""
        return Memory(self.keys[sources], self.values[sources], self.outside[sources])


class Attention(nn.Module):
    """`dot`: q.k; `bilinear`: q W k (both Luong, Pham and Manning 2015, section 3.1); `additive`: v tanh(W q + U k)
    (Bahdanau, Cho and Bengio 2015, appendix A.1.2).

    Queries have size `queries`, the memory's vectors size `keys`; dot attention needs both to be equal.
    """

    w_key: nn.Parameter | None  # (Q, K)
    w_query: nn.Parameter | None  # (Q, Q)
    v: nn.Parameter | None  # (Q,)

    def __init__(self, kind: str, queries: int, keys: int, generator: torch.Generator) -> None:
        super().__init__()
        assert kind != "dot" or queries == keys
        self.kind = kind
        self.compute = Compute()
        shapes: dict[str, dict[str, tuple[int, ...]]] = {
            "dot": {},
            "bilinear": {"w_key": (queries, keys)},
            "additive": {"w_key": (queries, keys), "w_query": (queries, queries), "v": (queries,)},
        }
        for name in ("w_key", "w_query", "v"):
            shape = shapes[kind].get(name)
            self.register_parameter(name, None if shape is None else nn.Parameter(torch.empty(shape)))
        with torch.no_grad():
            for parameter in self.parameters():
                bound = parameter.shape[-1] ** -0.5
                parameter.uniform_(-bound, bound, generator=generator)

    def prepare(self, memory: Tensor, lengths: Tensor) -> Memory:
        """memory (S, B, K), of which each source's first `lengths` (B,) are no padding."""
        values = memory.transpose(0, 1).contiguous()  # (B, S, K)
        compute = self.compute.when(self.training)
        keys = values if self.w_key is None else linear(compute, values, self.w_key)
        places = torch.arange(len(memory), device=memory.device)
        return Memory(keys, values, places >= lengths.to(memory.device)[:, None])

    def forward(self, queries: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """queries (B, T, Q) -> context (B, T, K), weights (B, T, S) that sum to one and are zero at padding."""
        if self.kind == "additive":
            scores = self._added(queries, memory.keys)
        else:
            scores = torch.bmm(queries, memory.keys.transpose(1, 2))  # (B, T, S)
        weights = scores.masked_fill(memory.outside[:, None, :], -torch.inf).softmax(dim=-1)
        return torch.bmm(weights, memory.values), weights

    def _added(self, queries: Tensor, keys: Tensor) -> Tensor:
        assert self.w_query is not None and self.v is not None
        projected = nn.functional.linear(queries, self.w_query)
        most = max(ADDED // keys.numel(), 1)
        parts = [
            torch.tanh(part[:, :, None, :] + keys[:, None, :, :]) @ self.v  # (B, t, S)
            for part in projected.split(most, dim=1)
        ]
        return torch.cat(parts, dim=1)
