"""The largest numbers of each row against a stable sort of all of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nlprnn.nn.kernels import dispatch, library, native, ranking

Largest = Callable[[Tensor, int], tuple[Tensor, Tensor]]
WAYS: dict[str, Largest] = {"torch": ranking.largest, "whichever": dispatch.largest}
for number in range(1, library.instructions() + 1):
    WAYS[library.INSTRUCTIONS[number]] = lambda x, k, number=number: native.largest(number, x, k)


def rows(columns: int, kind: str) -> Tensor:
    generator = torch.Generator().manual_seed(columns)
    if kind == "all different":
        return torch.stack([torch.randperm(columns, generator=generator) for _ in range(7)]).float()
    if kind == "few different":
        return torch.randint(0, 4, (7, columns), generator=generator).float()
    x = torch.randn(7, columns, generator=generator)
    x[x < 1] = -torch.inf  # most of them, so that some have to be taken
    return x


@pytest.mark.parametrize("kind", ["all different", "few different", "mostly minus infinity"])
@pytest.mark.parametrize(("columns", "k"), [(1, 1), (5, 3), (64, 64), (127, 2), (128, 6), (1003, 11), (6000, 3)])
@pytest.mark.parametrize("way", list(WAYS))
def test_the_largest_come_in_order_and_of_equals_the_first(way: str, columns: int, k: int, kind: str) -> None:
    x = rows(columns, kind)
    values, places = WAYS[way](x, k)
    wanted = x.sort(dim=1, descending=True, stable=True)
    assert torch.equal(values, wanted.values[:, :k]) and torch.equal(places, wanted.indices[:, :k])


def test_more_than_there_are_and_more_than_a_few_are_found_too() -> None:
    x = rows(300, "few different")
    wanted = x.sort(dim=1, descending=True, stable=True).indices
    assert torch.equal(dispatch.largest(x, 999)[1], wanted)
    assert torch.equal(dispatch.largest(x, 200)[1], wanted[:, :200])
    assert torch.equal(dispatch.largest(x.double(), 5)[1], wanted[:, :5])
    assert torch.equal(dispatch.largest(x.t().contiguous().t(), 5)[1], wanted[:, :5])
