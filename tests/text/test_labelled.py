"""Labelled texts of one hand-made set, their split and their classes."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.errors import DataError
from nlprnn.text.labelled import (
    Classes,
    LabelledTexts,
    Share,
    open_labelled,
    open_labelled_corpus,
    scores_of,
)
from nlprnn.text.tokenizer import train_tokenizer

from .text_files import written


def table(folder: Path, labels: list[str], name: str = "a.tsv") -> Path:
    """A table in which text i has the label i."""
    rows = "".join(f"{label}\ttext {i}\n" for i, label in enumerate(labels))
    return written(folder, "label\ttext\n" + rows, name)


def numbers(texts: LabelledTexts) -> list[int]:
    return [int(item.text.split()[1]) for item in texts]


def test_texts_are_read_again_and_again_with_their_lines(tmp_path: Path) -> None:
    texts = open_labelled(table(tmp_path, ["b", "a", "b"]))
    for _ in range(2):
        assert list(texts) == [("text 0", "b", 2), ("text 1", "a", 3), ("text 2", "b", 4)]
    assert len(texts) == 3 and texts.counts == {"a": 1, "b": 2}
    assert texts.describe() == f"{tmp_path / 'a.tsv'}: 3 texts, 2 labels"


def test_several_files_are_one_text_after_the_other(tmp_path: Path) -> None:
    one, two = table(tmp_path, ["a", "b"]), table(tmp_path, ["c"], "b.tsv")
    texts = open_labelled([one, two])
    assert [item.label for item in texts] == ["a", "b", "c"] and texts.describe().startswith(f"{one} and 1 more: 3")
    with pytest.raises(DataError, match=r"b\.tsv:2: the label 'c' was never seen"):
        Classes(("a", "b")).ids(texts)


def test_the_fingerprint_is_that_of_texts_labels_and_share(tmp_path: Path) -> None:
    texts = open_labelled(table(tmp_path, ["a", "b"] * 20))
    same = open_labelled(written(tmp_path, "text,score\n" + "text 0,a\n", "b.csv"))
    other = open_labelled(written(tmp_path, "text,score\n" + "text 0,b\n", "c.csv"))
    again = open_labelled(table(tmp_path, ["a"], "d.tsv"))
    shares = [texts.selected(Share(10, 9, by_label, held)) for by_label in (True, False) for held in (True, False)]
    assert same.fingerprint() == again.fingerprint() != other.fingerprint()
    assert len({some.fingerprint() for some in (texts, *shares)}) == 5


@pytest.mark.parametrize("order", ["sorted", "mixed"])
def test_one_text_in_ten_of_each_label_is_held_out_whatever_their_order(tmp_path: Path, order: str) -> None:
    labels = ["good"] * 45 + ["bad"] * 30 + ["odd"] * 5
    if order == "mixed":
        labels = [str(label) for label in np.random.default_rng(0).permutation(labels)]
    path = table(tmp_path, labels)
    corpus = open_labelled_corpus(path)
    assert corpus.valid.counts == {"good": 4, "bad": 3} and corpus.train.counts == {"good": 41, "bad": 27, "odd": 5}
    assert sorted(numbers(corpus.train) + numbers(corpus.valid)) == list(range(80))
    assert len(corpus.train) == len(list(corpus.train)) == 73
    assert corpus.split == {"rule": "labels", "every": 10} and corpus.test is None
    again = open_labelled_corpus(path, split=corpus.split)
    assert again.valid.fingerprint() == corpus.valid.fingerprint() and numbers(again.valid) == numbers(corpus.valid)
    rare = [i for i, label in enumerate(labels) if label == "bad"]
    assert [i for i in numbers(corpus.valid) if labels[i] == "bad"] == [rare[9], rare[19], rare[29]]


def test_where_every_text_has_a_label_of_its_own_one_row_in_ten_is_held_out(tmp_path: Path) -> None:
    corpus = open_labelled_corpus(table(tmp_path, [f"{i / 7:.3f}" for i in range(35)]))
    assert corpus.split == {"rule": "rows", "every": 10} and numbers(corpus.valid) == [9, 19, 29]
    assert len(corpus.train) == 32


def test_folds_are_disjoint_whole_and_can_hold_out_texts_of_their_own(tmp_path: Path) -> None:
    texts = open_labelled(table(tmp_path, ["a", "b", "b", "c"] * 30))
    held = [texts.selected(Share(5, turn, by_label=True, held=True)) for turn in range(5)]
    assert sorted(chain.from_iterable(map(numbers, held))) == list(range(120))
    assert all(fold.counts == {"a": 6, "b": 12, "c": 6} for fold in held)
    rest = texts.selected(Share(5, 2, by_label=True, held=False))
    inner = [rest.selected(Share(10, 9, by_label=True, held=held)) for held in (True, False)]
    assert inner[0].counts == {"a": 2, "b": 4, "c": 2}
    assert sorted(chain.from_iterable(map(numbers, [*inner, held[2]]))) == list(range(120))


def test_validation_and_test_texts_are_those_given_or_those_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for part, count in (("train", 20), ("dev", 3), ("test", 4)):
        table(folder, ["a", "b"] * count, f"{part}.tsv")
    corpus = open_labelled_corpus(folder)
    assert corpus.test is not None and corpus.split == {"rule": "files"}
    assert (len(corpus.train), len(corpus.valid), len(corpus.test)) == (40, 6, 8)
    other = table(tmp_path, ["a"] * 5)
    given = open_labelled_corpus(folder, valid=other, test=other)
    assert given.test is not None and (len(given.valid), len(given.test)) == (5, 5)
    held = open_labelled_corpus(folder, split={"rule": "labels", "every": 10})  # a model of another day was trained so
    assert (len(held.train), len(held.valid)) == (36, 4)
    both = open_labelled_corpus(folder, valid=other, split=held.split)
    assert (len(both.train), len(both.valid)) == (36, 5)
    assert open_labelled_corpus(folder / "train.tsv", valid=folder).valid.fingerprint() == corpus.valid.fingerprint()
    with pytest.raises(DataError, match=r"the validation texts were a file of their own; give it with --valid"):
        open_labelled_corpus(other, split={"rule": "files"})


def test_too_few_texts_to_hold_some_out_are_told(tmp_path: Path) -> None:
    path = table(tmp_path, ["a", "b"] * 4)
    with pytest.raises(DataError, match=r"a\.tsv: 8 texts are too few to hold some out; give others with --valid"):
        open_labelled_corpus(path)
    assert len(open_labelled_corpus(path, valid=path).train) == 8


@pytest.mark.parametrize(
    ("labels", "names", "values"),
    [
        (["10", "9", "-1", "2.5"], ("-1", "2.5", "9", "10"), [-1, 2.5, 9, 10]),
        (["4.0", "4", "3.0"], ("3", "4"), [3, 4]),
        (["pos", "neg", "Neutral"], ("neg", "Neutral", "pos"), None),
        (["10 stars", "2 stars", "1 star"], ("1 star", "2 stars", "10 stars"), None),
        (["1", "2", "none"], ("1", "2", "none"), None),
        (["1_000", "2"], ("1_000", "2"), None),
    ],
)
def test_classes_are_in_the_order_of_numbers_or_names(
    tmp_path: Path, labels: list[str], names: tuple[str, ...], values: list[float] | None
) -> None:
    texts = open_labelled(table(tmp_path, labels))
    classes = Classes.of(texts)
    assert classes.names == names and classes.values == values and classes.numeric == (values is not None)
    assert [names[i] for i in classes.ids(texts)] == [item.label for item in texts]


def test_labels_that_make_no_classes_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.tsv: all texts have the label 'a'; give texts of two labels at least"):
        Classes.of(open_labelled(table(tmp_path, ["a", "a"])))
    with pytest.raises(DataError, match=r"the labels '2\.5' and '2\.50' are one number; write it one way"):
        Classes.of(open_labelled(table(tmp_path, ["2.5", "2.50", "3"])))


def test_a_label_never_seen_in_training_is_told_with_its_place(tmp_path: Path) -> None:
    classes = Classes.of(open_labelled(table(tmp_path, [str(i) for i in range(12)])))
    with pytest.raises(DataError) as caught:
        classes.ids(open_labelled(table(tmp_path, ["1", "12"], "test.tsv")))
    known = "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ..."
    assert str(caught.value) == (
        f"{tmp_path / 'test.tsv'}:3: the label '12' was never seen in training, there are {known}; "
        "correct it, or remove the text"
    )


def test_scores_are_the_labels_as_numbers(tmp_path: Path) -> None:
    scores = scores_of(open_labelled(table(tmp_path, ["2", "-0.5", "1e3"])))
    assert scores.dtype == np.float64 and scores.tolist() == [2, -0.5, 1000]
    with pytest.raises(DataError, match=r"a\.tsv:3: the label 'bad' is not a number; correct it, or train classes"):
        scores_of(open_labelled(table(tmp_path, ["2", "bad"])))


def test_the_texts_alone_are_what_a_vocabulary_is_learnt_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlprnn.text.labelled.BLOCK_TEXTS", 3)  # more than one block of them
    lines = open_labelled(table(tmp_path, ["a", "b"] * 5)).lines()
    assert list(lines) == [f"text {i}" for i in range(10)] and len(lines) == 10
    tokenizer, _ = train_tokenizer(TokenizerConfig(tokenizer="words", min_count=1), lines)
    assert len(tokenizer) == 2 + 11 and tokenizer.knows("text") and not tokenizer.knows("a")


@pytest.mark.data
def test_the_sentiment_treebank_has_the_scores_that_its_authors_counted(data: Path) -> None:
    corpus = open_labelled_corpus(data / "sst5")
    counts = {"0": 1092, "1": 2218, "2": 1624, "3": 2322, "4": 1288}  # of the 8,544 sentences
    assert corpus.train.counts == counts and len(corpus.valid) == 1101 and corpus.split == {"rule": "files"}
    held = open_labelled_corpus(data / "sst5" / "train.tsv").valid
    assert held.counts == {label: count // 10 for label, count in counts.items()}
    assert Counter(Classes.of(corpus.train).ids(held).tolist()) == {int(label): n for label, n in held.counts.items()}
