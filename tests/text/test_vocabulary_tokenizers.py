from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlprnn.errors import ModelDirectoryError
from nlprnn.text.tokenizer import TOKENIZERS, load_tokenizer
from nlprnn.text.vocabulary_tokenizers import CharacterTokenizer, WhitespaceTokenizer, WordTokenizer

SPECIAL = ["<eos>", "<unk>"]
TYPES = [*SPECIAL, "the", "dog", "'", "don't", ".", ",", "(", ")", "a", "b", " ", "é"]
KINDS = [WordTokenizer, WhitespaceTokenizer, CharacterTokenizer]
LINES = st.text(st.sampled_from("thedogab.,()'é \t\u2028\u00a0-<>"))


@pytest.mark.parametrize("kind", KINDS)
@given(line=LINES)
def test_word_indexes_are_those_of_white_space(kind: type, line: str) -> None:
    tokenizer = kind(TYPES)
    ids, word_of = tokenizer.encode_words(line)
    assert ids == tokenizer.encode(line)
    assert sorted(set(word_of)) == list(range(len(line.split()))) and word_of == sorted(word_of)
    assert tokenizer.words(line) == line.split()


@given(st.text(st.sampled_from("thedogab é\t\u2028")))
def test_known_characters_are_decoded_as_they_were_but_for_white_space(line: str) -> None:
    tokenizer = CharacterTokenizer([*SPECIAL, *"thedogabé "])
    assert tokenizer.decode(tokenizer.encode(line)) == " ".join(line.split())


@given(st.lists(st.sampled_from(["the", "dog", "a", "b"])))
def test_known_tokens_are_decoded_as_they_were(words: list[str]) -> None:
    tokenizer = WhitespaceTokenizer(TYPES)
    assert tokenizer.decode(tokenizer.encode(" ".join(words))) == " ".join(words)


def test_text_cannot_forge_the_end_of_a_line() -> None:
    for kind in KINDS:
        tokenizer = kind([*TYPES, "<", ">", "e", "o", "s"])
        assert 0 not in tokenizer.encode("the <eos> dog <eos>, <eos><eos>")
        assert not tokenizer.knows("<eos>")


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_of_the_unknown_token_is_the_unknown_token(kind: type) -> None:
    tokenizer = kind([*TYPES, *"<unk>"])
    assert tokenizer.encode("<unk>") == [1]
    assert not tokenizer.knows("<unk>") and tokenizer.knows("a")


def test_words_are_peeled_and_unknown_ones_found() -> None:
    tokenizer = WordTokenizer(TYPES)
    assert [tokenizer.token(id) for id in tokenizer.encode("the (dog), don't.")] == [
        "the",
        "(",
        "dog",
        ")",
        ",",
        "don't",
        ".",
    ]
    assert tokenizer.decode(tokenizer.encode("the (dog), don't.")) == "the (dog), don't."
    assert tokenizer.encode_words("the cat, dog.") == ([2, 1, 7, 3, 6], [0, 1, 1, 2, 2])
    assert tokenizer.knows("dog.") and not tokenizer.knows("cat.")


def test_lower_casing_is_part_of_the_tokenizer() -> None:
    assert WordTokenizer(TYPES, lowercase=True).encode("The DOG <UNK>") == [2, 3, 1]
    assert WordTokenizer(TYPES).fingerprint() != WordTokenizer(TYPES, lowercase=True).fingerprint()
    assert WordTokenizer(TYPES).words("The DOG") == ["The", "DOG"]


def test_characters_have_a_space_that_begins_the_word_after_it() -> None:
    tokenizer = CharacterTokenizer([*SPECIAL, " ", "a", "b"])
    assert tokenizer.encode_words("  ab \t b ") == ([3, 4, 2, 4], [0, 0, 1, 1])
    assert tokenizer.starts_word is not None
    assert tokenizer.starts_word.tolist() == [True, False, True, False, False]
    assert tokenizer.joint == (2,)


def test_the_end_of_a_line_is_decoded_as_a_line_break() -> None:
    tokenizer = WhitespaceTokenizer(TYPES)
    assert tokenizer.decode([2, 3, 0, 2, 0]) == "the dog\nthe"
    assert tokenizer.decode([]) == ""


@given(st.lists(st.text(min_size=1).filter(lambda token: token.split() == [token]), unique=True), st.booleans())
def test_any_vocabulary_is_saved_and_found_again(tmp_path_factory: pytest.TempPathFactory, types, lowercase) -> None:
    folder = tmp_path_factory.mktemp("model")
    tokenizer = WhitespaceTokenizer(SPECIAL + [token for token in types if token not in SPECIAL], lowercase)
    tokenizer.save(folder)
    again = load_tokenizer(folder)
    assert [again.token(id) for id in range(len(again))] == tokenizer.tokens
    assert again.fingerprint() == tokenizer.fingerprint()
    assert [file.name for file in folder.iterdir()] == ["tokenizer.json"]


@pytest.mark.parametrize("length", [0, 1, 20, 60])
def test_a_file_cut_short_is_an_error(tmp_path: Path, length: int) -> None:
    WordTokenizer(TYPES).save(tmp_path)
    path = tmp_path / "tokenizer.json"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ModelDirectoryError, match=r"tokenizer\.json: damaged or cut short"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "letters"},
        {"kind": ["words"]},
        {"tokens": ["<unk>", "<eos>"]},
        {"tokens": [*SPECIAL, "a", "a"]},
        {"tokens": [*SPECIAL, 3]},
        {"tokens": "abc"},
        {"format": 99},
        {"format": None},
    ],
)
def test_broken_settings_are_one_line_errors(tmp_path: Path, change: dict[str, object]) -> None:
    WordTokenizer(TYPES).save(tmp_path)
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ModelDirectoryError) as caught:
        load_tokenizer(tmp_path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_folder_without_a_tokenizer_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelDirectoryError, match="cannot be read"):
        load_tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text("[]")
    with pytest.raises(ModelDirectoryError, match="describes no tokenizer"):
        load_tokenizer(tmp_path)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelDirectoryError, match="cannot be written"):
        WordTokenizer(TYPES).save(tmp_path / "nowhere")


def test_every_kind_is_found_by_its_name() -> None:
    assert {name: kind.kind for name, kind in TOKENIZERS.items()} == {name: name for name in TOKENIZERS}
