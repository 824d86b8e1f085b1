"""What the neighbours of each type tell of it: vectors from counts, with which embeddings can begin.

Positive pointwise mutual information, factorised (Levy and Goldberg 2014, Neural word embedding as implicit matrix
factorization, equation 12), with the smoothed contexts and the square root of the singular values of Levy, Goldberg and
Dagan 2015. Contexts are told apart by their place: the word before, the word after, the one before that, and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

WINDOW = 2  # neighbours on either side
SMOOTHING = 0.75  # the power of a context's frequency (Levy et al. 2015, section 3.2)
PASSES = 2  # power iterations of the randomised factorisation (Halko, Martinsson and Tropp 2011)
SPARE = 30  # dimensions that it computes and drops
TELLING = 1e-6  # of the longest vector; shorter ones are rounding
PIECE = 1_000_000  # ids counted at a time
MOST_PIECES = 20  # of a longer text evenly spread pieces are counted


def neighbour_vectors(
    ids: np.ndarray,
    types: int,
    dimensions: int,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> np.ndarray:
    """Vectors (types, dimensions) float32 of length 1, alike where types have like neighbours in `ids` (N,).

    Zeros stand for a type without telling neighbours. With fewer types than dimensions the vectors fill a subspace. A
    random rotation spreads them over all dimensions, so none matters more than another.
    """
    from sklearn.utils.extmath import randomized_svd

    starts = range(0, len(ids), PIECE)
    pieces = starts[:: max(-(-len(starts) // MOST_PIECES), 1)]
    counts = _counts(ids, types, pieces, lambda done: progress(done, len(pieces) + 1))
    contexts = _positive_information(counts)
    rank = min(dimensions, types)
    left, values, _ = randomized_svd(contexts, rank, n_oversamples=SPARE, n_iter=PASSES, random_state=seed % 2**32)
    vectors = np.zeros((types, dimensions))
    vectors[:, :rank] = left * np.sqrt(values)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    telling = lengths > TELLING * lengths.max(initial=0.0)
    vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=telling)
    progress(len(pieces) + 1, len(pieces) + 1)
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((dimensions, dimensions)))
    return (vectors @ rotation).astype(np.float32)


def _counts(ids: np.ndarray, types: int, pieces: Sequence[int], progress: Callable[[int], None]) -> csr_array:
    """How often each type stands at each place beside each other: (types, 2 x WINDOW x types)."""
    from scipy.sparse import coo_array, csr_array, hstack

    beside = [csr_array((types, types), dtype=np.int64) for _ in range(WINDOW)]
    for number, start in enumerate(pieces):
        piece = np.asarray(ids[start : start + PIECE], dtype=np.int64)
        for distance in range(1, min(WINDOW, len(piece) - 1) + 1):
            pair = (piece[:-distance], piece[distance:])
            ones = np.ones(len(pair[0]), dtype=np.int64)
            beside[distance - 1] += coo_array((ones, pair), shape=(types, types)).tocsr()
        progress(number + 1)
    return hstack([side for counts in beside for side in (counts, counts.T)], format="csr")


def _positive_information(counts: csr_array) -> csr_array:
    """max(0, log(p(type, context) / (p(type) p(context)))), with p(context) smoothed."""
    cells = counts.tocoo()
    types, contexts = counts.sum(axis=1), counts.sum(axis=0) ** SMOOTHING
    expected = types[cells.row] * contexts[cells.col] / contexts.sum()
    cells.data = np.maximum(np.log(cells.data / expected), 0.0)
    found = cells.tocsr()
    found.eliminate_zeros()
    return found
