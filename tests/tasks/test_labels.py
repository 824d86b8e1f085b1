"""Labels as classes and as scores, there and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nlprnn.checkpoint import LABELS
from nlprnn.config.classification import ClassifierConfig
from nlprnn.errors import DataError, ModelDirectoryError
from nlprnn.tasks.labels import Labels
from nlprnn.text.labelled import LabelledTexts, open_labelled

CLASSES, ORDINAL, REGRESSION = ClassifierConfig(), ClassifierConfig(ordinal=True), ClassifierConfig(regression=True)


def texts(folder: Path, *labels: object) -> LabelledTexts:
    path = folder / "texts.tsv"
    path.write_text("label\ttext\n" + "".join(f"{label}\tsome words\n" for label in labels), encoding="utf-8")
    return open_labelled(path)


def test_numbers_are_classes_in_their_order_and_have_values(tmp_path: Path) -> None:
    given = texts(tmp_path, 10, 2, -1, 2)
    for config in (CLASSES, ORDINAL):
        labels = Labels.of(given, config)
        assert (labels.names, labels.values, labels.scores) == (("-1", "2", "10"), (-1.0, 2.0, 10.0), False)
        truth = labels.truth(given)
        assert truth.tolist() == labels.targets(truth).tolist() == labels.classes(truth).tolist() == [2, 1, 0, 1]
        assert labels.numbers(truth).tolist() == [10, 2, -1, 2]
        assert labels.told(np.log([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])).tolist() == [1, 0]


def test_names_have_no_values(tmp_path: Path) -> None:
    labels = Labels.of(texts(tmp_path, "good", "bad"), CLASSES)
    assert (labels.names, labels.values) == (("bad", "good"), None)
    assert labels.numbers(np.array([0, 1])) is None


def test_scores_are_learnt_in_deviations_and_told_as_they_were(tmp_path: Path) -> None:
    given = texts(tmp_path, 1.5, 4, 4, 2.5)
    labels = Labels.of(given, REGRESSION)
    truth = labels.truth(given)
    targets = labels.targets(truth)
    assert targets.dtype == np.float32
    assert targets.mean() == pytest.approx(0, abs=1e-6)
    assert targets.std() == pytest.approx(1)
    np.testing.assert_allclose(labels.told(targets[:, None]), [1.5, 4, 4, 2.5], rtol=1e-6)
    assert labels.names == ("1.5", "2.5", "4")
    assert labels.classes(np.array([-7.0, 1.9, 2.1, 3.2, 3.3, 99])).tolist() == [0, 0, 1, 1, 2, 2]
    assert labels.of_classes(np.array([2, 0])).tolist() == [4.0, 1.5]


def test_of_many_scores_ten_levels_with_as_many_texts_are_counted(tmp_path: Path) -> None:
    given = texts(tmp_path, *(f"{number / 7:.4f}" for number in range(210)))
    labels = Labels.of(given, REGRESSION)
    assert len(labels.names) == 10
    counts = np.bincount(labels.classes(labels.truth(given)))
    assert (counts[1:-1] >= 15).all()


def test_scores_of_which_nearly_all_are_one_still_have_two_levels(tmp_path: Path) -> None:
    labels = Labels.of(texts(tmp_path, *[3] * 200, *range(30)), REGRESSION)
    assert {labels.values[0], labels.values[-1]} == {0.0, 29.0}


@pytest.mark.parametrize(
    ("config", "given", "message"),
    [
        (ORDINAL, (1, 2, "good"), r"texts.tsv:4: the label 'good' is not a number"),
        (REGRESSION, (1, "good", 2), r"texts.tsv:3: the label 'good' is not a number"),
        (REGRESSION, (2, 2, "2.0"), r"texts.tsv: all texts have the score 2;"),
        (CLASSES, ("good", "good"), r"texts.tsv: all texts have the label 'good'"),
    ],
)
def test_labels_that_nothing_can_be_learnt_from_are_told(
    tmp_path: Path, config: ClassifierConfig, given: tuple[object, ...], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Labels.of(texts(tmp_path, *given), config)


@pytest.mark.parametrize("config", [CLASSES, REGRESSION])
def test_labels_are_kept_with_the_model(tmp_path: Path, config: ClassifierConfig) -> None:
    labels = Labels.of(texts(tmp_path, 1, 2, 3.25), config)
    labels.save(tmp_path)
    assert Labels.load(tmp_path) == labels


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"names": ["a"], "values": null, "standard": null}',
                '{"names": ["a", "b"], "values": [1], "standard": null}',
                '{"names": ["1", "2"], "values": [1, 2], "standard": [0]}'],
)  # fmt: skip
def test_broken_labels_are_told(tmp_path: Path, content: str) -> None:
    (tmp_path / LABELS).write_text(content)
    with pytest.raises(ModelDirectoryError, match=r"labels.json: broken"):
        Labels.load(tmp_path)
