"""The bag-of-words classifier that a recurrent one has to beat: NB-SVM on uni- and bigrams. Knows no torch.

Wang and Manning 2012, section 2. A text is the set of its unigrams and bigrams, f in {0, 1}^F. For each class against
all others, with p and q one plus the number of texts inside and outside of the class that contain a feature:

    r = log((p / |p|_1) / (q / |q|_1))                      the log-count ratio of naive Bayes, (F,)
    w, b = a linear SVM with squared hinge loss on f * r    strength C: how much the training texts weigh
    w' = (1 - beta) |w|_1 / F + beta w                      interpolation between naive Bayes and SVM
    score = w' . (f * r) + b                                the highest score of a class wins

The paper's constants, C = 1 and beta = 0.25, suit its two classes; what suits a training set is found by cross-
validation on it. Tokens and bigrams that training did not see count nothing.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from nlprnn.errors import ModelDirectoryError

SMOOTHING = 1.0  # alpha in the paper
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # of equally good ones the first, the most cautious, is taken
INTERPOLATIONS = (1.0, 0.5, 0.25)
FOLDS = 5
TOLERANCE = 0.01  # of the solver: a hundredth of it takes twice the time and decides alike
MOST_ITERATIONS = 1000  # which it takes at most, should a text set be hard to separate


class Settings(NamedTuple):
    """What cross-validation chooses: C and beta of the paper."""

    strength: float
    interpolation: float


class _Solution(NamedTuple):
    """One linear classifier a class: ratios and weights (K, F), bias (K,)."""

    ratios: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def merged(self, interpolation: float) -> np.ndarray:
        """r * w', (K, F): what a feature adds to the score of each class."""
        mean = np.abs(self.weights).sum(axis=1, keepdims=True) / max(1, self.weights.shape[1])
        return self.ratios * ((1 - interpolation) * mean + interpolation * self.weights)


@dataclass(frozen=True, eq=False)
class BagOfWords:
    """A trained classifier of token sequences.

    types: the V token strings. bigrams: (M,) int64, ascending, first * V + second by their numbers in types.
    weights: (V + M, K) float32, of unigrams, then of bigrams. bias: (K,) float32.
    """

    types: list[str]
    bigrams: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    settings: Settings

    @classmethod
    def fit(
        cls, texts: Sequence[Sequence[str]], labels: np.ndarray, classes: int, settings: Settings | None = None
    ) -> BagOfWords:
        """From texts, each a sequence of tokens, and their labels (N,), 0 to classes - 1; a class may have no text.

        Without settings those of the highest accuracy in cross-validation are taken. The same input gives the same
        model.
        """
        labels = np.asarray(labels)
        assert len(texts) == len(labels) > 0, (len(texts), len(labels))
        assert labels.min() >= 0 and labels.max() < classes, f"labels are 0 to {classes - 1}"
        types = sorted(set(chain.from_iterable(texts)))
        ids, rows = _encode(texts, types)
        bigrams = np.unique(_bigrams(ids, rows, len(types))[0])
        features = _features(ids, rows, len(texts), len(types), bigrams)
        settings = settings or choose_settings(features, labels, classes)
        solution = _solve(features, labels, classes, settings.strength)
        weights = np.ascontiguousarray(solution.merged(settings.interpolation).T, dtype=np.float32)
        return cls(types, bigrams, weights, solution.bias.astype(np.float32), settings)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], types: Sequence[str]) -> BagOfWords:
        """The classifier of `arrays()` and `types`; ModelDirectoryError if they make none."""
        kinds = {"bigrams": ("int64", 1), "weights": ("float32", 2), "bias": ("float32", 1), "settings": ("float64", 1)}
        if {name: (str(array.dtype), array.ndim) for name, array in arrays.items()} != kinds:
            raise _broken(f"its arrays are not {', '.join(kinds)}")
        bigrams, weights, bias = arrays["bigrams"], arrays["weights"], arrays["bias"]
        if len(arrays["settings"]) != len(Settings._fields):
            raise _broken(f"it has {len(arrays['settings'])} settings")
        if not isinstance(types, list) or not all(isinstance(name, str) for name in types):
            raise _broken("its types are not a list of strings")
        if len(set(types)) != len(types):
            raise _broken("a type stands twice in it")
        if weights.shape != (len(types) + len(bigrams), len(bias)) or not len(bias):
            raise _broken(f"weights of shape {weights.shape} for {len(types)} types and {len(bigrams)} bigrams")
        if len(bigrams) and (bigrams[0] < 0 or bigrams[-1] >= len(types) ** 2 or (bigrams[1:] <= bigrams[:-1]).any()):
            raise _broken("its bigrams are not ascending numbers of pairs of types")
        if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
            raise _broken("a weight is not finite")
        return cls(types, bigrams, weights, bias, Settings(*arrays["settings"].tolist()))

    def arrays(self) -> dict[str, np.ndarray]:
        """All but `types`, which is a list for JSON."""
        settings = np.array(self.settings, dtype=np.float64)
        return {"bigrams": self.bigrams, "weights": self.weights, "bias": self.bias, "settings": settings}

    def predict_scores(self, texts: Sequence[Sequence[str]]) -> np.ndarray:
        """The score of every class, (N, K) float32: distances from the planes, no probabilities."""
        ids, rows = _encode(texts, self.types)
        features = _features(ids, rows, len(texts), len(self.types), self.bigrams)
        return np.asarray(features @ self.weights + self.bias, dtype=np.float32)

    def predict(self, texts: Sequence[Sequence[str]]) -> np.ndarray:
        """The class of the highest score, (N,) int64; the first among equals."""
        return self.predict_scores(texts).argmax(axis=1)


def choose_settings(features: Any, labels: np.ndarray, classes: int) -> Settings:
    """Of STRENGTHS and INTERPOLATIONS those of the highest accuracy on held-out folds, counted over all texts.

    features: sparse (N, F). Folds are dealt out class by class, so that each has its share of all classes.
    """
    fold = np.empty(len(labels), dtype=np.int64)
    fold[np.argsort(labels, kind="stable")] = np.arange(len(labels)) % FOLDS
    correct = dict.fromkeys((Settings(c, beta) for c in STRENGTHS for beta in INTERPOLATIONS), 0)
    for held in range(FOLDS):
        inside, outside = features[fold == held], features[fold != held]
        seen = outside.getnnz(axis=0) > 0  # a model of these texts would know no other features
        inside, outside = inside[:, seen], outside[:, seen]
        for strength in STRENGTHS:
            solution = _solve(outside, labels[fold != held], classes, strength)
            for interpolation in INTERPOLATIONS:
                scores = inside @ solution.merged(interpolation).T + solution.bias
                hits = scores.argmax(axis=1) == labels[fold == held]
                correct[Settings(strength, interpolation)] += int(hits.sum())
    return max(correct, key=lambda settings: correct[settings])


def _solve(features: Any, labels: np.ndarray, classes: int, strength: float) -> _Solution:
    """Each class against all others. features: sparse (N, F), labels: (N,)."""
    shape = (classes, features.shape[1])
    solution = _Solution(np.zeros(shape), np.zeros(shape), np.zeros(classes))
    for one in range(classes):
        inside = labels == one
        if inside.all() or not inside.any() or not features.shape[1]:
            solution.bias[one] = 2 * inside.sum() / max(1, len(inside)) - 1  # where the loss of a bias alone is lowest
            continue
        counts = [SMOOTHING + np.asarray(features[side].sum(axis=0)).ravel() for side in (inside, ~inside)]
        ratios = np.log(counts[0] / counts[0].sum()) - np.log(counts[1] / counts[1].sum())
        scaled = features.copy()
        scaled.data = features.data * ratios[features.indices]
        solution.ratios[one] = ratios
        solution.weights[one], solution.bias[one] = _svm(scaled, inside, strength)
    return solution


def _svm(features: Any, inside: np.ndarray, strength: float) -> tuple[np.ndarray, float]:
    """Weights (F,) and bias of a linear SVM, squared hinge loss, that separates the texts inside (N,) from the rest."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    machine = LinearSVC(
        C=strength, loss="squared_hinge", dual=True, tol=TOLERANCE, max_iter=MOST_ITERATIONS, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(features, inside)
    return machine.coef_[0], float(machine.intercept_[0])


def _encode(texts: Iterable[Sequence[str]], types: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The number of each token of all texts, -1 for an unknown one, and of the text it stands in: both (T,) int64."""
    texts = list(texts)
    number = {name: i for i, name in enumerate(types)}
    ids = np.fromiter((number.get(token, -1) for token in chain.from_iterable(texts)), dtype=np.int64)
    return ids, np.repeat(np.arange(len(texts)), [len(text) for text in texts])


def _bigrams(ids: np.ndarray, rows: np.ndarray, types: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of all pairs of known neighbours, and of the texts they stand in."""
    whole = (rows[1:] == rows[:-1]) & (ids[1:] >= 0) & (ids[:-1] >= 0)
    return (ids[:-1] * types + ids[1:])[whole], rows[1:][whole]


def _features(ids: np.ndarray, rows: np.ndarray, texts: int, types: int, bigrams: np.ndarray) -> Any:
    """Which features each text has: a sparse matrix (N, F) of ones."""
    from scipy.sparse import csr_matrix

    pairs, pair_rows = _bigrams(ids, rows, types)
    rank = np.searchsorted(bigrams, pairs)
    stored = rank < len(bigrams)
    stored[stored] = bigrams[rank[stored]] == pairs[stored]
    row = np.concatenate([rows[ids >= 0], pair_rows[stored]])
    column = np.concatenate([ids[ids >= 0], types + rank[stored]])
    features = csr_matrix((np.ones(len(row)), (row, column)), shape=(texts, types + len(bigrams)))
    features.data[:] = 1.0  # repetitions were added up
    return features


def _broken(what: str) -> ModelDirectoryError:
    return ModelDirectoryError(f"the bag-of-words baseline is broken: {what}; train the model again")
