"""Interpolated modified Kneser-Ney estimates from an array of token ids, as tables of a backoff model.

Chen and Goodman (1998), "An Empirical Study of Smoothing Techniques for Language Modeling", section 3: for an
n-gram that is the context h followed by w, with h' as h without its first symbol,

    p(w | h) = (c(hw) - D(c(hw))) / c(h.) + g(h) p(w | h')
    g(h) = sum of D(c(hw)) over the w seen after h, / c(h.)

where c is the number of occurrences at the highest order and for n-grams that start with `<s>`, and otherwise
the number of different symbols seen before the n-gram; h. is h followed by anything. Below order 1 stands the
uniform distribution over the vocabulary. Nothing is pruned.

Knows arrays only; what the tables look like and how they are looked up is said in ngram.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nlprnn.errors import DataError

FALLBACK = (0.5, 1.0, 1.5)
"""Discounts of counts 1, 2, and 3 or more where n1 or n2 is zero, so that not even one can be estimated."""


@dataclass(frozen=True, eq=False)
class _Counted:
    """The n-grams of one order: keys (M,), counts (M,), and the nodes (M,) of the same without their first symbol."""

    keys: np.ndarray
    counts: np.ndarray
    suffix: np.ndarray


def estimate_tables(
    ids: np.ndarray, vocabulary: int, order: int, eos: int
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray], list[str]]:
    """Keys, log-probabilities and log backoffs of the orders 1 to `order`, and notes on discounts that fell back.

    ids (T,) of any integer type, may be memory-mapped; each sentence ends with `eos`, the last one may be open.
    DataError if there is no token at all.
    """
    assert ids.ndim == 1 and order >= 1
    if len(ids) == 0:
        raise DataError("the training text has no tokens, so there is nothing to count; give a text with sentences")
    assert int(ids.min()) >= 0 and int(ids.max()) < vocabulary, "token ids must lie in the vocabulary"
    counted = _count(ids, vocabulary, order, eos)
    log_probs: list[np.ndarray] = []
    backoffs: list[np.ndarray] = []
    notes: list[str] = []
    lower = np.full(1, 1 / vocabulary)  # of order 0, one node: the empty n-gram's "probability" of any type
    for n, grams in enumerate(counted, start=1):
        discounts = _discounts(grams.counts, n, notes)
        discount = discounts[np.minimum(grams.counts, 3)]  # (M,); 0 for a type never seen
        context = grams.keys // vocabulary if n > 1 else np.zeros(len(grams.keys), dtype=np.int64)
        nodes = len(log_probs[-1]) if n > 1 else 1
        total = np.bincount(context, weights=grams.counts, minlength=nodes)
        # A context without continuations (it ends in eos) hands all of its mass, 1, to the shorter one.
        gamma = np.bincount(context, weights=discount, minlength=nodes)
        gamma = np.divide(gamma, total, out=np.ones(nodes), where=total > 0)
        if n > 1:
            backoffs.append(np.log(gamma).astype(np.float32))
        lower = (grams.counts - discount) / total[context] + gamma[context] * lower[grams.suffix]
        log_probs.append(np.log(lower).astype(np.float32))
    backoffs.append(np.zeros(0, dtype=np.float32))
    return [np.zeros(0, dtype=np.int64), *(grams.keys for grams in counted[1:])], log_probs, backoffs, notes


def _count(ids: np.ndarray, vocabulary: int, order: int, eos: int) -> list[_Counted]:
    """Count order by order: an n-gram's node is the rank of (node that ends at the position before, id)."""
    small = len(ids) + vocabulary + 1 < 2**31
    # (T,) of the n-gram that ends here, -1 where the sentence's start is too near for one
    node = ids.astype(np.int32 if small else np.int64)
    fresh = np.empty(len(ids), dtype=bool)
    fresh[0] = True
    np.equal(ids[:-1], eos, out=fresh[1:])
    raw = [np.bincount(ids, minlength=vocabulary + 1)]
    keys = [np.arange(vocabulary + 1)]
    suffix = [np.zeros(vocabulary + 1, dtype=np.int64)]
    for n in range(2, order + 1):
        context = np.empty_like(node)
        context[1:] = node[:-1]
        context[fresh] = vocabulary if n == 2 else -1  # `<s>` is one symbol, and nothing stands before it
        inside = np.flatnonzero(context >= 0)
        ranked, rank, occurrences = _rank(context[inside].astype(np.int64) * vocabulary + ids[inside].astype(np.int64))
        keys.append(ranked)
        raw.append(occurrences)
        suffix.append(np.empty(len(ranked), dtype=node.dtype))
        suffix[-1][rank] = node[inside]  # every occurrence writes the same value
        context.fill(-1)
        context[inside] = rank
        node = context
    counted = []
    for n in range(order):
        counts = raw[n]
        if n + 1 < order:
            different = np.bincount(suffix[n + 1], minlength=len(counts))
            # Only an n-gram that starts with <s> is never the end of a longer one; it keeps its occurrences.
            counts = np.where(different > 0, different, counts)
        counted.append(_Counted(keys[n], counts, suffix[n]))
    return counted


def _rank(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different keys, ascending (M,); each key's rank among them (T,); how often each occurs (M,)."""
    order = np.argsort(keys)
    keys = keys[order]
    new = np.empty(len(keys), dtype=bool)
    new[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    first = np.flatnonzero(new)
    rank = np.empty_like(order)
    rank[order] = np.cumsum(new) - 1
    return keys[first], rank, np.diff(first, append=len(keys))


def _discounts(counts: np.ndarray, order: int, notes: list[str]) -> np.ndarray:
    """(4,) the discounts of counts 0, 1, 2, and 3 or more, from how many n-grams have count 1 to 4.

    In a small or generated text these counts of counts may be zero or give a discount that is not positive. Then
    one discount for all counts, n1 / (n1 + 2 n2) (Ney, Essen and Kneser 1994), is used; without n1 or n2, FALLBACK.
    What was done is added to the notes.
    """
    n1, n2, n3, n4 = np.bincount(np.minimum(counts, 5), minlength=6)[1:5].tolist()
    if min(n1, n2, n3, n4) > 0:
        single = n1 / (n1 + 2 * n2)
        modified = (1 - 2 * single * n2 / n1, 2 - 3 * single * n3 / n2, 3 - 4 * single * n4 / n3)
        if min(modified) > 0:  # they cannot exceed 1, 2 and 3
            return np.array([0.0, *modified])
    found = f"order {order}: counts of counts {n1}, {n2}, {n3}, {n4} give no three discounts"
    if not counts.any():
        notes.append(f"order {order}: the training text has no n-gram of this length")
    elif n1 > 0 and n2 > 0:
        notes.append(f"{found}; used {n1 / (n1 + 2 * n2):.4f} for all counts")
        return np.array([0.0, *[n1 / (n1 + 2 * n2)] * 3])
    else:
        notes.append(f"{found}; used {', '.join(map(str, FALLBACK))} for counts 1, 2, and 3 or more")
    return np.array([0.0, *FALLBACK])
