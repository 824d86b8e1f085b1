"""What a language model is before it has learnt anything."""

from __future__ import annotations

import math
import random
from collections import Counter
from pathlib import Path

import pytest

import nlprnn


def written(path: Path, seed: int, lines: int) -> Counter[str]:
    """A text of words of unlike frequency, and how often each occurs, with the ends of sentences."""
    chosen = random.Random(seed).choices("abcdefgh", [50, 20, 10, 5, 5, 4, 3, 3], k=lines * 5)
    path.write_text("".join(" ".join(chosen[n : n + 5]) + "\n" for n in range(0, len(chosen), 5)), encoding="utf-8")
    return Counter(chosen) + Counter({"<eos>": lines})


@pytest.mark.parametrize("unigram_bias", [True, False])
def test_before_it_has_learnt_it_is_a_unigram_model_or_knows_nothing(tmp_path: Path, unigram_bias: bool) -> None:
    train, valid = written(tmp_path / "train", 1, 400), written(tmp_path / "valid", 2, 80)
    run = nlprnn.train_language_model(
        tmp_path / "train",
        tmp_path / "model",
        valid=tmp_path / "valid",
        tokenizer="whitespace",
        hidden=8,
        epochs=1,
        lr=0.0,
        unigram_bias=unigram_bias,
        quiet=True,
    )
    types = len(train) + 1  # and <unk>, which never occurs
    seen = {word: (train[word] + 1) / (train.total() + types) if unigram_bias else 1 / types for word in train}
    wanted = math.exp(-sum(count * math.log(seen[word]) for word, count in valid.items()) / valid.total())
    assert run.valid_perplexity == pytest.approx(wanted, rel=0.02)
