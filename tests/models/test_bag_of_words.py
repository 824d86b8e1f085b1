"""NB-SVM: against scikit-learn's own features and solver, hand counts, and a published data set."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from nlprnn.checkpoint import read_arrays, save_weights
from nlprnn.errors import ModelDirectoryError
from nlprnn.models import bag_of_words
from nlprnn.models.bag_of_words import BagOfWords, Settings

PAPER = Settings(strength=1.0, interpolation=0.25)
WORDS = ["good", "bad", "fine", "dull", "not", "very", "plot", "cast", "the", "a"]


def reviews(n: int, seed: int = 0) -> tuple[list[list[str]], np.ndarray]:
    """Texts of which every other word tells the class, and their classes."""
    random = np.random.default_rng(seed)
    labels = random.integers(3, size=n)
    picks = random.random((n, 8)) < 0.3
    telling = [["good", "fine"], ["bad", "dull"], ["plot", "cast"]]
    texts = [
        [str(random.choice(telling[label] if pick else WORDS)) for pick in row]
        for label, row in zip(labels, picks, strict=True)
    ]
    return texts, labels


def test_features_and_weights_are_those_that_scikit_learn_computes() -> None:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.svm import LinearSVC

    texts, labels = reviews(300)
    model = BagOfWords.fit(texts, labels, 3, PAPER)
    counter = CountVectorizer(tokenizer=str.split, token_pattern=None, ngram_range=(1, 2), binary=True)
    features = counter.fit_transform(map(" ".join, texts)).toarray().astype(float)
    assert features.shape[1] == len(model.weights)
    unseen, _ = reviews(50, seed=1)
    unseen[0] = ["good", "unknown", "plot"]
    held = counter.transform(map(" ".join, unseen)).toarray()
    scores = model.predict_scores(unseen)
    for one in range(3):
        p, q = (1 + features[labels == one].sum(0)), (1 + features[labels != one].sum(0))
        ratio = np.log((p / p.sum()) / (q / q.sum()))
        machine = LinearSVC(C=1.0, dual=False, tol=1e-6).fit(features * ratio, labels == one)
        weight = 0.75 * np.abs(machine.coef_[0]).mean() + 0.25 * machine.coef_[0]
        expected = held @ (ratio * weight) + machine.intercept_[0]
        assert scores[:, one] == pytest.approx(expected, abs=0.02)
    assert (model.predict(unseen) == scores.argmax(axis=1)).all()


def test_log_count_ratios_are_those_of_a_count_by_hand() -> None:
    # two texts of each class; `good` in both of one, `a` in one of each; a word is counted once a text
    texts = [["good", "good"], ["good", "a"], ["bad"], ["a"]]
    ids, rows = bag_of_words._encode(texts, ["a", "bad", "good"])
    bigrams = np.unique(bag_of_words._bigrams(ids, rows, 3)[0])
    assert bigrams.tolist() == [2 * 3 + 0, 2 * 3 + 2]  # good a, good good
    features = bag_of_words._features(ids, rows, 4, 3, bigrams)
    assert features.toarray().tolist() == [[0, 0, 1, 0, 1], [1, 0, 1, 1, 0], [0, 1, 0, 0, 0], [1, 0, 0, 0, 0]]
    ratios = bag_of_words._solve(features, np.array([0, 0, 1, 1]), 2, 1.0).ratios
    p, q = np.array([2, 1, 3, 2, 2]) / 10, np.array([2, 2, 1, 1, 1]) / 7
    assert ratios[0] == pytest.approx(np.log(p / q)) and ratios[1] == pytest.approx(np.log(q / p))


def test_a_bigram_tells_what_its_words_do_not() -> None:
    texts = [["not", "good"], ["good", "not"], ["not", "bad"], ["bad", "not"]] * 5
    labels = np.array([0, 1, 1, 0] * 5)
    model = BagOfWords.fit(texts, labels, 2)
    assert (model.predict(texts) == labels).all()


def test_neighbours_of_two_texts_or_never_seen_together_are_no_bigram() -> None:
    model = BagOfWords.fit([["a", "b"], ["b", "a"], ["a"], ["b"]], np.array([0, 1, 0, 1]), 2, PAPER)
    apart = model.predict_scores([["a"], ["b"]])
    together = model.predict_scores([["a", "new", "b"]])
    assert together[0] + model.bias == pytest.approx(apart.sum(axis=0), abs=1e-6)
    assert (model.predict_scores([["a", "a"], ["b", "b"]]) == apart).all()
    assert (model.predict_scores([[], ["new", "new"]]) == model.bias).all()


def test_the_same_texts_give_the_same_model_and_cross_validation_chooses_what_generalises() -> None:
    texts, labels = reviews(200)
    one, two = (BagOfWords.fit(texts, labels, 3) for _ in range(2))
    assert one.settings == two.settings and (one.weights == two.weights).all()
    assert one.settings.strength in bag_of_words.STRENGTHS
    unseen, truth = reviews(1000, seed=2)
    reached = {
        settings: (BagOfWords.fit(texts, labels, 3, settings).predict(unseen) == truth).mean()
        for settings in (Settings(c, 1.0) for c in (0.003, 0.03, 1.0))
    }
    assert (one.predict(unseen) == truth).mean() > max(reached.values()) - 0.02
    assert max(reached.values()) > 0.7


def test_a_class_without_texts_and_a_class_with_all_texts_are_answered() -> None:
    texts = [["a"], ["b"], ["a", "b"]]
    assert BagOfWords.fit(texts, np.array([0, 2, 0]), 4, PAPER).predict(texts).tolist() == [0, 2, 0]
    assert BagOfWords.fit(texts, np.array([1, 1, 1]), 2).predict([*texts, []]).tolist() == [1] * 4
    assert BagOfWords.fit([[], [], []], np.array([1, 0, 1]), 3).predict([["x"]]).tolist() == [1]
    assert BagOfWords.fit([["a"]], np.array([0]), 1).predict([["a"]]).tolist() == [0]


def test_a_model_is_the_same_after_it_was_stored_as_safetensors_and_json(tmp_path: Path) -> None:
    texts, labels = reviews(60)
    texts[0] += ["two words", 'a "', "\ud800", "é"]  # whatever a tokenizer calls a token
    model = BagOfWords.fit(texts, labels, 3)
    save_weights(tmp_path / "bag.safetensors", model.arrays())
    (tmp_path / "types.json").write_text(json.dumps(model.types))
    types = json.loads((tmp_path / "types.json").read_text())
    again = BagOfWords.from_arrays(read_arrays(tmp_path / "bag.safetensors"), types)
    assert (again.predict_scores(texts) == model.predict_scores(texts)).all()
    assert again.settings == model.settings and again.types == model.types


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bias": None}, "its arrays are not bigrams, weights, bias, settings"),
        ({"bias": np.zeros(3)}, "its arrays are not"),
        ({"bias": np.zeros(4, dtype=np.float32)}, r"weights of shape \(12, 3\)"),
        ({"weights": np.zeros((11, 3), dtype=np.float32)}, r"weights of shape \(11, 3\) for 4 types and 8 bigrams"),
        ({"weights": np.full((12, 3), np.nan, dtype=np.float32)}, "not finite"),
        ({"bigrams": np.arange(8)[::-1].copy()}, "not ascending"),
        ({"bigrams": np.arange(9, 17)}, "not ascending"),
        ({"settings": np.zeros(3)}, "3 settings"),
    ],
)
def test_arrays_that_make_no_model_are_refused(change: dict[str, np.ndarray | None], message: str) -> None:
    arrays = {
        "bigrams": np.arange(8),
        "weights": np.zeros((12, 3), dtype=np.float32),
        "bias": np.zeros(3, dtype=np.float32),
        "settings": np.ones(2),
    }
    types = ["a", "b", "c", "d"]
    assert BagOfWords.from_arrays(arrays, types).settings == (1.0, 1.0)
    broken = {name: array for name, array in {**arrays, **change}.items() if array is not None}
    with pytest.raises(ModelDirectoryError, match=message):
        BagOfWords.from_arrays(broken, types)


@pytest.mark.parametrize(("types", "message"), [(["a", "a"], "twice"), (["a", 1], "strings"), ({"a": 0}, "strings")])
def test_types_that_make_no_model_are_refused(types: list[str], message: str) -> None:
    model = BagOfWords.fit([["a"], ["b"]], np.array([0, 1]), 2, PAPER)
    with pytest.raises(ModelDirectoryError, match=message):
        BagOfWords.from_arrays(model.arrays(), types)


def sst5(path: Path) -> tuple[list[list[str]], np.ndarray]:
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, dialect="excel-tab"))
    return [row["text"].split() for row in rows], np.array([int(row["score"]) for row in rows])


@pytest.mark.data
def test_sentences_of_the_sentiment_treebank_are_told_as_well_as_elsewhere(data: Path) -> None:
    # measured elsewhere: 41.5 % for the same method, 39.7 % for a logistic regression on the same features
    texts, labels = sst5(data / "sst5" / "train.tsv")
    held, truth = sst5(data / "sst5" / "dev.tsv")
    chosen = Settings(strength=0.01, interpolation=1.0)  # by cross-validation: see the slow test
    assert (BagOfWords.fit(texts, labels, 5, chosen).predict(held) == truth).mean() > 0.41


@pytest.mark.data
@pytest.mark.slow
def test_cross_validation_on_the_sentiment_treebank_chooses_settings_that_hold_on_other_sentences(data: Path) -> None:
    texts, labels = sst5(data / "sst5" / "train.tsv")
    held, truth = sst5(data / "sst5" / "dev.tsv")
    model = BagOfWords.fit(texts, labels, 5)
    assert model.settings.strength < 0.1  # five classes want more caution than the paper's two
    assert (model.predict(held) == truth).mean() > 0.41
