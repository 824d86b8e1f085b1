from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlprnn.errors import ConfigError, ModelDirectoryError
from nlprnn.text.sentencepiece_tokenizers import BpeTokenizer, UnigramTokenizer, train_sentencepiece
from nlprnn.text.tokenizer import load_tokenizer

TEXT = (
    """the keys to the cabinet are on the table . the key to the cabinets is on the table .
the writer of the books writes , the writers of the book write . nobody who knows the writers reads a book ."""
    * 3
)
COUNTS = Counter(TEXT.split())
KINDS = {"bpe": BpeTokenizer, "unigram": UnigramTokenizer}


@pytest.fixture(scope="module", params=list(KINDS))
def tokenizer(request: pytest.FixtureRequest) -> BpeTokenizer | UnigramTokenizer:
    model, _ = train_sentencepiece(request.param, COUNTS, 60)
    found: BpeTokenizer | UnigramTokenizer = KINDS[request.param](model)
    return found


def test_the_special_ids_are_ours(tokenizer: BpeTokenizer) -> None:
    assert (tokenizer.token(0), tokenizer.token(1)) == ("<eos>", "<unk>")
    assert "<s>" not in [tokenizer.token(id) for id in range(len(tokenizer))]


@given(line=st.text(st.sampled_from("thekyscabin .,\t\u2028"), max_size=40))
def test_known_text_is_decoded_as_it_was_but_for_white_space(tokenizer: BpeTokenizer, line: str) -> None:
    assert tokenizer.decode(tokenizer.encode(line)) == " ".join(line.split())


@settings(max_examples=50)
@given(line=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20))
def test_every_word_has_a_token_and_the_first_begins_a_word(tokenizer: BpeTokenizer, line: str) -> None:
    ids, word_of = tokenizer.encode_words(line)
    assert ids == tokenizer.encode(line)
    assert sorted(set(word_of)) == list(range(len(line.split())))
    assert tokenizer.starts_word is not None
    for place, word in enumerate(word_of):
        if place == 0 or word_of[place - 1] != word:
            assert tokenizer.starts_word[ids[place]]


def test_lines_are_encoded_as_sentencepiece_encodes_them_whole(tokenizer: BpeTokenizer) -> None:
    import sentencepiece

    whole = sentencepiece.SentencePieceProcessor(model_proto=tokenizer._model)
    for line in TEXT.split("\n"):
        assert tokenizer.encode(line) == whole.encode(line)


def test_tokens_that_begin_a_word_are_marked(tokenizer: BpeTokenizer) -> None:
    assert tokenizer.starts_word is not None and tokenizer.starts_word[0] and not tokenizer.starts_word[1]
    marked = [id for id in range(1, len(tokenizer)) if tokenizer.starts_word[id]]
    assert marked == [id for id in range(1, len(tokenizer)) if tokenizer.token(id)[0] == "▁"]


def test_special_strings_in_text_are_unknown(tokenizer: BpeTokenizer) -> None:
    for text in ("<unk>", "<eos>", "字"):
        assert 1 in tokenizer.encode(text) and 0 not in tokenizer.encode(text)
        assert not tokenizer.knows(text)
    assert tokenizer.knows("table")


def test_a_small_corpus_gets_a_smaller_vocabulary_and_a_note(capfd: pytest.CaptureFixture[str]) -> None:
    for kind in KINDS:
        model, notes = train_sentencepiece(kind, Counter(["the", "dog", "the"]), 8000)
        assert notes == [f"the text has too few different words for 8000 {kind} pieces: the vocabulary has "
                         f"{len(KINDS[kind](model))}"]  # fmt: skip
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", KINDS)
def test_a_vocabulary_too_small_for_the_alphabet_is_an_error_with_a_remedy(kind: str) -> None:
    with pytest.raises(ConfigError, match=r"vocabulary of 10 is too small for the 19 characters .* at least 22 "):
        train_sentencepiece(kind, COUNTS, 10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", range(22, 40, 3))
def test_any_vocabulary_that_holds_the_alphabet_works(kind: str, size: int) -> None:
    model, _ = train_sentencepiece(kind, COUNTS, size)
    assert len(KINDS[kind](model)) <= size


@pytest.mark.parametrize("rare", [1, 3, 10, 30, 100, 300])
def test_alphabets_about_the_coverage_are_learnt_or_refused_in_one_line(rare: int) -> None:
    counts = {chr(0x4E00 + number): rare if number > 50 else 5_000 for number in range(100)}
    for size in range(50, 110, 4):
        try:
            model, _ = train_sentencepiece("bpe", counts, size)
        except ConfigError as error:
            assert "ask for at least" in str(error)
        else:
            assert len(BpeTokenizer(model)) <= size


def test_rare_characters_of_a_large_alphabet_are_unknown() -> None:
    counts = {chr(0x4E00 + number): 1 if number > 50 else 100_000 for number in range(100)}
    model, _ = train_sentencepiece("bpe", counts, 60)
    assert BpeTokenizer(model).knows(chr(0x4E00)) and not BpeTokenizer(model).knows(chr(0x4E00 + 99))


@pytest.mark.parametrize("kind", KINDS)
def test_training_is_deterministic_and_learns_nothing_from_unknowns(kind: str) -> None:
    one, _ = train_sentencepiece(kind, COUNTS, 60)
    other, _ = train_sentencepiece(kind, {**dict(reversed(COUNTS.items())), "<unk>": 500, "x" * 5000: 9}, 60)
    assert one == other


def test_a_large_text_is_learnt_from_as_a_small_one_of_the_same_proportions() -> None:
    large = {chunk: count * 1_000_000 for chunk, count in COUNTS.items()}
    scaled = {chunk: round(count * 1_000_000 / sum(COUNTS.values())) for chunk, count in COUNTS.items()}
    assert train_sentencepiece("unigram", large, 60)[0] == train_sentencepiece("unigram", scaled, 60)[0]


def test_text_of_unknowns_alone_is_an_error() -> None:
    with pytest.raises(ConfigError, match="no word but <unk>"):
        train_sentencepiece("bpe", {"<unk>": 5}, 100)


def test_the_model_is_saved_and_found_again(tokenizer: BpeTokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path)
    again = load_tokenizer(tmp_path)
    assert again.kind == tokenizer.kind and again.fingerprint() == tokenizer.fingerprint()
    assert again.encode("the cabinets write") == tokenizer.encode("the cabinets write")


def test_a_damaged_or_missing_model_is_an_error(tokenizer: BpeTokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path)
    path = tmp_path / "tokenizer.model"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelDirectoryError, match=r"tokenizer\.model: damaged"):
        load_tokenizer(tmp_path)
    path.unlink()
    with pytest.raises(ModelDirectoryError, match=r"tokenizer\.model: cannot be read"):
        load_tokenizer(tmp_path)


def test_lower_casing_happens_before_the_pieces() -> None:
    model, _ = train_sentencepiece("bpe", COUNTS, 60)
    assert BpeTokenizer(model, lowercase=True).encode("THE Table") == BpeTokenizer(model).encode("the table")
