from __future__ import annotations

from pathlib import Path

import pytest

from nlprnn.errors import DataError
from nlprnn.text.vocabulary import count_characters, frequent_types, read_types
from nlprnn.text.vocabulary_tokenizers import CharacterTokenizer, WordTokenizer


def test_types_come_by_frequency_and_then_by_alphabet() -> None:
    counts = {"b": 2, "a": 2, "c": 5, "d": 1, "<unk>": 9, "<eos>": 3}
    assert frequent_types(counts, 1, None) == (["<eos>", "<unk>", "c", "a", "b", "d"], [])
    assert frequent_types(counts, 2, None)[0] == ["<eos>", "<unk>", "c", "a", "b"]
    assert frequent_types(counts, 1, 4) == (["<eos>", "<unk>", "c", "a"], [])


def test_a_vocabulary_larger_than_the_text_is_a_note() -> None:
    types, notes = frequent_types({"a": 1}, 1, 100)
    assert types == ["<eos>", "<unk>", "a"]
    assert notes == ["the text has fewer types than 100: the vocabulary has 3"]


def test_characters_are_counted_by_hand() -> None:
    assert count_characters({"aab": 2, "b": 1, "<unk>": 7}, 3) == {" ": 3, "a": 4, "b": 3}


def test_a_vocabulary_file_keeps_its_order_and_gets_the_special_types(tmp_path: Path) -> None:
    path = tmp_path / "types.txt"
    path.write_bytes("\ufeffthe\r\n<unk>\r\ndog\r\n".encode())
    assert read_types(path, WordTokenizer, False) == (["<eos>", "<unk>", "the", "dog"], [])


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"the\n\ndog\n", 2, "an empty line"),
        (b"the\ndog\n\n", 3, "an empty line"),
        (b"", 1, "an empty line"),
        (b"the\ndog\nthe\n", 3, "'the' stood in line 1 already"),
        (b"the dog\n", 1, "holds white space"),
        (b"the\ncaf\xe9\n", 2, "not UTF-8"),
    ],
)
def test_faults_of_a_vocabulary_file_are_told_by_their_line(
    tmp_path: Path, data: bytes, line: int, message: str
) -> None:
    path = tmp_path / "types.txt"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_types(path, WordTokenizer, False)
    assert str(caught.value).startswith(f"{path}:{line}: ") and message in str(caught.value)


def test_a_vocabulary_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_types(tmp_path / "nowhere", WordTokenizer, False)


def test_a_character_vocabulary_has_single_characters_and_a_space(tmp_path: Path) -> None:
    path = tmp_path / "types.txt"
    path.write_text("a\n \nb\n")
    assert read_types(path, CharacterTokenizer, False) == (["<eos>", "<unk>", "a", " ", "b"], [])
    path.write_text("a\nb\n")
    types, notes = read_types(path, CharacterTokenizer, False)
    assert types[-1] == " " and "no space" in notes[0]
    path.write_text("a\nbc\n")
    with pytest.raises(DataError, match="not a single character"):
        read_types(path, CharacterTokenizer, False)


def test_capitals_that_can_never_occur_are_a_note(tmp_path: Path) -> None:
    path = tmp_path / "types.txt"
    path.write_text("The\ndog\n")
    assert "1 types of" in read_types(path, WordTokenizer, True)[1][0]
