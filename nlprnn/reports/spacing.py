"""Places kept apart: where names stand that would otherwise cover each other."""

from __future__ import annotations

from collections.abc import Sequence


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Places in ascending order, as near to those `wanted` (ascending) as is possible with `apart` between them.

    All lie between `low` and `high`, if there is room. Neighbours that would meet form a block around their mean.
    """
    blocks: list[list[float]] = []  # of each: how many places, and the sum of where their block would like to begin
    for value in wanted:
        blocks.append([1.0, value])
        while len(blocks) > 1 and _begin(blocks[-2]) + apart * blocks[-2][0] > _begin(blocks[-1]):
            count, total = blocks.pop()
            before = blocks[-1]
            blocks[-1] = [before[0] + count, before[1] + total - apart * before[0] * count]
    found: list[float] = []
    for block in blocks:
        found += [_begin(block) + apart * step for step in range(int(block[0]))]
    for place, value in enumerate(found):
        found[place] = max(value, low + apart * place)
    for back, value in enumerate(reversed(found)):
        found[len(found) - 1 - back] = min(value, high - apart * back)
    return found


def _begin(block: Sequence[float]) -> float:
    return block[1] / block[0]
