"""The n-gram language model: what a recurrent network has to beat. Knows ids and probabilities, no text and
no torch.

The model is a backoff model, the form of the ARPA format: for each stored n-gram its log-probability, and for
each that is a context the log of the weight that shorter contexts get after it. For a context h and h'
without its first symbol,

    log p(w | h) = log_prob(h w)                   if that n-gram is stored, else
                   backoff(h) + log p(w | h')      with backoff 0 if h isn't stored

An interpolated Kneser-Ney model has exactly this form (kneser_ney.py). Files in the ARPA format: arpa.py.

The tables are a tree, order by order. At order 1 the node of a token is its id, and that of the symbol `<s>`,
which starts every sentence as context and is never predicted, is V. At order n the n-grams are sorted by
their key

    key = node of the first n - 1 symbols at order n - 1, * V + last id        (int64: no product of five vocabularies)

and an n-gram's node is its rank. A text is followed from left to right: the node of the n-gram that ends at a
position comes from the node of order n - 1 at the position before, for all positions at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nlprnn.errors import ModelDirectoryError
from nlprnn.models.kneser_ney import estimate_tables

EOS = 0
UNK = 1
CHUNK = 1 << 18
"""Tokens looked up at once; bounds the working memory to some tens of megabytes."""


@dataclass(frozen=True, eq=False)
class NGramModel:
    """Backoff tables: lists with one array per order, index 0 for order 1. All logs are natural.

    keys: (M_n,) int64, ascending; empty at order 1, where the node is the id. log_probs: (M_n,) float32; (V + 1,)
    at order 1, where the last, of `<s>`, is never used. backoffs: (M_n,) float32; empty at the highest order.
    notes: what estimation or reading had to decide, for the user.
    """

    keys: list[np.ndarray]
    log_probs: list[np.ndarray]
    backoffs: list[np.ndarray]
    notes: list[str]

    @property
    def order(self) -> int:
        """Symbols in the longest n-gram."""
        return len(self.log_probs)

    @property
    def vocabulary(self) -> int:
        """V, the number of types that can be predicted, `<eos>` and `<unk>` among them."""
        return len(self.log_probs[0]) - 1

    @classmethod
    def estimate(cls, ids: np.ndarray, vocabulary: int, order: int = 5) -> NGramModel:
        """Interpolated modified Kneser-Ney from ids (T,), sentences ended by `<eos>`; see kneser_ney.py.

        For every context the probabilities of the V types sum to one, unseen types included. DataError without tokens.
        """
        return cls(*estimate_tables(ids, vocabulary, order, EOS))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray], notes: Sequence[str] = ()) -> NGramModel:
        """The model of `tensors()`; ModelDirectoryError if they make no model."""
        order = sum(name.startswith("log_probs.") for name in tensors)
        expected = {f"{kind}.{n}" for n in range(1, order + 1) for kind in ("keys", "log_probs", "backoffs")}
        expected -= {"keys.1", f"backoffs.{order}"}
        if order == 0 or set(tensors) != expected:
            odd = sorted(set(tensors) ^ expected)[:3]
            raise _broken(f"the tensors are not those of one order (see {', '.join(odd) or 'log_probs.1'})")
        for name, tensor in tensors.items():
            wanted = np.int64 if name.startswith("keys.") else np.float32
            if tensor.ndim != 1 or tensor.dtype != wanted:
                raise _broken(f"{name} is {tensor.dtype} of shape {tensor.shape}, not a row of {np.dtype(wanted).name}")
        model = cls(
            [np.zeros(0, dtype=np.int64), *(tensors[f"keys.{n}"] for n in range(2, order + 1))],
            [tensors[f"log_probs.{n}"] for n in range(1, order + 1)],
            [*(tensors[f"backoffs.{n}"] for n in range(1, order)), np.zeros(0, dtype=np.float32)],
            list(notes),
        )
        model._check()
        return model

    def _check(self) -> None:
        if self.vocabulary < 2:
            raise _broken(f"log_probs.1 has {self.vocabulary + 1} entries, fewer than <eos>, <unk> and <s>")
        for n in range(1, self.order + 1):
            keys, log_probs, backoffs = self.keys[n - 1], self.log_probs[n - 1], self.backoffs[n - 1]
            if n > 1:
                bound = len(self.log_probs[n - 2]) * self.vocabulary
                if len(keys) and (keys[0] < 0 or keys[-1] >= bound or (keys[1:] <= keys[:-1]).any()):
                    raise _broken(f"keys.{n} are not ascending between 0 and {bound - 1}")
                if len(keys) != len(log_probs):
                    raise _broken(f"keys.{n} has {len(keys)} entries, log_probs.{n} has {len(log_probs)}")
            if n < self.order and len(backoffs) != len(log_probs):
                raise _broken(f"backoffs.{n} has {len(backoffs)} entries, log_probs.{n} has {len(log_probs)}")
            if not (np.isfinite(log_probs).all() and np.isfinite(backoffs).all()) or (log_probs > 1e-3).any():
                raise _broken(f"order {n} has a log-probability or backoff that is not finite, or above log 1")

    def score(self, sentences: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Each sentence's log-probabilities, (n,) float64 for its ids (n,), `<eos>` included; each starts anew."""
        if not sentences:
            return []
        ends = np.cumsum([len(sentence) for sentence in sentences])
        ids = np.concatenate([np.asarray(sentence, dtype=np.int64) for sentence in sentences])
        return np.split(self._follow_text(ids, ends[:-1]), ends[:-1])

    def stream(self, ids: np.ndarray) -> np.ndarray:
        """Log-probabilities (T,) float64 of ids (T,), sentences ended by `<eos>`; the context after `<eos>` is `<s>`.

        ids may be memory-mapped: besides the result, the memory needed does not grow with T.
        """
        return self._follow_text(ids, np.zeros(0, dtype=np.int64))

    def next_log_probs(self, context: Sequence[int]) -> np.ndarray:
        """Log-probabilities (V,) float64 of the next token after those since the sentence's start.

        A context with an `<eos>` in it starts after the last one.
        """
        ids = np.asarray(context, dtype=np.int64)
        ends = np.flatnonzero(ids == EOS)
        ids = ids[ends[-1] + 1 :] if len(ends) else ids
        reach = ids[max(0, len(ids) - self.order + 1) :]
        opening = self.vocabulary if len(reach) == len(ids) else -1
        nodes = self._after(opening)
        if len(reach):
            _, nodes = self._follow(reach, np.zeros(len(reach), dtype=bool), nodes, opening)
        result = self.log_probs[0][:-1].astype(np.float64)
        for n, node in enumerate(nodes, start=1):
            if node >= 0:
                first = node * self.vocabulary
                low, high = np.searchsorted(self.keys[n], [first, first + self.vocabulary])
                result += self.backoffs[n - 1][node]
                result[self.keys[n][low:high] - first] = self.log_probs[n][low:high]
        return result

    def score_ngrams(self, ngrams: np.ndarray) -> np.ndarray:
        """Log-probability (M,) of the last symbol of each row of ngrams (M, n), given the others and nothing before.

        A V in the first column stands for `<s>`.
        """
        fresh = np.zeros(ngrams.shape, dtype=bool)
        fresh[:, 0] = True
        log_probs, _ = self._follow(ngrams.reshape(-1), fresh.reshape(-1), self._after(-1), -1)
        return log_probs.reshape(ngrams.shape)[:, -1]

    def tensors(self) -> dict[str, np.ndarray]:
        """The tables under the names `keys.2`, `log_probs.1`, `backoffs.1` and so on: int64 and float32."""
        named = {f"log_probs.{n}": table for n, table in enumerate(self.log_probs, start=1)}
        named |= {f"keys.{n}": table for n, table in enumerate(self.keys[1:], start=2)}
        return named | {f"backoffs.{n}": table for n, table in enumerate(self.backoffs[:-1], start=1)}

    def _after(self, opening: int) -> list[int]:
        """The nodes of order 1 to N - 1 after an opening symbol (`<s>`, or -1 for none) and nothing else."""
        return [opening, *[-1] * (self.order - 2)][: self.order - 1]

    def _follow_text(self, ids: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Log-probabilities of ids (T,), by chunks; sentences start after each `<eos>` and at starts, ascending."""
        result = np.empty(len(ids))
        nodes, last = self._after(self.vocabulary), EOS
        for low in range(0, len(ids), CHUNK):
            piece = np.asarray(ids[low : low + CHUNK], dtype=np.int64)
            assert piece.min() >= 0 and piece.max() < self.vocabulary, "token ids must lie in the vocabulary"
            fresh = np.empty(len(piece), dtype=bool)
            fresh[0] = last == EOS
            np.equal(piece[:-1], EOS, out=fresh[1:])
            fresh[starts[slice(*np.searchsorted(starts, [low, low + len(piece)]))] - low] = True
            result[low : low + CHUNK], nodes = self._follow(piece, fresh, nodes, self.vocabulary)
            last = piece[-1]
        return result

    def _follow(
        self, ids: np.ndarray, fresh: np.ndarray, nodes: list[int], opening: int
    ) -> tuple[np.ndarray, list[int]]:
        """Log-probabilities of ids (T,), T > 0, and the nodes of order 1 to N - 1 that end at the last of them.

        nodes: those that end just before the first id. fresh (T,): where `opening` alone is the context instead.
        """
        node = ids  # (T,) of the n-gram that ends here, -1 if it isn't stored
        result = self.log_probs[0][ids].astype(np.float64)
        after = []
        for n in range(2, self.order + 1):
            after.append(int(node[-1]))
            context = np.append(nodes[n - 2], node[:-1])
            context[fresh] = opening if n == 2 else -1
            node = np.full(len(ids), -1)
            known = np.flatnonzero(context >= 0)
            node[known] = found = self._find(n, context[known], ids[known])
            result[known] += self.backoffs[n - 2][context[known]]
            result[known[found >= 0]] = self.log_probs[n - 1][found[found >= 0]]
        return result, after

    def _find(self, n: int, context: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """The nodes of order n for context nodes of order n - 1 and the id after each; -1 where not stored."""
        keys = self.keys[n - 1]
        if len(keys) == 0:
            return np.full(len(ids), -1)
        wanted = context * self.vocabulary + ids
        rank = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[rank] == wanted, rank, -1)


def _broken(what: str) -> ModelDirectoryError:
    return ModelDirectoryError(f"the n-gram tables are broken: {what}; train the model again with train-ngram")
