from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from nlprnn.errors import DataError
from nlprnn.text.corpus import open_corpus

from .text_files import written


def numbered(count: int) -> str:
    return "".join(f"line {number}\n" for number in range(count))


@pytest.mark.parametrize(("count", "block"), [(20, 1), (399, 1), (800, 2), (8_000, 20), (40_000, 100), (100_000, 100)])
def test_every_twentieth_block_of_lines_is_held_out(tmp_path: Path, count: int, block: int) -> None:
    corpus = open_corpus([written(tmp_path, numbered(count).replace("line 3\n", "line 3\n\n"))])
    assert corpus.split == {"rule": "blocks", "block": block, "every": 20}
    held = [f"line {number}" for number in range(count) if (number // block) % 20 == 19]
    assert list(corpus.valid) == held and len(corpus.valid) == len(held) > 0
    assert sorted([*corpus.train, *corpus.valid]) == sorted(numbered(count).splitlines())
    assert len(corpus.train) == count - len(held)
    assert corpus.test is None


def test_the_same_lines_are_held_out_of_a_text_with_its_record(tmp_path: Path) -> None:
    corpus = open_corpus([written(tmp_path, numbered(900))])
    again = open_corpus([tmp_path / "a.txt"], split=corpus.split)
    assert again.train.fingerprint() == corpus.train.fingerprint() and again.split == corpus.split
    held = list(corpus.valid)
    longer = open_corpus([written(tmp_path, numbered(90_000), "b.txt")], split=corpus.split)
    assert list(longer.valid)[: len(held)] == held


def test_a_record_of_files_needs_the_file(tmp_path: Path) -> None:
    text, other = written(tmp_path, numbered(100)), written(tmp_path, "other\n", "b.txt")
    corpus = open_corpus([text], valid=other, test=other)
    assert corpus.split == {"rule": "files"} and list(corpus.valid) == ["other"] and len(corpus.train) == 100
    assert corpus.test is not None and list(corpus.test) == ["other"]
    assert open_corpus([text], valid=other, split=corpus.split).split == corpus.split
    with pytest.raises(DataError, match="give it with --valid"):
        open_corpus([text], split=corpus.split)


def test_too_few_lines_to_hold_some_out_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"19 lines are too few .* --valid"):
        open_corpus([written(tmp_path, numbered(19))])


def test_blocks_run_on_through_several_files(tmp_path: Path) -> None:
    first = written(tmp_path, "\n".join(numbered(30).split("\n")[:15]), "a.txt")
    second = written(tmp_path, gzip.compress("\n".join(numbered(30).split("\n")[15:]).encode()), "b.txt.gz")
    assert list(open_corpus([first, second]).valid) == ["line 19"]


@pytest.mark.parametrize(
    ("train", "valid", "test"),
    [
        ("train.txt", "valid.txt", "test.txt"),
        ("train.txt.gz", "validation.txt", None),
        ("ptb.train.txt", "ptb.dev.txt", "ptb.test.txt"),
        ("wiki.train.tokens", "wiki.valid.tokens", None),
        ("train.csv", "val.csv", None),
    ],
)
def test_a_folder_names_its_own_parts(tmp_path: Path, train: str, valid: str, test: str | None) -> None:
    for name, text in ((train, "train"), (valid, "valid"), (test, "test"), ("README.txt", "about")):
        if name is not None:
            data = f"text\n{text}\n" if name.endswith("csv") else f"{text}\n"
            written(tmp_path, gzip.compress(data.encode()) if name.endswith("gz") else data, name)
    corpus = open_corpus(tmp_path)
    assert list(corpus.train) == ["train"] and list(corpus.valid) == ["valid"]
    assert (corpus.test is None) == (test is None)
    assert corpus.split == {"rule": "files"}


def test_a_folder_without_validation_text_is_split(tmp_path: Path) -> None:
    written(tmp_path, numbered(40), "train.txt")
    assert open_corpus(tmp_path).split["rule"] == "blocks"


def test_folders_that_leave_a_doubt_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the folder has no train\.txt"):
        open_corpus(tmp_path)
    written(tmp_path, "a\n", "train.txt")
    written(tmp_path, "a\n", "train.tokens")
    with pytest.raises(DataError, match=r"train\.tokens and train\.txt: which is its train text"):
        open_corpus(tmp_path)


def test_a_saved_dataset_has_parts_of_its_own(tmp_path: Path) -> None:
    import datasets

    one = datasets.Dataset.from_dict({"text": ["one"]})
    datasets.DatasetDict({"train": one, "validation": one, "test": one}).save_to_disk(tmp_path / "data")
    corpus = open_corpus(tmp_path / "data")
    assert list(corpus.valid) == ["one"] and corpus.test is not None and corpus.split == {"rule": "files"}
    datasets.DatasetDict({"extra": one}).save_to_disk(tmp_path / "other")
    with pytest.raises(DataError, match="no train split; there are: extra"):
        open_corpus(tmp_path / "other")


def test_tables_are_read_by_column(tmp_path: Path) -> None:
    path = written(tmp_path, "text,other\n" + "a,b\n" * 40, "a.csv")
    assert set(open_corpus([path], column="other").train) == {"b"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a.txt: the file is empty"),
        (b"\n\n", "a.txt: no text: every line is blank"),
        (b"a\ncaf\xe9\n", "a.txt:2: byte 0xe9 is not UTF-8"),
        (b"a\nb\n\0\n" + b"text " * 20, "a.txt:3: a NUL byte"),
        ("text".encode("utf-16"), "a.txt: UTF-16 text"),
        (bytes(range(200)), "a.txt: not a text file"),
    ],
)
def test_bad_input_is_a_one_line_error_with_its_place(tmp_path: Path, data: bytes, message: str) -> None:
    good, bad = written(tmp_path, numbered(40), "good.txt"), written(tmp_path, data)
    for paths, valid in (([bad], None), ([good, bad], None), ([good], bad)):
        with pytest.raises(DataError) as caught:
            open_corpus(paths, valid=valid)
        assert message in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(DataError, match=r"nowhere\.txt: no such file"):
        open_corpus([tmp_path / "nowhere.txt"])
