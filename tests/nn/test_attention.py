"""Attention against loops written from the papers' formulas."""

from __future__ import annotations

import math

import pytest
import torch

from nlprnn.nn import attention
from nlprnn.nn.attention import Attention

S, B, T, SIZE = 5, 3, 4, 6
LENGTHS = torch.tensor([5, 1, 3])


def make(kind: str) -> tuple[Attention, torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return (
        Attention(kind, SIZE, SIZE, torch.Generator().manual_seed(2)),
        torch.randn(S, B, SIZE),
        torch.randn(B, T, SIZE),
    )


def score(layer: Attention, query: torch.Tensor, key: torch.Tensor) -> float:
    if layer.kind == "dot":
        return float(query @ key)
    if layer.kind == "bilinear":
        return float(query @ layer.w_key @ key)
    return float(layer.v @ torch.tanh(layer.w_query @ query + layer.w_key @ key))


@pytest.mark.parametrize("block", [1, 1 << 24])
@pytest.mark.parametrize("kind", ["dot", "bilinear", "additive"])
def test_weights_and_context_are_those_of_the_formula(kind: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "ADDED", block)
    layer, memory, queries = make(kind)
    with torch.no_grad():
        context, weights = layer(queries, layer.prepare(memory, LENGTHS))
        for b in range(B):
            for t in range(T):
                exponentials = [
                    math.exp(score(layer, queries[b, t], memory[s, b])) if s < LENGTHS[b] else 0.0 for s in range(S)
                ]
                wanted = torch.tensor(exponentials) / sum(exponentials)
                torch.testing.assert_close(weights[b, t], wanted, rtol=1e-4, atol=1e-6)
                torch.testing.assert_close(context[b, t], wanted @ memory[:, b], rtol=1e-4, atol=1e-5)


def test_some_sources_of_a_memory_are_attended_to_as_in_the_whole() -> None:
    layer, memory, queries = make("bilinear")
    whole, _ = layer(queries, layer.prepare(memory, LENGTHS))
    kept = torch.tensor([2, 0])
    part, _ = layer(queries[kept], layer.prepare(memory, LENGTHS).select(kept))
    torch.testing.assert_close(part, whole[kept])


def test_a_query_and_a_memory_of_other_sizes_agree_through_a_matrix() -> None:
    for kind in ("bilinear", "additive"):
        layer = Attention(kind, 4, 10, torch.Generator().manual_seed(2))
        context, weights = layer(torch.randn(2, 3, 4), layer.prepare(torch.randn(7, 2, 10), torch.tensor([7, 2])))
        assert context.shape == (2, 3, 10)
        torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3))
        assert torch.equal(weights[1, :, 2:], torch.zeros(3, 5))
