from __future__ import annotations

from pathlib import Path

import pytest

from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.errors import ConfigError
from nlprnn.text.tokenizer import Tokenizer, train_tokenizer

LINES = ["The dogs bark, the cats sleep.", "the dog barks .", "The dog sleeps."]


def types(tokenizer: Tokenizer) -> list[str]:
    return [tokenizer.token(id) for id in range(len(tokenizer))]


def trained(kind: str, lines: list[str] = LINES, **settings: object) -> Tokenizer:
    return train_tokenizer(TokenizerConfig(tokenizer=kind, **settings), lines)[0]  # type: ignore[arg-type]


def test_words_seen_once_become_unknown() -> None:
    assert types(trained("words")) == ["<eos>", "<unk>", ".", "The", "dog", "the"]
    assert types(trained("whitespace")) == ["<eos>", "<unk>", "The", "dog", "the"]


def test_text_with_its_own_unknowns_keeps_every_type() -> None:
    lines = ["the <unk> dog", "a cat"]
    assert types(trained("whitespace", lines)) == ["<eos>", "<unk>", "a", "cat", "dog", "the"]
    assert types(trained("words", lines)) == ["<eos>", "<unk>", "a", "cat", "dog", "the"]
    assert types(trained("words", lines, min_count=2)) == ["<eos>", "<unk>"]


def test_characters_keep_every_type_and_the_space() -> None:
    assert types(trained("characters", ["ab b"])) == ["<eos>", "<unk>", "b", " ", "a"]
    assert " " in types(trained("characters", ["ab"]))


def test_lower_casing_adds_up_the_counts() -> None:
    assert types(trained("words", lowercase=True))[:5] == ["<eos>", "<unk>", "the", ".", "dog"]
    assert trained("bpe", ["The THE the"], lowercase=True).knows("tHE")


def test_the_size_of_the_vocabulary_is_bounded() -> None:
    assert types(trained("words", vocab_size=4)) == ["<eos>", "<unk>", ".", "The"]
    tokenizer, notes = train_tokenizer(TokenizerConfig(tokenizer="words", vocab_size=400), LINES)
    assert len(tokenizer) == 6 and notes == ["the text has fewer types than 400: the vocabulary has 6"]


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_a_small_text_gets_the_subwords_that_it_has(kind: str) -> None:
    tokenizer, notes = train_tokenizer(TokenizerConfig(tokenizer=kind), LINES)
    assert tokenizer.kind == kind and len(notes) == 1 and "6000" in notes[0]
    assert tokenizer.decode(tokenizer.encode(LINES[0])) == LINES[0]


def test_a_vocabulary_file_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "types.txt"
    path.write_text("zebra\nthe\n")
    assert types(trained("words", vocab=str(path))) == ["<eos>", "<unk>", "zebra", "the"]
    with pytest.raises(ConfigError, match="--vocab does not go with --tokenizer bpe"):
        trained("bpe", vocab=str(path))
