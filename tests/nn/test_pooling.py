"""Pooling, against each sequence by itself."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from nlprnn.config.classification import POOLINGS
from nlprnn.nn.pooling import Pooling
from nlprnn.nn.steps import unpad

SIZE, LENGTHS = 6, torch.tensor([4, 1, 7, 3])


def alone(pooling: Pooling, outputs: Tensor, last: Tensor) -> Tensor:
    """What one sequence of outputs (t, H) and its last states (H,) should become."""
    found = {"last": last, "mean": outputs.mean(0), "max": outputs.max(0).values}
    if pooling.kind == "concatenated":
        return torch.cat([found["last"], found["max"], found["mean"]])
    if pooling.kind == "attention":
        u = torch.tanh(outputs @ pooling.w.T + pooling.b)  # Yang et al. 2016, equations 5 to 7
        chances = torch.exp(u @ pooling.v) / torch.exp(u @ pooling.v).sum()
        return sum(chance * row for chance, row in zip(chances, outputs, strict=True))
    return found[pooling.kind]


@pytest.mark.parametrize("kind", POOLINGS)
def test_a_batch_is_pooled_as_each_sequence_alone(kind: str) -> None:
    generator = torch.Generator().manual_seed(1)
    pooling = Pooling(kind, SIZE, generator)
    outputs = torch.randn(7, 4, SIZE, generator=generator) - 3
    last = torch.randn(4, SIZE, generator=generator)
    steps, order, places = unpad(LENGTHS, 7)
    found = pooling(outputs.flatten(0, 1)[places], last[order], steps)
    assert found.shape == (4, pooling.size)
    for row, index in enumerate(order.tolist()):
        own = outputs[: LENGTHS[index], index]
        torch.testing.assert_close(found[row], alone(pooling, own, last[index]))
