"""Vectors from neighbours, against the definition computed cell by cell."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest

from nlprnn.text import neighbours
from nlprnn.text.neighbours import WINDOW, neighbour_vectors


def text(seed: int, types: int, length: int) -> list[int]:
    return random.Random(seed).choices(range(types), [types - n for n in range(types)], k=length)


def information(ids: list[int], types: int) -> np.ndarray:
    """Positive pointwise mutual information of types and (place, neighbour), each cell by its definition."""
    pairs: Counter[tuple[int, tuple[int, int]]] = Counter()
    for at, one in enumerate(ids):
        for place in range(-WINDOW, WINDOW + 1):
            if place and 0 <= at + place < len(ids):
                pairs[one, (place, ids[at + place])] += 1
    rows, columns = Counter(), Counter()
    for (one, context), count in pairs.items():
        rows[one] += count
        columns[context] += count
    smoothed = sum(count**0.75 for count in columns.values())
    order = {context: n for n, context in enumerate(sorted(columns))}
    found = np.zeros((types, len(order)))
    for (one, context), count in pairs.items():
        joint, p, q = count / pairs.total(), rows[one] / pairs.total(), columns[context] ** 0.75 / smoothed
        found[one, order[context]] = max(0.0, math.log(joint / (p * q)))
    return found


@pytest.mark.parametrize("dimensions", [9, 14])
def test_products_of_vectors_are_those_of_the_factorised_information(dimensions: int) -> None:
    ids, types = text(1, 9, 200), 9
    vectors = neighbour_vectors(np.array(ids, dtype=np.uint16), types, dimensions, seed=3)
    assert vectors.shape == (types, dimensions) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    cells = information(ids, types)
    values, directions = np.linalg.eigh(cells @ cells.T)
    root = directions @ np.diag(np.sqrt(np.maximum(values, 0))) @ directions.T  # left x values x left^T
    lengths = np.sqrt(np.diag(root))
    np.testing.assert_allclose(vectors @ vectors.T, root / np.outer(lengths, lengths), atol=1e-5)


def test_fewer_dimensions_keep_what_tells_most() -> None:
    """By Eckart and Young: the best root of lower rank has the largest eigenvalues of the whole one alone."""
    chosen, types, few = random.Random(2), 60, 6
    ids = [6 * chosen.randrange(10) + at % few for at in range(3000)]  # six classes of ten types, in turn
    cells = information(ids, types)
    values, directions = np.linalg.eigh(cells @ cells.T)
    kept = directions[:, -few:] * values[-few:] ** 0.25
    kept /= np.linalg.norm(kept, axis=1, keepdims=True)
    vectors = neighbour_vectors(np.array(ids), types, few, seed=1)
    np.testing.assert_allclose(vectors @ vectors.T, kept @ kept.T, atol=0.02)


def test_types_with_the_same_neighbours_have_like_vectors_and_unseen_ones_none() -> None:
    chosen = random.Random(4)
    ids = [token for _ in range(500) for token in (2, chosen.choice((3, 4)), 5, chosen.randrange(6, 9))]
    vectors = neighbour_vectors(np.array(ids), 10, 10, seed=1)
    assert vectors[3] @ vectors[4] > 0.8 > 0.5 > vectors[3] @ vectors[5]
    assert not vectors[[0, 1, 9]].any()


def test_a_text_without_neighbours_has_no_vectors() -> None:
    assert not neighbour_vectors(np.array([1]), 3, 2, seed=1).any()
    assert not neighbour_vectors(np.array([], dtype=np.uint16), 3, 2, seed=1).any()


def test_a_long_text_is_counted_in_pieces_spread_over_it(monkeypatch) -> None:
    monkeypatch.setattr(neighbours, "PIECE", 10)
    monkeypatch.setattr(neighbours, "MOST_PIECES", 4)
    ids, told = np.array(text(5, 6, 95)), []
    found = neighbour_vectors(ids, 6, 6, 1, lambda done, of: told.append((done, of)))
    assert told == [(done, 5) for done in range(1, 6)]
    seen = np.concatenate([ids[start : start + 10] for start in (0, 30, 60, 90)])
    assert found.shape == (6, 6) and set(np.flatnonzero(found.any(axis=1))) <= set(seen)
    monkeypatch.setattr(neighbours, "MOST_PIECES", 10)
    assert not np.allclose(found, neighbour_vectors(ids, 6, 6, 1))


def test_the_same_seed_makes_the_same_vectors() -> None:
    ids = np.array(text(6, 40, 2000))
    first, again, other = (neighbour_vectors(ids, 40, 8, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
