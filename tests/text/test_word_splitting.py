from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nlprnn.text.word_splitting import join_tokens, split_chunk

CHUNKS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1).filter(lambda text: text.split() == [text])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Hello, world!", ["Hello", ",", "world", "!"]),
        ("(He said: 'yes'.)", ["(", "He", "said", ":", "'", "yes", "'", ".", ")"]),
        ("don't John's o'clock well-known", ["don't", "John's", "o'clock", "well-known"]),
        ("3.14 1,000, $5 7%", ["3.14", "1,000", ",", "$", "5", "7", "%"]),
        ("the U.S. (e.g. a Ph.D.)", ["the", "U.S.", "(", "e.g.", "a", "Ph.D.", ")"]),
        ("The end.", ["The", "end", "."]),
        ("<unk>, <eos> <b>bold</b>", ["<unk>", ",", "<eos>", "<b>", "bold", "</b>"]),
        (
            "(see https://a.org/x?y=1, or me@b.co.uk.)",
            ["(", "see", "https://a.org/x?y=1", ",", "or", "me@b.co.uk", ".", ")"],
        ),
        ("well--known wait...what yes—no", ["well", "--", "known", "wait", "...", "what", "yes", "—", "no"]),
        ("John 's 'em, 'twas 'quoted'", ["John", "'s", "'em", ",", "'twas", "'", "quoted", "'"]),
        ("dogs' “so”", ["dogs", "'", "“", "so", "”"]),
        ("हिन्दी, cafe\u0301.", ["हिन्दी", ",", "cafe\u0301", "."]),
        ("a < b", ["a", "<", "b"]),
    ],
)
def test_raw_text_is_split_as_a_reader_would(text: str, tokens: list[str]) -> None:
    assert [token for chunk in text.split() for token in split_chunk(chunk)] == tokens


@given(CHUNKS)
@example("...'s--<unk>http://")
@example("'U.S.A.'")
def test_splitting_loses_no_character(chunk: str) -> None:
    tokens = split_chunk(chunk)
    assert "".join(tokens) == chunk
    assert all(tokens)


@given(st.text("aZ9.,;'\"-<>@/:(", min_size=1))
def test_the_short_ways_for_plain_words_agree_with_the_long_one(chunk: str) -> None:
    if chunk.isalnum():
        assert split_chunk("(" + chunk)[1:] == split_chunk(chunk)
    if chunk[:-1].isalnum() and chunk[-1] in ".,;:":
        assert split_chunk("(" + chunk)[1:] == split_chunk(chunk)


@pytest.mark.parametrize(
    "text",
    [
        "Hello, world!",
        'He said: "I can\'t (really) go." Then he left.',
        "She paid $5.50, i.e. 7% more; the dogs' bowl was 'empty'.",
        "¿Qué? “Nothing”, said John's wife.",
        "It was the U.S. [sic] at 3 o'clock.",
    ],
)
def test_prose_is_joined_as_it_was_written(text: str) -> None:
    assert join_tokens(token for chunk in text.split() for token in split_chunk(chunk)) == text


def test_pretokenised_clitics_are_joined_to_their_word() -> None:
    assert join_tokens(["John", "'s", "dog"]) == "John's dog"
