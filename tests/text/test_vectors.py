"""Vectors and their texts from files, and everything that can be wrong with them."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlprnn.errors import DataError
from nlprnn.text.vectors import Columns, open_vector_corpus, open_vector_texts, parse_vector, read_vectors

ROWS = [("good , very good", 5, 1.5), ("a bore", 1, -2), ('so "so"', 3, 1e-3)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_table(path: str, rows: list[tuple[str, Any, Any]] = ROWS) -> str:
    import datasets

    table = datasets.Dataset.from_dict({name: [row[i] for row in rows] for i, name in enumerate(("text", "a", "b"))})
    if path.endswith(".parquet"):
        table.to_parquet(path)
    elif path.endswith(".jsonl"):
        Path(path).write_text("".join(json.dumps(row) + "\n" for row in table), encoding="utf-8")
    else:
        table.to_csv(path, sep="\t" if path.endswith(".tsv") else ",", index=False)
    return path


def write_arrays(vectors: Any, texts: str = "one\ntwo\nthree\n") -> tuple[str, str]:
    np.save("v.npy", vectors)
    Path("t.txt").write_text(texts, encoding="utf-8")
    return "v.npy", "t.txt"


@pytest.mark.parametrize("path", ["t.tsv", "t.csv", "t.jsonl", "t.parquet"])
def test_every_table_gives_the_same_texts_and_numbers(here: Path, path: str) -> None:
    found = open_vector_texts([write_table(path)])
    assert found.texts == [row[0] for row in ROWS]
    assert found.columns == ("a", "b")
    assert found.vectors.dtype == np.float32
    assert np.array_equal(found.vectors, np.array([row[1:] for row in ROWS], dtype=np.float32))
    swapped = open_vector_texts([path], Columns(("b", "a")))
    assert np.array_equal(swapped.vectors, found.vectors[:, ::-1])
    assert swapped.fingerprint() != found.fingerprint() == open_vector_texts([path]).fingerprint()
    one = open_vector_texts([path], Columns(("b",)))
    assert np.array_equal(one.vectors, found.vectors[:, 1:])
    assert np.array_equal(read_vectors(path), found.vectors)
    assert np.array_equal(read_vectors(path, ("b",)), one.vectors)


@pytest.mark.parametrize("kind", ["float64", "float16", "int8", "bool"])
def test_row_i_of_an_array_belongs_to_line_i_of_the_text(here: Path, kind: str) -> None:
    vectors = np.array([[0, 1], [1, 1], [0, 0]]).astype(kind)
    for texts in ("one\ntwo\nthree\n", "one\r\ntwo\r\nthree", "\ufeffone\ntwo\nthree\n"):
        found = open_vector_texts(write_arrays(vectors, texts))
        assert (found.texts, found.columns) == (["one", "two", "three"], None)
        assert np.array_equal(found.vectors, [[0, 1], [1, 1], [0, 0]])
    assert np.array_equal(read_vectors("v.npy"), found.vectors)


def test_a_twentieth_of_the_rows_is_held_out_and_keeps_its_vectors(here: Path) -> None:
    vectors = np.arange(120, dtype=np.float32).reshape(60, 2)
    paths = write_arrays(vectors, "".join(f"text {i}\n" for i in range(60)))
    corpus = open_vector_corpus(paths)
    assert corpus.valid.texts == ["text 19", "text 39", "text 59"]
    assert np.array_equal(corpus.valid.vectors, vectors[[19, 39, 59]])
    assert len(corpus.train) == 57
    assert all(
        vector[0] == 2 * int(text.split()[1])
        for text, vector in zip(corpus.train.texts, corpus.train.vectors, strict=True)
    )
    assert corpus.split == {"rule": "blocks", "block": 1, "every": 20}
    given = open_vector_corpus(paths, valid=paths, test=paths)
    assert (len(given.train), len(given.valid), given.split) == (60, 60, {"rule": "files"})
    assert given.test is not None and len(given.test) == 60


def test_inline_numbers_are_one_vector(here: Path) -> None:
    assert np.array_equal(parse_vector("4,0, -1.5,1e2"), np.array([[4, 0, -1.5, 100]], dtype=np.float32))
    for wrong in ("4,,1", "4;1", "nan,1", "inf", "1e39", "", "1_0", "v.npz"):
        with pytest.raises(DataError, match=r"is neither a file of vectors that is there, nor finite numbers"):
            parse_vector(wrong)


class Bomb:
    def __reduce__(self) -> Any:
        return os.mkdir, ("boom",)


def objects() -> None:
    np.save("v.npy", np.array([Bomb(), None], dtype=object), allow_pickle=True)


def naked_pickle() -> None:
    Path("v.npy").write_bytes(pickle.dumps(Bomb()))


def several() -> None:
    np.savez("v.npz", a=np.ones((3, 1)), b=np.ones((3, 1)))
    Path("v.npz").rename("v.npy")


def cut_short() -> None:
    np.save("v.npy", np.ones((300, 7)))
    Path("v.npy").write_bytes(Path("v.npy").read_bytes()[:999])


def of(values: Any) -> Callable[[], None]:
    return lambda: np.save("v.npy", values)


SPOILED = np.ones((3, 2))
SPOILED[1, 0] = np.nan
ENDLESS = np.where(np.isnan(SPOILED), -np.inf, SPOILED)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda: None, "v.npy: no such file; check the path"),
        (lambda: Path("v.npy").touch(), "v.npy: not a .npy file that can be read safely (No data left in file)"),
        (lambda: Path("v.npy").write_text("1,2\n3,4\n"), "v.npy: not a .npy file that can be read safely ("),
        (objects, "v.npy: not a .npy file that can be read safely (Object arrays cannot be loaded"),
        (naked_pickle, "v.npy: not a .npy file that can be read safely ("),
        (cut_short, "v.npy: not a .npy file that can be read safely ("),
        (several, "v.npy: several arrays in one file; save the vectors alone"),
        (of(np.ones((3, 2), dtype=complex)), "v.npy: an array of complex128, not of real numbers; convert it with"),
        (of(np.array([["1", "2"]] * 3)), "v.npy: an array of <U1, not of real numbers"),
        (of(np.ones(3)), "v.npy: an array of 1 dimensions (3); give one of (texts, numbers)"),
        (of(np.ones((3, 2, 1))), "v.npy: an array of 3 dimensions (3x2x1); give one of (texts, numbers)"),
        (of(np.float64(3)), "v.npy: an array of 0 dimensions (no shape)"),
        (of(np.ones((3, 0))), "v.npy: an array of 2 dimensions (3x0); give one"),
        (of(SPOILED), "v.npy: number 1 of vector 2 is nan, not a finite one of 32 bits; repair the vector"),
        (of(ENDLESS), "v.npy: number 1 of vector 2 is -inf, not"),
        (of(np.full((3, 1), 1e39)), "v.npy: number 1 of vector 1 is 1e+39, not a finite one of 32 bits"),
        (of(np.ones((4, 2))), "v.npy: 4 vectors, but 3 lines of text in t.txt; each line belongs to a vector"),
        (of(np.ones((1, 2))), "v.npy: 1 vector, but 3 lines of text in t.txt"),
    ],
)
def test_an_array_that_cannot_be_used_is_one_line(here: Path, spoil: Callable[[], None], message: str) -> None:
    Path("t.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    spoil()
    with pytest.raises(DataError) as caught:
        open_vector_texts(["v.npy", "t.txt"])
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert not Path("boom").exists()


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("text,a\nx,1\ny,two\n", Columns(), "t.csv:3: the column 'a' holds 'two', not a finite number; write one, or"),
        ("text,a\nx,1\n\ny,nan\n", Columns(), "t.csv:4: the column 'a' holds 'nan', not a finite number"),
        ("text,a\nx,1\ny,-inf\n", Columns(), "t.csv:3: the column 'a' holds '-inf', not a finite number"),
        ("text,a\nx,1\ny,\n", Columns(), "t.csv:3: the column 'a' has no number; write one"),
        ("text,a\nx,1\ny\n", Columns(), "t.csv:3: 1 cell, but the header has 2"),
        ("text,a\nx,1\ny,2,3\n", Columns(), "t.csv:3: 3 cells, but the header has 2"),
        ("text,a\nx,1\n,2\n", Columns(), "t.csv:3: the text is empty; write one, or remove the row"),
        ("text,a\nx,1\n", Columns(("b",)), "t.csv: has no column 'b'; there are: text, a"),
        ("text,a\nx,1\n", Columns(("a", "a")), "t.csv: --columns names 'a' twice"),
        ("text,a\n1,1\n", Columns(("text",)), "t.csv: the column 'text' cannot be both text and number"),
        ("review,a\nx,1\n", Columns(), "t.csv: has no column 'text'; name that of the text with --text-column"),
        ("text,a,a\nx,1,1\n", Columns(), "t.csv:1: two columns are called 'a'; rename one"),
        ("text\nx\n", Columns(), "t.csv: has no column of numbers beside 'text'"),
        ("text,a\n", Columns(), "t.csv: the table has no rows"),
        ("", Columns(), "t.csv: the file is empty"),
        (b"text,a\ncaf\xe9,1\n", Columns(), "t.csv:2: byte 0xe9 is not UTF-8"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line_with_its_place(
    here: Path, text: str | bytes, columns: Columns, message: str
) -> None:
    Path("t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError) as caught:
        open_vector_texts(["t.csv"], columns)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"text": "x", "a": 1}, {"text": "y", "a": None}], "t.jsonl: row 2: the column 'a' has no number"),
        ([{"text": "x", "a": [1]}], "t.jsonl: row 1: the column 'a' holds '[1]', not a finite number"),
        ([{"text": "x", "a": 1}, {"text": " ", "a": 1}], "t.jsonl: row 2: the text is empty"),
    ],
)
def test_a_row_of_json_that_cannot_be_used_is_told_by_its_number(here: Path, rows: list, message: str) -> None:
    Path("t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(DataError) as caught:
        open_vector_texts(["t.jsonl"])
    assert str(caught.value).startswith(message)


def test_files_that_do_not_go_together_are_refused(here: Path) -> None:
    vectors, texts = write_arrays(np.ones((3, 2)), "one\n \nthree\n")
    table = write_table("t.csv")
    for paths, message in [
        ([vectors, texts], "t.txt:2: the text is empty; write one, or remove it and its vector"),
        ([vectors], "v.npy: these are vectors alone; give a file with a line of text for each after it"),
        ([texts, vectors], "t.txt: give a .npy file of vectors and a file with a line of text for each, or a table"),
        ([table, table], "t.csv: give a .npy file of vectors"),
        ([texts], "t.txt: neither .npy nor a table by the ending of its name"),
    ]:
        with pytest.raises(DataError) as caught:
            open_vector_texts(paths)
        assert str(caught.value).startswith(message)
    vectors, texts = write_arrays(np.ones((3, 3)))
    with pytest.raises(DataError, match=r"v.npy and t.txt: vectors of 3 numbers, but those of t.csv have 2"):
        open_vector_corpus([table], valid=[vectors, texts])
    with pytest.raises(DataError, match=r"3 texts are too few to hold some out; give others with --valid"):
        open_vector_corpus([table])
