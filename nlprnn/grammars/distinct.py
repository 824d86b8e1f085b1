"""Draws without replacement: what is drawn from a grammar until there are enough that differ."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TypeVar

from nlprnn.errors import ConfigError

Drawn = TypeVar("Drawn")

# Draws in a row that bring nothing new, before the grammar is taken to be exhausted.
MOST_FRUITLESS = 100_000


def distinct(
    draw: Callable[[], Drawn | None], text: Callable[[Drawn], str], wanted: int, most: float
) -> Iterator[Drawn]:
    """Yields `wanted` draws of different texts, out of at most `most` that there can be; None is a draw refused.

    What is remembered is eight bytes of hash a draw. Raises ConfigError where `wanted` is more than `most`, or where
    nothing new comes any more.
    """
    if wanted > most:
        raise ConfigError(f"{wanted} sentences are more than the {most} that the grammar can make; ask for fewer")
    seen: set[bytes] = set()
    fruitless = 0
    while len(seen) < wanted:
        drawn = draw()
        key = b"" if drawn is None else hashlib.blake2b(text(drawn).encode(), digest_size=8).digest()
        if drawn is not None and key not in seen:
            seen.add(key)
            fruitless = 0
            yield drawn
            continue
        fruitless += 1
        if fruitless == MOST_FRUITLESS:
            raise ConfigError(f"the grammar seems to make no more than {len(seen)} of these; ask for fewer")
