"""As what a vocabulary is read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from nlprnn.errors import DataError
from nlprnn.tasks.loading import load_text_model
from nlprnn.tasks.notes import nowhere
from nlprnn.tasks.vocabulary_check import check_vocabulary

PAIRS = "good\tbad\nthe old key is\tthe old key are\nthe rare key is\tthe rare key are\n"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "own.tsv"
    path.write_text(PAIRS, encoding="utf-8")
    return path


def test_a_corpus_is_counted_as_training_would(text: Path, small_model: Path, suite: Path) -> None:
    found = check_vocabulary(text, [suite, suite], note=nowhere)
    tokenizer = load_text_model(small_model).tokenizer
    assert (found["kind"], found["types"]) == ("corpus", len(tokenizer)), "train-lm made the same of the same text"
    again = check_vocabulary(small_model, [suite, suite], note=nowhere)
    assert again["kind"] == "model" and again["suites"] == found["suites"]
    assert [one["name"] for one in found["suites"]] == ["own", "own (2)"]


def test_a_file_with_a_word_a_line_is_a_list_of_types(tmp_path: Path, suite: Path) -> None:
    types = tmp_path / "types"
    types.write_text("the\nold\nkey\nis\n", encoding="utf-8")
    found = check_vocabulary(types, suite, note=nowhere)
    assert (found["kind"], found["types"]) == ("types", 6)
    assert found["suites"][0]["unknown_counts"] == {"are": 2} and found["suites"][0]["share"] == 0.0


def test_a_packed_text_is_a_corpus(tmp_path: Path, suite: Path) -> None:
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress(b"the old key is old\nthe keys are\nis it old ?\n" * 40))
    found = check_vocabulary(path, suite, note=nowhere)
    assert found["kind"] == "corpus" and found["suites"][0]["n"] == 2


def test_what_cannot_be_read_is_told(tmp_path: Path, suite: Path) -> None:
    with pytest.raises(DataError, match="nothing"):
        check_vocabulary(tmp_path / "nothing", suite, note=nowhere)
    twice = tmp_path / "types"
    twice.write_text("the\nold\nthe\n", encoding="utf-8")
    with pytest.raises(DataError, match="types:3: the type 'the' stood in line 1"):
        check_vocabulary(twice, suite, note=nowhere)
