"""How well classes and scores were predicted, and how far the stated probabilities can be believed.

Classes are integers from 0 to K - 1. What follows from counts alone takes the confusion matrix; a class may be missing
from the truth, from the predictions or from both.
"""

from __future__ import annotations

import math

import numpy as np

BINS = 15  # of confidence, as in Guo et al. 2017
TEMPERATURES = (0.01, 100.0)  # between which one is looked for: beyond, probabilities are 0 and 1, or all alike
BISECTIONS = 50  # of that range in logarithms: down to rounding error
LOWEST = -103.0  # log of the smallest float32; stands for the log of a probability that was rounded to 0


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How often each class (row) was taken for each class (column): (K, K) int64 from two (N,) of integers."""
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    assert truth.shape == predicted.shape and truth.ndim == 1, (truth.shape, predicted.shape)
    for labels in (truth, predicted):
        assert not len(labels) or (labels.min() >= 0 and labels.max() < classes), f"classes are 0 to {classes - 1}"
    cells = truth.astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def accuracy_of(confusion: np.ndarray) -> float:
    """The share on the diagonal, 0 to 1. Its interval: `shares.wilson(trace, sum)`."""
    assert confusion.sum() > 0, "accuracy of nothing"
    return float(np.trace(confusion) / confusion.sum())


def macro_f1(confusion: np.ndarray) -> float:
    """The mean over classes of F1 = 2 TP / (2 TP + FP + FN), each class weighing the same.

    A class that is never predicted, or predicted though it never occurs, has F1 0. A class that neither occurs nor is
    predicted has none and is left out of the mean (as scikit-learn does).
    """
    assert confusion.sum() > 0, "F1 of nothing"
    either = confusion.sum(axis=0) + confusion.sum(axis=1)  # 2 TP + FP + FN
    there = either > 0
    return float(np.mean(2 * np.diag(confusion)[there] / either[there]))


def quadratic_kappa(confusion: np.ndarray, values: np.ndarray | None = None) -> float | None:
    """Cohen's kappa weighted by squared distance: 1 - sum(w O) / sum(w E) with w_ij = (v_i - v_j)^2 (Cohen 1968).

    O is the confusion matrix, E the one to expect if truth and prediction were independent with the same frequencies,
    v the `values` (K,) of the classes, by default their numbers. 1 is perfect, 0 no better than chance, which is also
    what constant predictions of varied truth get, and varied predictions of constant truth. Where both are constant and
    the same nothing can be told apart: None. Both constant and different is 0.
    """
    n = confusion.sum()
    assert n > 0, "kappa of nothing"
    scale = np.arange(len(confusion), dtype=np.float64) if values is None else np.asarray(values, dtype=np.float64)
    assert scale.shape == (len(confusion),), scale.shape
    weights = np.square(scale[:, None] - scale[None, :])
    chance = np.outer(confusion.sum(axis=1), confusion.sum(axis=0)) / n
    expected = float((weights * chance).sum())
    return 1.0 - float((weights * confusion).sum()) / expected if expected > 0 else None


def mean_absolute_error(truth: np.ndarray, predicted: np.ndarray) -> float:
    """How far predicted scores (N,) are from the true ones on average, in units of the scores."""
    truth, predicted = np.asarray(truth, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    assert truth.shape == predicted.shape and truth.size, (truth.shape, predicted.shape)
    return float(np.abs(truth - predicted).mean())


def expected_calibration_error(probabilities: np.ndarray, truth: np.ndarray, bins: int = BINS) -> float:
    """ECE: the gap between confidence and accuracy, averaged over texts (Guo et al. 2017, equation 3). 0 to 1.

    probabilities: (N, K), rows summing to one. The confidence of a text is its highest probability, and its prediction
    that class, the first among equals. Bin m of M holds the confidences in ((m - 1) / M, m / M]; empty bins count
    nothing. Figures of different `bins` are not comparable, so tell the number beside the figure.
    """
    probabilities, truth = np.asarray(probabilities, dtype=np.float64), np.asarray(truth)
    assert len(probabilities) == len(truth) > 0 and bins > 0, (probabilities.shape, truth.shape)
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == truth
    inner = np.arange(1, bins) / bins
    gaps = np.bincount(np.searchsorted(inner, confidence), weights=correct - confidence)
    return float(np.abs(gaps).sum() / len(truth))


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The T for which softmax(logits / T) gives the truth the lowest negative log-likelihood (Guo et al. 2017, 4.2).

    logits: (N, K), or log-probabilities, which are logits too; for -inf LOWEST below the highest of its row is taken.
    truth: (N,). Fit on held-out texts; neither prediction nor accuracy changes. In 1/T the likelihood is convex, so
    bisection of its slope finds the one best T within TEMPERATURES. It is the lower end where everything is right, the
    upper one where being sure never pays, and 1 where T makes no difference or there is nothing to fit to.
    """
    logits, truth = np.asarray(logits, dtype=np.float64), np.asarray(truth)
    assert logits.ndim == 2 and truth.shape == (len(logits),), (logits.shape, truth.shape)
    if not len(truth):
        return 1.0
    assert not np.isnan(logits).any() and (logits.max(axis=1) < np.inf).all(), "logits must be numbers"
    below = logits - logits.max(axis=1, keepdims=True)  # (N, K), 0 at the highest
    below[below == -np.inf] = LOWEST
    reached = below[np.arange(len(truth)), truth].mean()

    def slope(sharpness: float) -> float:
        """Of the mean negative log-likelihood, by 1/T."""
        weights = np.exp(sharpness * below)
        return float(((weights * below).sum(axis=1) / weights.sum(axis=1)).mean() - reached)

    low, high = (math.log(1 / temperature) for temperature in reversed(TEMPERATURES))
    if slope(math.exp(low)) >= 0:
        return 1.0 if slope(math.exp(high)) == 0 else TEMPERATURES[1]
    if slope(math.exp(high)) <= 0:
        return TEMPERATURES[0]
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(math.exp(middle)) > 0 else (middle, high)
    return math.exp(-(low + high) / 2)
