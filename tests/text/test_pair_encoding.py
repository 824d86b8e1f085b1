"""What is encoded, and what is left out, counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.errors import DataError
from nlprnn.text.pair_encoding import Dropped, encode_pairs
from nlprnn.text.parallel import Pair, open_parallel
from nlprnn.text.tokenizer import Tokenizer, train_tokenizer


def whitespace(text: str) -> Tokenizer:
    return train_tokenizer(TokenizerConfig(tokenizer="whitespace", min_count=1), [text])[0]


def of_lengths(*lengths: tuple[int, int]) -> list[Pair]:
    return [Pair("a " * source, "b " * target, line) for line, (source, target) in enumerate(lengths, 1)]


def test_pairs_become_the_ids_of_each_sides_own_tokenizer() -> None:
    english, german = whitespace("a dog barks"), whitespace("ein Hund bellt laut")
    pairs = [Pair("a dog", "ein Hund", 1), Pair("a cat barks", "laut", 2), Pair("dog", "", 3)]
    encoded = encode_pairs(pairs, english, german)
    for index, pair in enumerate(pairs):
        assert encoded.source[index].tolist() == english.encode(pair.source)
        assert encoded.target[index].tolist() == german.encode(pair.target)
    assert len(encoded) == 3 and encoded.dropped == Dropped(0, 0, 0)
    assert encoded.source.ids.dtype == encoded.target.ids.dtype == np.uint16


def test_one_tokenizer_serves_both_sides() -> None:
    both = whitespace("a dog ein Hund")
    encoded = encode_pairs([Pair("a dog", "ein Hund", 1)], both, both)
    assert both.decode(encoded.source[0].tolist()) == "a dog" and both.decode(encoded.target[0].tolist()) == "ein Hund"


def test_each_pair_left_out_of_training_is_counted_once_and_told() -> None:
    tokenizer = whitespace("a b")
    good = [(1, 1), (50, 50), (1, 20), (20, 1), (3, 27), (27, 3), (50, 6)]
    empty, long, ratio = [(0, 3), (3, 0), (0, 0), (0, 99)], [(51, 51), (51, 1), (1, 51)], [(2, 21), (28, 3)]
    pairs = of_lengths(*good, *empty, *long, *ratio)
    encoded = encode_pairs(pairs, tokenizer, tokenizer, max_length=50)
    kept = list(zip(encoded.source.lengths.tolist(), encoded.target.lengths.tolist(), strict=True))
    assert kept == good
    assert encoded.dropped == Dropped(empty=4, long=3, ratio=2) and encoded.dropped.total == 9
    told = encoded.dropped.describe()
    assert told.startswith("9 sentence pairs are left out of training: 4 with an empty side, 3 too long, 2 with")
    assert "\n" not in told


def test_nothing_is_left_out_of_validation() -> None:
    tokenizer = whitespace("a b")
    pairs = of_lengths((0, 0), (0, 5), (5, 0), (1, 500), (3000, 2))
    encoded = encode_pairs(pairs, tokenizer, tokenizer)
    assert len(encoded) == 5 and encoded.dropped.total == 0


def test_a_text_of_which_nothing_is_left_is_an_error() -> None:
    tokenizer = whitespace("a b")
    with pytest.raises(DataError, match=r"^2 sentence pairs .* 2 too long.* none is left; .* allow longer sentences"):
        encode_pairs(of_lengths((5, 5), (6, 6)), tokenizer, tokenizer, max_length=4)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))))
def test_kept_and_dropped_pairs_add_up(lengths: list[tuple[int, int]]) -> None:
    tokenizer = whitespace("a b")
    encoded = encode_pairs(of_lengths((1, 1), *lengths), tokenizer, tokenizer, max_length=40)
    assert len(encoded) + encoded.dropped.total == len(lengths) + 1
    shorter = np.minimum(encoded.source.lengths, encoded.target.lengths)
    longer = np.maximum(encoded.source.lengths, encoded.target.lengths)
    assert shorter.min() >= 1 and longer.max() <= 40 and ((longer <= 20) | (longer <= 9 * shorter)).all()


def test_real_pairs_are_the_same_once_decoded(data: Path) -> None:
    pairs = open_parallel([data / "multi30k"], "en", "de", "valid")
    tokenizer, _ = train_tokenizer(TokenizerConfig(tokenizer="bpe", vocab_size=2000), pairs.lines("source", "target"))
    encoded = encode_pairs(pairs, tokenizer, tokenizer)
    assert len(encoded) == len(pairs)
    for index, pair in enumerate(pairs):
        if 1 not in encoded.target[index]:  # <unk>
            assert tokenizer.decode(encoded.target[index].tolist()) == " ".join(pair.target.split())
