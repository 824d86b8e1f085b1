"""The same labelled texts in every format they come in, and each fault with its place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from nlprnn.errors import DataError
from nlprnn.text.labelled import LabelledTexts, open_labelled
from nlprnn.text.labelled_sources import Columns, RowTexts, find_labelled

from .text_files import written

HAND = [("a good film", "4"), ('the "plot", alas', "0"), ("two\nlines", "2")]
READ = [("a good film", "4"), ('the "plot", alas', "0"), ("two lines", "2")]
LINES = "".join(f"__label__{label} {text}\n" for text, label in READ)


def pairs(texts: LabelledTexts) -> list[tuple[str, str]]:
    return [(item.text, item.label) for item in texts]


def quoted(delimiter: str, header: str) -> str:
    rows = (f'"{text.replace(chr(34), chr(34) * 2)}"{delimiter}{label}\r\n' for text, label in HAND)
    return header + "\r\n" + "".join(rows)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", quoted(",", "text,score").encode()),
        ("a.csv", b"\xef\xbb\xbf" + quoted(",", "Review,Rating").encode()),
        ("a.tsv", quoted("\t", "sentence\tlabel").encode()),
        ("a.tsv.gz", gzip.compress(quoted("\t", "sentence\tstars").encode(), mtime=0)),
        ("a.jsonl", "".join(json.dumps({"label": label, "text": text}) + "\n" for text, label in HAND).encode()),
        ("a.jsonl", "".join(json.dumps({"score": int(label), "text": text}) + "\n" for text, label in HAND).encode()),
        ("a.jsonl", "".join(json.dumps({"score": float(label), "text": text}) + "\n" for text, label in HAND).encode()),
        ("a.txt", LINES.encode()),
        ("a.txt", "".join(f"__label__{label}\t{text}\r\n\n" for text, label in READ).encode()),
        ("train.ft.txt.gz", gzip.compress(LINES.encode(), mtime=0)),
    ],
)
def test_the_same_texts_are_read_from_every_format(tmp_path: Path, name: str, data: bytes) -> None:
    assert pairs(open_labelled(written(tmp_path, data, name))) == READ


def test_lines_are_those_in_which_a_text_begins(tmp_path: Path) -> None:
    table = written(tmp_path, 'text,label\n"one\nmore",a\n\ntwo,b\n', "a.csv")
    assert [item.line for item in open_labelled(table)] == [2, 5]
    lines = written(tmp_path, "\n__label__a one\n\n__label__b two\n", "a.txt")
    assert [item.line for item in open_labelled(lines)] == [2, 4]


@pytest.mark.parametrize("name", ["a.tsv", "a.jsonl", "a.parquet", "saved"])
def test_columns_are_named_where_their_names_are_not_usual_or_doubtful(tmp_path: Path, name: str) -> None:
    import datasets

    rows = {"id": [7], "summary": ["short"], "body": ["long"], "label": ["x"], "score": [3]}
    path = tmp_path / name
    if name == "a.tsv":
        path.write_text("\t".join(rows) + "\n" + "\t".join(str(cells[0]) for cells in rows.values()) + "\n")
    elif name == "saved":
        datasets.Dataset.from_dict(rows).save_to_disk(path)
    else:
        dataset = datasets.Dataset.from_dict(rows)
        (dataset.to_parquet if name == "a.parquet" else dataset.to_json)(str(path))
    for part in ("train", "valid"):
        assert pairs(open_labelled(path, "summary", "label", part)) == [("short", "x")]
    assert pairs(open_labelled(path, "body", "score")) == [("long", "3")]
    there = "there are: id, summary, body, label, score"
    for columns, message in [
        (
            (None, "score"),
            rf"has no text column \(such as text, sentence, review\); name one with --text-column, {there}",
        ),
        (("text", "score"), rf"has no column 'text'; name one with --text-column, {there}"),
        (("body", "stars"), rf"has no column 'stars'; name one with --label-column, {there}"),
        (("body", None), r"is the label in 'label' or 'score'\? Name one with --label-column"),
        (("body", "body"), r"the column 'body' cannot be both text and label"),
    ]:
        with pytest.raises(DataError, match=message):
            open_labelled(path, *columns)


def test_names_of_classes_are_the_labels_of_a_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])})
    part = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features)
    hidden = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [-1, -1]}, features)
    splits = datasets.DatasetDict({"train": part, "validation": part, "test": hidden, "unsupervised": hidden})
    splits.save_to_disk(tmp_path / "saved")
    monkeypatch.setattr(datasets, "load_dataset", lambda *_: splits)
    for place in (tmp_path / "saved", "hf:some/reviews"):
        assert set(find_labelled(place, Columns())) == {"train", "valid", "test"}
        for name in ("train", "valid"):
            assert pairs(open_labelled(place, part=name)) == [("a", "pos"), ("b", "neg")]
        with pytest.raises(DataError, match=r":test: row 1: no label; write one, or remove the text"):
            open_labelled(place, part="test")


def documents(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return folder


def test_a_folder_of_classes_has_a_document_in_every_text_file(tmp_path: Path) -> None:
    texts = {"pos/2.txt": "good\r\n\r\nindeed\n", "pos/10.txt": "fine\n", "neg/cv1.txt": "bad", "neg/.hid.txt": "x"}
    folder = documents(tmp_path / "reviews", {**texts, "README.txt": "y", "neg/notes.md": "z", ".git/a.txt": "g"})
    expected = [("bad", "neg"), ("fine", "pos"), ("good    indeed", "pos")]
    for part in ("train", "valid"):  # it is whole, so it is whatever it is given as
        assert pairs(open_labelled(folder, part=part)) == expected
    assert [item.line for item in open_labelled(folder)] == [1, 2, 3]
    (folder / "pos" / "10.txt").write_text(" \n")
    with pytest.raises(DataError, match=r"pos/10\.txt: the text is empty"):
        open_labelled(folder)
    documents(folder, {"zero/a.md": "x"})
    with pytest.raises(DataError, match=r"zero: the folder of a class without any \.txt file; add some or remove it"):
        open_labelled(folder)


def test_the_movie_reviews_as_they_come_have_two_parts_and_two_classes(tmp_path: Path) -> None:
    files = {
        f"{part}/{label}/0_{n}.txt": f"{part} {label}" for part in ("train", "test") for n, label in enumerate("ab")
    }
    files |= {"train/unsup/0_0.txt": "who knows", "train/urls_a.txt": "http", "imdb.vocab": "the", "README": "read"}
    folder = documents(tmp_path / "aclImdb", files)
    assert set(find_labelled(folder, Columns())) == {"train", "test"}
    for part in ("train", "test"):
        expected = [(f"{part} a", "a"), (f"{part} b", "b")]
        assert pairs(open_labelled(folder, part=part)) == pairs(open_labelled(folder / part)) == expected
    with pytest.raises(DataError, match=r"aclImdb: has no valid texts, only test, train; name the file itself"):
        open_labelled(folder, part="valid")


def test_a_folder_of_files_has_parts_and_doubt_is_told(tmp_path: Path) -> None:
    for name, label in (("train", "t"), ("dev", "v"), ("my.test", "e")):
        written(tmp_path, f"text,label\nx,{label}\n", f"{name}.csv")
    written(tmp_path, "all about it", "README.md")
    for part, label in (("train", "t"), ("valid", "v"), ("test", "e")):
        assert pairs(open_labelled(tmp_path, part=part)) == [("x", label)]
    written(tmp_path, "__label__a x\n", "train.txt")
    with pytest.raises(DataError, match=r"which are its train texts, .*train\.csv or .*train\.txt\? Name one of them"):
        open_labelled(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match=r"neither train\.tsv nor a folder of \.txt files for each class; name a file"):
        open_labelled(empty)


NO_LABEL = "no label; write one, or remove the text"
NO_TEXT = "the text is empty; write one, or remove it"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.tsv", "", "a.tsv: the file is empty"),
        ("a.tsv", "\n\n", "a.tsv: no texts; give some with their labels"),
        ("a.tsv", "text\tlabel\n", "a.tsv: no texts; give some with their labels"),
        ("a.tsv", "4\ta film\n", "a.tsv:1: has no text column (such as text, sentence, review); name one with"),
        ("a.tsv", "text\tlabel\ttext\na\tb\tc\n", "a.tsv:1: two columns are called 'text'; rename one"),
        ("a.tsv", "text\tlabel\na\tb\nc\n", "a.tsv:3: 1 cell, but the header has 2; quote cells that hold a tab"),
        ("a.csv", "text,label\na,b,c\n", "a.csv:2: 3 cells, but the header has 2; quote cells that hold a comma"),
        ("a.csv", 'text,label\n"a,b\nc,d\n', "a.csv:2: its cells cannot be told apart (unexpected end of data)"),
        ("a.csv", 'text,label\n"a" b,c\n', "a.csv:2: its cells cannot be told apart"),
        ("a.csv", "text,label\na,b\n ,c\n", f"a.csv:3: {NO_TEXT}"),
        ("a.csv", "text,label\na,\n", f"a.csv:2: {NO_LABEL}"),
        ("a.csv", "text,score\na,1\nb,NaN\n", "a.csv:3: the label 'NaN' is not a number to learn from"),
        ("a.csv", "text,score\na,inf\n", "a.csv:2: the label 'inf' is not a number to learn from"),
        ("a.csv", b"text,label\na,b\ncaf\xe9,c\n", "a.csv:3: byte 0xe9 is not UTF-8"),
        ("a.jsonl", '{"text": "a"}\n', "a.jsonl: has no label column (such as label, score, stars); name one"),
        ("a.jsonl", '{"text": "a", "label": 1}\n{"text": null, "label": 1}\n', f"a.jsonl: row 2: {NO_TEXT}"),
        ("a.jsonl", '{"text": "a", "label": 1}\n{"text": "b"}\n', f"a.jsonl: row 2: {NO_LABEL}"),
        ("a.jsonl", '{"text": "a", "label": 1}\n{"text": "b", "la', "a.jsonl: not a readable json table"),
        ("a.jsonl", '{"text": "a\\u0000", "label": "b"}\n', "a.jsonl: row 1: a NUL character; remove it"),
        ("a.jsonl", '{"text": "a\\ud800", "label": "b"}\n', "a.jsonl: not a readable json table"),
        ("a.csv", "text,label\n" + "a" * 200_000 + ",b\n", "a.csv:2: its cells cannot be told apart (field larger"),
        ("a.jsonl", '{"text": "a", "label": ["b"]}\n', "a.jsonl: row 1: the column 'label' holds a list or an object"),
        ("a.txt", "just a text\n", "a.txt:1: no label; begin each line with __label__x, or give a table with a header"),
        ("a.txt", "__label__a\n", f"a.txt:1: {NO_TEXT}"),
        ("a.txt", "__label__a b\n\n__label__ b\n", f"a.txt:3: {NO_LABEL}"),
        ("a.txt", "__label__a __label__b c\n", "a.txt:1: more than one label; leave one"),
        ("a.parquet", b"PAR1 and no more", "a.parquet: not a readable parquet table"),
    ],
)
def test_bad_texts_are_one_line_errors_with_their_place(
    tmp_path: Path, name: str, data: str | bytes, message: str
) -> None:
    with pytest.raises(DataError) as caught:
        open_labelled(written(tmp_path, data, name))
    assert str(caught.value).startswith(f"{tmp_path / message}") and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.tsv", "a.jsonl", "a.parquet", "a.txt"])
def test_a_file_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=rf"{name}: no such file; check the path"):
        open_labelled(tmp_path / name)


def test_a_score_that_is_nan_in_a_binary_table_is_told(tmp_path: Path) -> None:
    import datasets

    path = tmp_path / "a.parquet"
    datasets.Dataset.from_dict({"text": ["a", "b"], "score": [1.0, float("nan")]}).to_parquet(str(path))
    with pytest.raises(DataError, match=r"a\.parquet: row 2: the label 'nan' is not a number to learn from"):
        open_labelled(path)


def test_no_row_is_read_before_it_is_wanted() -> None:
    read = []

    def rows() -> Any:
        for number in range(1000):
            read.append(number)
            yield {"text": str(number), "label": "x"}

    texts = RowTexts("table", Columns(), rows).texts()
    assert next(texts) == ("0", "x", 1) and read == [0]
