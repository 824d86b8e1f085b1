"""The bag of words beside a network: which words it reads, and that it is kept without pickle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nlprnn.checkpoint import BASELINE, BASELINE_TYPES
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.errors import ModelDirectoryError
from nlprnn.tasks.baseline import Baseline
from nlprnn.text.tokenizer import Tokenizer, train_tokenizer

TEXTS = ["Good, very good!", "bad film.", "a GOOD film", "so bad, so very bad"] * 4
TRUTH = np.array([1, 0, 1, 0] * 4)


def tokenizer(kind: str, lowercase: bool = False) -> Tokenizer:
    size = 30 if kind == "bpe" else None
    return train_tokenizer(TokenizerConfig(tokenizer=kind, vocab_size=size, lowercase=lowercase), TEXTS)[0]


@pytest.mark.parametrize(
    ("kind", "lowercase", "types"),
    [
        ("words", False, {"!", ",", ".", "GOOD", "Good", "a", "bad", "film", "good", "so", "very"}),
        ("words", True, {"!", ",", ".", "a", "bad", "film", "good", "so", "very"}),
        ("whitespace", False, {"GOOD", "Good,", "a", "bad", "bad,", "film", "film.", "good!", "so", "very"}),
        ("bpe", False, {"!", ",", ".", "GOOD", "Good", "a", "bad", "film", "good", "so", "very"}),
        ("characters", True, {"!", ",", ".", "a", "bad", "film", "good", "so", "very"}),
    ],
)
def test_it_reads_the_tokenizers_words_or_where_these_are_pieces_words_parted_from_punctuation(
    kind: str, lowercase: bool, types: set[str]
) -> None:
    baseline = Baseline.fit(TEXTS, TRUTH, 2, tokenizer(kind, lowercase), lowercase)
    assert set(baseline.bag.types) == types
    assert baseline.predict(["good", "bad"]).tolist() == [1, 0]
    assert (baseline.predict(["GOOD GOOD film"]) == baseline.predict(["good good film"])).all() or not lowercase


def test_it_is_kept_beside_the_model(tmp_path: Path) -> None:
    words = tokenizer("words", lowercase=True)
    baseline = Baseline.fit(TEXTS, TRUTH, 2, words, True)
    baseline.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {BASELINE, BASELINE_TYPES}
    again = Baseline.load(tmp_path, words, 2)
    np.testing.assert_array_equal(again.predict(TEXTS), baseline.predict(TEXTS))
    assert again.lowercase
    with pytest.raises(ModelDirectoryError, match="tells 2 classes, not 3"):
        Baseline.load(tmp_path, words, 3)
    (tmp_path / BASELINE_TYPES).write_text("[]")
    with pytest.raises(ModelDirectoryError, match=r"baseline.json: broken"):
        Baseline.load(tmp_path, words, 2)
