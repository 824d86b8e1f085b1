"""What a classifier from a directory tells of texts: line for line, in any company, calibrated, and why."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from nlprnn import load, train_classifier
from nlprnn.checkpoint import CALIBRATION
from nlprnn.errors import ModelDirectoryError
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.tasks.classification_model import ClassificationModel, calibrated, load_classifier


@pytest.fixture
def model(small_classifier: Path) -> ClassificationModel:
    """It reads in float32, whatever the processor has."""
    found = load_classifier(small_classifier)
    found.model.use(choose("auto", "fp32", found.model.device))
    return found


@pytest.fixture(scope="module")
def scorer(reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> ClassificationModel:
    """One that tells scores as numbers."""
    settings = {"hidden": 6, "embedding": 6, "head_hidden": 0, "threads": 1, "averaging": 0.0}
    out = tmp_path_factory.mktemp("model") / "scores"
    found = train_classifier(reviews, out, regression=True, epochs=2, lr=0.05, quiet=True, **settings).model
    found.model.use(choose("auto", "fp32", found.model.device))
    return found


@pytest.fixture
def lines(reviews: Path) -> list[str]:
    """Texts of unlike length, empty ones and unknown words between them."""
    read = [line.split("\t")[1] for line in reviews.read_text(encoding="utf-8").splitlines()[1:]]
    found = [*read[:20], "", " \t ", "zorp", " ".join(read[:30]), "dull", ""]
    random.Random(1).shuffle(found)
    return found


def by_hand(model: ClassificationModel, text: str) -> np.ndarray:
    """Probabilities (K,) of one text alone: <eos> and its tokens through the network, divided by the temperature."""
    ids = torch.tensor([0, *model.tokenizer.encode(text)])
    with torch.inference_mode():
        scores = model.model.scores(ids[:, None], torch.tensor([len(ids)]))[0]
    return torch.softmax(scores.double() / model.temperature, 0).numpy()


def log_odds(model: ClassificationModel, text: str, label: int) -> float:
    chances = by_hand(model, text)
    return float(np.log(chances[label] / np.delete(chances, label).sum()))


def test_probabilities_are_the_networks_own_divided_by_the_temperature(
    model: ClassificationModel, lines: list[str]
) -> None:
    assert model.temperature not in (1, 0.01)
    for line, judgement in zip(lines, model.classify(lines), strict=True):
        if not line.strip():
            assert judgement is None
            continue
        chances = by_hand(model, line)
        assert judgement.label == model.labels.names[int(chances.argmax())]
        assert judgement.probability == pytest.approx(float(chances.max()), rel=1e-4)
        assert list(judgement.probabilities) == ["1", "2", "3"]
        assert list(judgement.probabilities.values()) == pytest.approx(chances.tolist(), rel=1e-3, abs=1e-6)
        assert judgement.score is None
        assert judgement.words is None


def test_reading_in_bfloat16_changes_little_and_what_words_add_not_at_all(
    model: ClassificationModel, small_classifier: Path, lines: list[str]
) -> None:
    fast = load_classifier(small_classifier)
    texts = [line for line in lines if line.strip()]
    exact = np.array([list(one.probabilities.values()) for one in model.classify(texts)])
    found = np.array([list(one.probabilities.values()) for one in fast.classify(texts)])
    for one, other in zip(fast.classify(texts[:5], True), model.classify(texts[:5], True), strict=True):
        assert dict(one.words) == pytest.approx(dict(other.words), rel=1e-4, abs=1e-5)
    np.testing.assert_allclose(found, exact, atol=0.01)
    rounded = fast.model.stack.compute.bf16
    assert rounded == (np.abs(found - exact).max() > 1e-6)  # the fast path is the one that is taken


def test_a_text_is_judged_the_same_whatever_stands_around_it(model: ClassificationModel, lines: list[str]) -> None:
    together = list(model.classify(lines, explain=True))
    order = random.Random(2).sample(range(len(lines)), len(lines))
    shuffled = list(model.classify([lines[i] for i in order], explain=True, window=5))
    for place, judgement in zip(order, shuffled, strict=True):
        other = together[place]
        if judgement is None or other is None:
            assert judgement is other
            continue
        assert judgement.label == other.label
        assert judgement.probability == pytest.approx(other.probability, rel=1e-4)
        assert [word for word, _ in judgement.words] == [word for word, _ in other.words]
        changes = [[change for _, change in one.words] for one in (judgement, other)]
        np.testing.assert_allclose(*changes, rtol=1e-3, atol=1e-4)


def test_a_word_moves_the_log_odds_of_the_label_by_what_they_lose_without_it(model: ClassificationModel) -> None:
    text = "the film was great with songs"
    (judgement,) = model.classify([text], explain=True)
    label = model.labels.names.index(judgement.label)

    words = text.split()
    assert [word for word, _ in judgement.words] == words
    for place, (_, change) in enumerate(judgement.words):
        without = " ".join(words[:place] + words[place + 1 :])
        expected = log_odds(model, text, label) - log_odds(model, without, label)
        assert change == pytest.approx(expected, rel=1e-3, abs=1e-4)
    assert max(judgement.words, key=lambda word: abs(word[1]))[0] == "great"


def test_empty_texts_have_no_judgement_and_nothing_to_explain(model: ClassificationModel) -> None:
    for explain in (False, True):
        found = list(model.classify(["", "dull", " "], explain, window=1))
        assert [one is None for one in found] == [True, False, True]
        assert list(model.classify([], explain)) == []


def test_the_only_word_of_a_text_is_compared_with_no_words_at_all(model: ClassificationModel) -> None:
    (judgement,) = model.classify(["dull"], explain=True)
    label = model.labels.names.index(judgement.label)
    expected = log_odds(model, "dull", label) - log_odds(model, "", label)
    assert judgement.words == [("dull", pytest.approx(expected, rel=1e-3))]


def test_scores_are_told_as_numbers_and_words_move_them(scorer: ClassificationModel) -> None:
    text = "a great film"
    (judgement,) = scorer.classify([text], explain=True)
    assert (judgement.probability, judgement.probabilities) == (None, None)
    ids = torch.tensor([0, *scorer.tokenizer.encode(text)])
    with torch.inference_mode():
        raw = float(scorer.model.scores(ids[:, None], torch.tensor([4]))[0, 0])
    mean, deviation = scorer.labels.standard
    assert judgement.score == pytest.approx(raw * deviation + mean, rel=1e-4)
    assert judgement.label == f"{judgement.score:.4g}"
    (without,) = scorer.classify(["a film"])
    assert dict(judgement.words)["great"] == pytest.approx(judgement.score - without.score, abs=1e-4)


def test_of_a_long_text_head_and_tail_are_read_and_that_is_told(model: ClassificationModel) -> None:
    short = dataclasses.replace(model, max_length=8)
    notes: list[str] = []
    words = ["the", "film", "was", "a", "very", "plot", "with", "songs", "and", "dull", "great", "fair"]
    (judgement,) = short.classify([" ".join(words)], note=notes.append)
    (same,) = model.classify([" ".join(words[:2] + words[-6:])])
    assert judgement.probability == pytest.approx(same.probability, rel=1e-5)
    assert notes == ["note: 1 text has more than 8 tokens, of which only the first 2 and the last 6 are read"]


def test_dividing_by_a_temperature_keeps_order_and_sums_to_one() -> None:
    log_probs = np.log([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    for temperature in (0.5, 3.0):
        found = np.exp(calibrated(log_probs, temperature))
        powers = np.exp(log_probs) ** (1 / temperature)
        np.testing.assert_allclose(found, powers / powers.sum(1, keepdims=True))


def test_a_model_is_found_by_its_kind_and_one_without_calibration_is_not_scaled(
    small_classifier: Path, small_model: Path, tmp_path: Path
) -> None:
    import shutil

    copy = Path(shutil.copytree(small_classifier, tmp_path / "copy"))
    assert isinstance(load(copy), ClassificationModel)
    (copy / CALIBRATION).unlink()
    assert load_classifier(copy).temperature == 1.0
    (copy / CALIBRATION).write_text('{"temperature": -1}')
    with pytest.raises(ModelDirectoryError, match=r"calibration.json: has no temperature above 0"):
        load_classifier(copy)
    with pytest.raises(ModelDirectoryError, match="a model of kind language-model, but classifier is needed"):
        load_classifier(small_model)
