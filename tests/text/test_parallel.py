"""Pairs by hand in every format they come in, and each fault with its place."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.errors import ConfigError, DataError
from nlprnn.text import parallel
from nlprnn.text.lines import Selection
from nlprnn.text.parallel import Parallel, find_pairs, open_parallel
from nlprnn.text.tokenizer import train_tokenizer

from .text_files import written

HAND = [("a dog", "ein Hund"), ("two cats", "zwei Katzen"), ("", "leer"), ("five", "fünf")]
ENGLISH, GERMAN = ("".join(f"{pair[side]}\n" for pair in HAND) for side in (0, 1))


def texts(pairs: Parallel) -> list[tuple[str, str]]:
    return [(pair.source, pair.target) for pair in pairs]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("b.de", GERMAN.encode()),
        ("b.de", GERMAN.rstrip("\n").encode()),
        ("b.de", b"\xef\xbb\xbf" + GERMAN.replace("\n", "\r\n").encode()),
        ("b.de.gz", gzip.compress(b"\xef\xbb\xbf" + GERMAN.encode(), mtime=0)),
    ],
)
def test_two_files_are_paired_line_by_line_blank_lines_included(tmp_path: Path, name: str, data: bytes) -> None:
    pairs = open_parallel([written(tmp_path, ENGLISH, "a.en"), written(tmp_path, data, name)])
    assert texts(pairs) == HAND and len(pairs) == 4
    assert texts(pairs) == HAND  # once more
    assert [pair.line for pair in pairs] == [1, 2, 3, 4]
    assert pairs.describe() == f"{tmp_path / 'a.en'} and {tmp_path / name}: 4 pairs"


@pytest.mark.parametrize("short", ["a.en", "b.de"])
def test_files_of_unlike_length_are_told_with_both_counts_and_names(tmp_path: Path, short: str) -> None:
    paths = [written(tmp_path, "line\n" * (3 if name == short else 1500), name) for name in ("a.en", "b.de")]
    counts = ("1,500", "3") if short == "a.en" else ("3", "1,500")
    with pytest.raises(DataError) as caught:
        open_parallel(paths)
    assert str(caught.value).startswith(f"{paths[1]}: {counts[0]} lines, but {paths[0]} has {counts[1]}; give files")


def test_a_table_without_header_is_source_tab_target(tmp_path: Path) -> None:
    rows = '\ufeffa dog\tein Hund\r\n"two\ncats"\t"zwei ""Katzen"""\r\n\r\n\tleer\r\nfive, "5"\tfünf\rsechs\r\n'
    expected = [
        ("a dog", "ein Hund", 1),
        ("two cats", 'zwei "Katzen"', 2),
        ("", "leer", 5),
        ('five, "5"', "fünf sechs", 6),
    ]
    for name in ("a.tsv", "a.txt"):
        assert [tuple(pair) for pair in open_parallel([written(tmp_path, rows, name)])] == expected
    packed = written(tmp_path, gzip.compress(rows.encode()), "a.tsv.gz")
    assert [tuple(pair) for pair in open_parallel([packed])] == expected


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tsv", "id\ten\tde\n" + "".join(f"7\t{source}\t{target}\n" for source, target in HAND)),
        ("a.csv", "de,en\n" + "".join(f"{target},{source}\n" for source, target in HAND)),
        ("a.jsonl", "".join(f'{{"en": "{source}", "de": "{target}"}}\n' for source, target in HAND)),
        (
            "a.jsonl",
            "".join(f'{{"translation": {{"en": "{source}", "de": "{target}"}}}}\n' for source, target in HAND),
        ),
    ],
)
def test_columns_and_languages_are_named(tmp_path: Path, name: str, data: str) -> None:
    path = written(tmp_path, data, name)
    assert texts(open_parallel([path], "en", "de")) == HAND
    assert texts(open_parallel([path], "de", "en")) == [(target, source) for source, target in HAND]
    with pytest.raises(DataError, match=r"has no column 'fr'; name source and target, there are: .*en.*"):
        open_parallel([path], "fr", "de")


def test_columns_called_source_and_target_need_not_be_named(tmp_path: Path) -> None:
    path = written(
        tmp_path, '{"target": "ein\\nHund", "source": "a dog"}\n{"target": null, "source": "b"}\n', "a.jsonl"
    )
    assert texts(open_parallel([path])) == [("a dog", "ein Hund"), ("b", "")]


def test_parquet_and_data_sets_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    plain = datasets.Dataset.from_dict({"en": [one for one, _ in HAND], "de": [two for _, two in HAND]})
    nested = datasets.Dataset.from_dict({"id": [1], "translation": [{"en": "a dog", "de": "ein Hund"}]})
    plain.to_parquet(str(tmp_path / "a.parquet"))
    assert texts(open_parallel([tmp_path / "a.parquet"], "en", "de")) == HAND
    splits = datasets.DatasetDict({"train": plain, "validation": nested})
    splits.save_to_disk(tmp_path / "saved")
    monkeypatch.setattr(datasets, "load_dataset", lambda *_: splits)
    for place in (tmp_path / "saved", "hf:some/pairs"):
        assert texts(open_parallel([place], "en", "de")) == HAND
        assert texts(open_parallel([place], "de", "en", part="valid")) == [("ein Hund", "a dog")]
        with pytest.raises(DataError, match="has no test pairs, only train, valid; name the files"):
            open_parallel([place], "en", "de", part="test")
        with pytest.raises(DataError, match="'translation' holds no text"):
            open_parallel([place], "translation", "id", part="valid")
        with pytest.raises(DataError, match="has no column 'source'; name source and target, there are: en, de"):
            open_parallel([place])


def test_a_folder_holds_parts_by_ending_or_in_tables(tmp_path: Path) -> None:
    for name in ("train", "val", "test_2016_flickr"):
        written(tmp_path, f"{name}\n", f"{name}.en")
        written(tmp_path, gzip.compress(f"{name}, deutsch\n".encode()), f"{name}.de.gz")
        written(tmp_path, f"{name}\tfrom a table\n", f"{name}.tsv")
    for part, name in (("train", "train"), ("valid", "val"), ("test", "test_2016_flickr")):
        assert texts(open_parallel([tmp_path], "en", "de", part)) == [(name, f"{name}, deutsch")]
        assert texts(open_parallel([tmp_path], part=part)) == [(name, "from a table")]
    assert set(find_pairs([tmp_path], "en", "de")) == {"train", "valid", "test"}
    written(tmp_path, "another\n", "test_2017.en")
    with pytest.raises(DataError, match=r"test_2017\.en: there is no test_2017\.de beside it"):
        open_parallel([tmp_path], "en", "de")
    written(tmp_path, "another\n", "test_2017.de")
    assert len(open_parallel([tmp_path], "en", "de")) == 1
    with pytest.raises(DataError, match=r"which are its test pairs, .*test_2016.* or .*test_2017"):
        open_parallel([tmp_path], "en", "de", "test")


def test_a_folder_without_pairs_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"neither train\.en with train\.de nor train\.tsv; name both endings"):
        open_parallel([tmp_path], "en", "de")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.tsv", b"", "a.tsv: the file is empty"),
        ("a.tsv", b"\n\n", "a.tsv: no pair has text on both sides"),
        ("a.tsv", b" \tb\na\t\n", "a.tsv: no pair has text on both sides"),
        ("a.tsv", b"a\tb\nc\n", "a.tsv:2: 1 cell, not source and target; put a tab"),
        ("a.tsv", b"a\tb\n\n\nc\td\te\n", "a.tsv:4: 3 cells, not source and target; cut the others off"),
        ("a.tsv", b'a\t"b\nb"\n"c" he said\td\n', "a.tsv:3: its cells cannot be told apart"),
        ("a.tsv", b'a\tb\n"c\td\n' + b"e\tf\n" * 3, "a.tsv:2: its cells cannot be told apart"),
        ("a.tsv", b'a\tb\n"c\td\n' + b"e\tf\n" * 90_000, "a.tsv:2: its cells cannot be told apart"),
        ("a.tsv", b"a\tb\ncaf\xe9\tc\n", "a.tsv:2: byte 0xe9 is not UTF-8"),
        ("a.tsv", b"a\tb\nc\0\td\n", "a.tsv:2: a NUL byte"),
        ("a.tsv", b"a\tb\n" + b"c" * 2_000_000 + b"\td\n", "a.tsv:2: a line of over 524,288 characters"),
        ("a.csv", b"source,target\na,b\ncaf\xe9,c\n", "a.csv:3: byte 0xe9 is not UTF-8"),
        ("a.csv", b"source,target\na,b,c\n", "a.csv:2: 3 cells, but the header has 2"),
        ("a.jsonl", b'{"source": "a", "target": "b\\u0000"}\n', "a.jsonl: row 1 holds a NUL character"),
        ("a.jsonl", b'{"source": "a", "target": ["b"]}\n', "a.jsonl: row 1: the column 'target' holds no text"),
    ],
)
def test_bad_pairs_are_one_line_errors_with_their_place(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    with pytest.raises(DataError) as caught:
        open_parallel([written(tmp_path, data, name)])
    assert str(caught.value).startswith(f"{tmp_path / message}") and "\n" not in str(caught.value)


def test_paths_and_names_that_make_no_pair_are_wrong_usage(tmp_path: Path) -> None:
    for paths in ([], ["a", "b", "c"], ["a.tsv", "b.tsv"], ["a.en", "b.jsonl"]):
        with pytest.raises(ConfigError, match="two text files, the source and the target, or one table"):
            open_parallel(paths)
    with pytest.raises(ConfigError, match="both the source and the target"):
        open_parallel([tmp_path], "en")
    with pytest.raises(DataError, match=r"nowhere\.en: no such file"):
        open_parallel([tmp_path / "nowhere.en", tmp_path / "nowhere.de"])


def test_held_out_pairs_and_the_others_are_all_pairs(tmp_path: Path) -> None:
    pairs = open_parallel([written(tmp_path, "".join(f"{i}\tpair {i}\n" for i in range(100)), "a.tsv")])
    kept, held = (pairs.selected(Selection(block=2, every=20, valid=valid)) for valid in (False, True))
    assert [pair.source for pair in held] == ["38", "39", "78", "79"] and len(held) == 4
    assert sorted([*texts(kept), *texts(held)]) == sorted(texts(pairs)) and len(kept) == 96
    assert len({some.fingerprint() for some in (pairs, kept, held)}) == 3
    assert list(held.lines("target")) == ["pair 38", "pair 39", "pair 78", "pair 79"]


def test_the_fingerprint_is_that_of_the_pairs_whatever_they_are_written_in(tmp_path: Path) -> None:
    files = open_parallel([written(tmp_path, "a\nb\n", "a.en"), written(tmp_path, "c\nd\n", "a.de")])
    table = open_parallel([written(tmp_path, "a\tc\nb\td\n", "a.tsv")])
    other = open_parallel([written(tmp_path, "a\td\nb\tc\n", "b.tsv")])
    assert files.fingerprint() == table.fingerprint() != other.fingerprint()


def test_the_lines_of_a_side_or_both_are_what_a_vocabulary_is_learnt_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "BLOCK_PAIRS", 3)  # more than one block of them
    pairs = open_parallel([written(tmp_path, ENGLISH, "a.en"), written(tmp_path, GERMAN, "b.de")])
    english, german = ENGLISH.split("\n"), GERMAN.split("\n")
    for sides, expected in ((["source"], english), (["target"], german), (["source", "target"], english + german)):
        lines = pairs.lines(*sides)
        assert list(lines) == [line for line in expected if line] and len(lines) == len(list(lines))
        tokenizer, _ = train_tokenizer(TokenizerConfig(tokenizer="words", min_count=1), lines)
        known = Counter(" ".join(expected).split())
        assert len(tokenizer) == len(known) + 2 and all(tokenizer.knows(word) for word in known)


def test_a_joint_subword_vocabulary_writes_both_languages(tmp_path: Path) -> None:
    pairs = open_parallel([written(tmp_path, ENGLISH * 50, "a.en"), written(tmp_path, GERMAN * 50, "b.de")])
    tokenizer, _ = train_tokenizer(TokenizerConfig(tokenizer="bpe", vocab_size=60), pairs.lines("source", "target"))
    for text in ("two cats", "zwei Katzen", "fünf"):
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_no_row_of_a_table_is_read_before_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def rows() -> Any:
        for number in range(1000):
            read.append(number)
            yield {"a": str(number), "b": "x"}

    pairs = parallel.ColumnPairs("table", "a", "b", rows).pairs()
    assert next(pairs) == ("0", "x", 1) and read == [0]


def test_multi30k_has_the_pairs_that_its_authors_counted(data: Path) -> None:
    folder = data / "multi30k"
    for part, count in (("train", 29_000), ("valid", 1_014), ("test", 1_000)):
        assert len(open_parallel([folder], "en", "de", part)) == count
