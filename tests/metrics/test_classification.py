"""Judging classes: against scikit-learn, scipy and counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn import metrics as theirs
from sklearn.calibration import calibration_curve

from nlprnn.metrics.classification import (
    TEMPERATURES,
    accuracy_of,
    confusion_matrix,
    expected_calibration_error,
    fit_temperature,
    macro_f1,
    mean_absolute_error,
    quadratic_kappa,
)


def guesses(seed: int, n: int = 400, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """True classes and guesses that are near them."""
    random = np.random.default_rng(seed)
    truth = random.integers(classes, size=n)
    return truth, np.clip(truth + random.integers(-2, 3, size=n), 0, classes - 1)


def test_the_confusion_matrix_has_truth_in_rows_and_predictions_in_columns() -> None:
    confusion = confusion_matrix(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 2, 0]), 4)
    assert confusion.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 2, 0], [0, 0, 0, 0]]
    assert accuracy_of(confusion) == pytest.approx(4 / 6)
    # F1: class 0 2/4, class 1 2/3, class 2 4/5; class 3 is nowhere and does not count
    assert macro_f1(confusion) == pytest.approx((1 / 2 + 2 / 3 + 4 / 5) / 3)


def test_counts_of_small_integer_types_do_not_overflow() -> None:
    truth = np.full(3, 99, dtype=np.int8)
    assert confusion_matrix(truth, truth, 100)[99, 99] == 3


@pytest.mark.parametrize("seed", range(3))
def test_figures_of_classes_agree_with_scikit_learn(seed: int) -> None:
    truth, predicted = guesses(seed)
    confusion = confusion_matrix(truth, predicted, 5)
    assert (confusion == theirs.confusion_matrix(truth, predicted)).all()
    assert accuracy_of(confusion) == pytest.approx(theirs.accuracy_score(truth, predicted))
    assert macro_f1(confusion) == pytest.approx(theirs.f1_score(truth, predicted, average="macro"))
    kappa = theirs.cohen_kappa_score(truth, predicted, weights="quadratic")
    assert quadratic_kappa(confusion) == pytest.approx(kappa)
    assert mean_absolute_error(truth, predicted) == pytest.approx(theirs.mean_absolute_error(truth, predicted))


@pytest.mark.parametrize("missing", ["truth", "predictions", "both"])
def test_macro_f1_counts_a_class_that_is_in_either_as_zero(missing: str) -> None:
    truth, predicted = guesses(5)
    if missing != "predictions":
        truth = np.where(truth == 3, 2, truth)
    if missing != "truth":
        predicted = np.where(predicted == 3, 2, predicted)
    expected = theirs.f1_score(truth, predicted, average="macro", zero_division=0)
    assert macro_f1(confusion_matrix(truth, predicted, 5)) == pytest.approx(expected)


def test_kappa_is_one_when_perfect_zero_when_constant_and_none_when_there_is_nothing_to_tell_apart() -> None:
    truth = np.array([0, 1, 2, 2])
    always = np.full(4, 1)
    assert quadratic_kappa(confusion_matrix(truth, truth, 3)) == 1.0
    assert quadratic_kappa(confusion_matrix(truth, always, 3)) == pytest.approx(0)
    assert quadratic_kappa(confusion_matrix(always, truth, 3)) == pytest.approx(0)
    assert quadratic_kappa(confusion_matrix(always, always + 1, 3)) == pytest.approx(0)
    assert quadratic_kappa(confusion_matrix(always, always, 3)) is None


def test_kappa_of_scores_that_are_not_equally_spaced_weighs_their_distances() -> None:
    # truth 1, 2, 10 once each; 2 and 10 are taken for each other: w O = 2 * 64, chance is 1/3 in every cell
    confusion = np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0]])
    expected = 1 - 2 * 64 / (2 * (1 + 81 + 64) / 3)
    assert quadratic_kappa(confusion, np.array([1, 2, 10])) == pytest.approx(expected)
    assert quadratic_kappa(confusion, np.array([10, 20, 30])) == pytest.approx(quadratic_kappa(confusion))


def test_mean_absolute_error_takes_scores_between_the_classes() -> None:
    assert mean_absolute_error(np.array([1, 5]), np.array([1.5, 3.0])) == pytest.approx(1.25)


def test_calibration_error_of_a_hand_made_example() -> None:
    # bins of a fifth: (0.4, 0.6] holds 0.6 right and 0.6 wrong, (0.6, 0.8] 0.7 right, (0.8, 1] 0.9 and 1.0 right
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4], [0.7, 0.3], [0.1, 0.9], [0.0, 1.0]])
    truth = np.array([0, 1, 0, 1, 1])
    assert expected_calibration_error(probabilities, truth, bins=5) == pytest.approx((0.2 + 0.3 + 0.1) / 5)
    assert expected_calibration_error(probabilities, truth, bins=1) == pytest.approx((4 - 3.8) / 5)


def test_calibration_error_agrees_with_the_curve_of_scikit_learn() -> None:
    random = np.random.default_rng(1)
    probabilities = softmax(random.normal(size=(500, 4)) * 2, axis=1)
    truth = random.integers(4, size=500)
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    shares, means = calibration_curve(correct, confidence, n_bins=15)
    counts, _ = np.histogram(confidence, bins=15, range=(0, 1))
    expected = np.sum(counts[counts > 0] * np.abs(shares - means)) / 500
    assert expected_calibration_error(probabilities, truth) == pytest.approx(expected)


def test_texts_whose_probabilities_are_true_have_next_to_no_calibration_error() -> None:
    random = np.random.default_rng(2)
    probabilities = softmax(random.normal(size=(50_000, 3)), axis=1)
    truth = (random.random((50_000, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    assert expected_calibration_error(probabilities, truth) < 0.01
    boasting = softmax(np.log(probabilities) * 3, axis=1)
    error = expected_calibration_error(boasting, truth)
    assert error > 0.1
    temperature = fit_temperature(np.log(boasting), truth)
    assert temperature == pytest.approx(3, rel=0.03)
    assert expected_calibration_error(softmax(np.log(boasting) / temperature, axis=1), truth) < 0.1 * error


@pytest.mark.parametrize("scale", [0.2, 1.0, 30.0])
def test_the_temperature_is_where_an_independent_search_finds_the_lowest_loss(scale: float) -> None:
    random = np.random.default_rng(3)
    truth = random.integers(5, size=300)
    logits = scale * (random.normal(size=(300, 5)) + np.eye(5)[truth])

    def loss(log_temperature: float) -> float:
        return -log_softmax(logits / np.exp(log_temperature), axis=1)[np.arange(300), truth].mean()

    best = minimize_scalar(loss, bounds=(-5, 5), method="bounded", options={"xatol": 1e-9}).x
    assert fit_temperature(logits, truth) == pytest.approx(np.exp(best), rel=1e-5)
    assert fit_temperature(log_softmax(logits, axis=1), truth) == pytest.approx(np.exp(best), rel=1e-5)
    assert fit_temperature(logits.astype(np.float32) + 1e4, truth) == pytest.approx(np.exp(best), rel=0.01)


def test_temperatures_without_a_best_one_stay_within_their_bounds() -> None:
    truth = np.array([0, 1, 2])
    right = np.eye(3)
    assert fit_temperature(5 * right, truth) == TEMPERATURES[0]
    assert fit_temperature(-5 * right, truth) == TEMPERATURES[1]
    assert fit_temperature(np.ones((3, 3)), truth) == 1.0
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, dtype=int)) == 1.0


def test_impossible_classes_do_not_make_the_temperature_undefined() -> None:
    random = np.random.default_rng(4)
    truth = random.integers(3, size=200)
    logits = 2 * (random.normal(size=(200, 3)) + np.eye(3)[truth])
    one_more = np.column_stack([logits, np.full(200, -np.inf)])
    assert fit_temperature(one_more, truth) == pytest.approx(fit_temperature(logits, truth), rel=1e-6)
    one_more[0] = [-np.inf, 0, 0, 0]  # and the truth among them
    truth[0] = 0
    assert fit_temperature(logits, truth) < fit_temperature(one_more, truth) < TEMPERATURES[1]
