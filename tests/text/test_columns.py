from __future__ import annotations

import gzip
import socket
from pathlib import Path
from typing import Any

import pytest

from nlprnn.errors import DataError
from nlprnn.text.columns import open_hub_dataset, open_saved_dataset, open_table

from .text_files import written


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", 'id,text\n1,"one, two"\n2,NA\n3,\n4,"three\nfour"\n'),
        ("a.csv", '\ufeffid,text\r\n1,"one, two"\r\n2,NA\r\n3,\r\n4,"three\r\nfour"\r\n'),
        ("a.tsv", 'text\tid\none, two\t1\nNA\t2\n\t3\n"three\nfour"\t4\n'),
        ("a.jsonl", '{"text": "one, two"}\n{"text": "NA"}\n{"text": null}\n{"text": "three\\nfour"}\n'),
    ],
)
def test_the_text_column_is_read_line_by_line(tmp_path: Path, name: str, data: str) -> None:
    path = written(tmp_path, data, name)
    lines = open_table(path, None)
    assert list(lines) == ["one, two", "NA", "three", "four"] and len(lines) == 4
    packed = written(tmp_path, gzip.compress(data.encode()), name + ".gz")
    assert list(open_table(packed, None)) == list(lines)


def test_numbers_in_a_text_column_stay_as_they_are_written(tmp_path: Path) -> None:
    path = written(tmp_path, "text\n007\n1\n1.50\n\n1e3\n", "a.csv")
    assert list(open_table(path, None)) == ["007", "1", "1.50", "1e3"]


def test_parquet_is_read(tmp_path: Path) -> None:
    import datasets

    datasets.Dataset.from_dict({"n": [1, 2], "sentence": ["one", "two"]}).to_parquet(tmp_path / "a.parquet")
    assert list(open_table(tmp_path / "a.parquet", None)) == ["one", "two"]
    with pytest.raises(DataError, match="no such file"):
        open_table(tmp_path / "b.parquet", None)
    written(tmp_path, b"PAR1 and then nothing", "c.parquet")
    with pytest.raises(DataError, match="not a readable parquet table"):
        open_table(tmp_path / "c.parquet", None)


def test_the_column_is_asked_for_or_found_or_an_error_names_all(tmp_path: Path) -> None:
    path = written(tmp_path, "id,review,2nd\n1,good,fine\n2,bad,poor\n", "a.csv")
    assert list(open_table(path, "review")) == ["good", "bad"]
    with pytest.raises(DataError, match=r"has no column 'text'; there are: id, review, 2nd"):
        open_table(path, "text")
    with pytest.raises(DataError, match=r"several columns hold text; name one with --column, there are: id, review"):
        open_table(path, None)
    only = written(tmp_path, "id,review,score\n1,good,2.5\n2,bad,\n", "b.csv")
    assert list(open_table(only, None)) == ["good", "bad"]
    with pytest.raises(DataError, match="no column holds text"):
        open_table(written(tmp_path, "a,b\n1,2\n", "c.csv"), None)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"text,text\none,two\n", "a.csv:1: two columns are called 'text'"),
        ("a.csv", b"text\n", "the table has no rows"),
        ("a.csv", b'text\n""\n', "every line is blank"),
        ("a.csv", b"text\ncaf\xe9\n", "a.csv:2: byte 0xe9 is not UTF-8"),
        ("a.csv", b"text\na\0b\n", "a.csv:2: a NUL byte"),
        ("a.csv", b"id,text\n1,one, two\n", "a.csv:2: 3 cells, but the header has 2"),
        ("a.csv", b"id,text\n1,one\n2,two, three\n", "a.csv:3: 3 cells, but the header has 2"),
        ("a.csv", b'id,text\n1,one\n2,"two\n', "a.csv:3: its cells cannot be told apart"),
        ("a.jsonl", b'{"text": "one"}\n{"text":\n', "not a readable json table"),
        ("a.jsonl", b'{"text": "one\\u0000two"}\n', "row 1 holds a NUL character"),
    ],
)
def test_broken_tables_are_one_line_errors(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = written(tmp_path, data, name)
    with pytest.raises(DataError) as caught:
        open_table(path, None)
    assert message in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_table_is_read_without_the_network_and_without_a_copy_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    def asked(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was asked for a local file")

    home = tmp_path / "home"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", home)
    monkeypatch.setattr(socket, "getaddrinfo", asked)
    for name, data in (("a.csv", "text\none\n"), ("a.jsonl", '{"text": "one"}\n')):
        assert list(open_table(written(tmp_path, data, name), None)) == ["one"]
    assert not home.exists()


def test_saved_datasets_are_read(tmp_path: Path) -> None:
    import datasets

    one = datasets.Dataset.from_dict({"text": ["one", "two\nthree", ""]})
    datasets.DatasetDict({"train": one, "validation": one.select([0])}).save_to_disk(tmp_path / "both")
    splits = open_saved_dataset(tmp_path / "both", None)
    assert {name: list(lines) for name, lines in splits.items()} == {
        "train": ["one", "two", "three"],
        "validation": ["one"],
    }
    one.save_to_disk(tmp_path / "one")
    assert list(open_saved_dataset(tmp_path / "one", "text")["train"]) == ["one", "two", "three"]
    with pytest.raises(DataError, match="has no column 'review'; there are: text"):
        open_saved_dataset(tmp_path / "one", "review")
    (tmp_path / "one" / "data-00000-of-00001.arrow").unlink()
    with pytest.raises(DataError, match="cannot be opened"):
        open_saved_dataset(tmp_path / "one", None)


def test_the_hub_without_a_network_is_a_one_line_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: Any, **__: Any) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    with pytest.raises(DataError, match=r"^hf:some/data cannot be loaded \(.*check the name and the network") as caught:
        open_hub_dataset("hf:some/data", None)
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="write hf:NAME"):
        open_hub_dataset("hf:a/b/c/d", None)


def test_the_hub_is_asked_for_names_with_owners_and_configurations(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    asked: list[tuple[str, ...]] = []

    def load(*arguments: str) -> Any:
        asked.append(arguments)
        if arguments == ("wiki/two",):
            raise FileNotFoundError("no such data set")
        return datasets.DatasetDict({"train": datasets.Dataset.from_dict({"text": ["one"]})})

    monkeypatch.setattr(datasets, "load_dataset", load)
    for name in ("hf:plain", "hf:wiki/two", "hf:owner/wiki/two"):
        assert list(open_hub_dataset(name, None)["train"]) == ["one"]
    assert asked == [("plain",), ("wiki/two",), ("wiki", "two"), ("owner/wiki", "two")]
