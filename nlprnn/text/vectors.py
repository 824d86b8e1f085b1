"""Vectors and the texts that belong to them: arrays of numpy beside a text file, or numeric columns of a table.

Knows no tokenizer and no model. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nlprnn.errors import DataError
from nlprnn.text.columns import BUILDERS, builder_of, check_table, table_rows
from nlprnn.text.corpus import BLOCKS, LONGEST_BLOCK
from nlprnn.text.labelled_sources import number_of
from nlprnn.text.lines import EVERY, Selection
from nlprnn.text.plain import every_line
from nlprnn.text.separated import separated_rows

ARRAY = ".npy"
TEXT_COLUMN = "text"
LARGEST = float(np.finfo(np.float32).max)
_SHOWN = 200  # characters of what is wrong in an error

Paths = Sequence[str | Path]


class Columns(NamedTuple):
    """Which columns of a table to read; without `numbers` all but the text."""

    numbers: tuple[str, ...] | None = None
    text: str = TEXT_COLUMN


@dataclass(frozen=True)
class VectorTexts:
    """Vectors (n, D) float32, and the text of each. `columns` are the names of their numbers, where they have any."""

    name: str
    vectors: np.ndarray = field(compare=False)
    texts: list[str]
    columns: tuple[str, ...] | None

    def __len__(self) -> int:
        return len(self.texts)

    def selected(self, kept: np.ndarray) -> VectorTexts:
        """Those of these rows that a mask (n,) keeps."""
        texts = [text for text, keep in zip(self.texts, kept, strict=True) if keep]
        return VectorTexts(self.name, self.vectors[kept], texts, self.columns)

    def fingerprint(self) -> str:
        """A hexadecimal digest of the vectors, the names of their numbers, and the texts."""
        digest = hashlib.sha256(repr((self.vectors.shape, self.columns)).encode())
        digest.update(np.ascontiguousarray(self.vectors).tobytes())
        for text in self.texts:
            digest.update(text.encode() + b"\n")
        return digest.hexdigest()


@dataclass(frozen=True)
class VectorCorpus:
    """What to train on, to validate on and, if there is any, to test on; `split` is as `Corpus.split`, of rows."""

    train: VectorTexts
    valid: VectorTexts
    test: VectorTexts | None
    split: dict[str, Any]


def open_vector_corpus(
    paths: Paths, valid: Paths = (), test: Paths = (), columns: Columns | None = None
) -> VectorCorpus:
    """What `open_vector_texts` reads from `paths`, and from `valid` and `test` where they are given.

    Without validation texts, blocks of rows that make up a twentieth are held out. Raises DataError, one line with
    file, place and remedy, for all that cannot be used.
    """
    whole = open_vector_texts(paths, columns)
    same = Columns(whole.columns, (columns or Columns()).text)

    def other(given: Paths) -> VectorTexts:
        found = open_vector_texts(given, same)
        check_size(found.vectors, whole.vectors.shape[1], found.name, f"those of {whole.name}")
        return found

    tested = other(test) if test else None
    if valid:
        return VectorCorpus(whole, other(valid), tested, {"rule": "files"})
    selection = Selection(max(1, min(LONGEST_BLOCK, len(whole) // BLOCKS)), EVERY, valid=True)
    held = np.array([selection.keeps(index) for index in range(len(whole))], dtype=bool)
    if not held.any():
        raise DataError(f"{len(whole)} texts are too few to hold some out; give others with --valid", whole.name)
    record = {"rule": "blocks", "block": selection.block, "every": selection.every}
    return VectorCorpus(whole.selected(~held), whole.selected(held), tested, record)


def open_vector_texts(paths: Paths, columns: Columns | None = None) -> VectorTexts:
    """A .npy file of shape (n, D) with a text file of n lines, or a table with a row for each text.

    A table is CSV, TSV (plain or .gz), JSON lines or Parquet; its columns are `columns`, by default the text in `text`
    and numbers in all others. Raises DataError, one line with file, place and remedy, for all that cannot be used.
    """
    columns = columns or Columns()
    files = [Path(path) for path in paths]
    if len(files) == 1 and files[0].suffix != ARRAY:
        return _read_table(files[0], columns, with_text=True)
    if len(files) == 1:
        raise DataError("these are vectors alone; give a file with a line of text for each after it", files[0])
    if len(files) != 2 or files[0].suffix != ARRAY:
        raise DataError("give a .npy file of vectors and a file with a line of text for each, or a table", files[0])
    vectors, texts = read_array(files[0]), list(every_line(files[1]))
    if len(vectors) != len(texts):
        rows, lines = _count(len(vectors), "vector"), _count(len(texts), "line")
        raise DataError(f"{rows}, but {lines} of text in {files[1]}; each line belongs to a vector", files[0])
    for line, text in enumerate(texts, 1):
        if not text or text.isspace():
            raise DataError("the text is empty; write one, or remove it and its vector", files[1], line)
    return VectorTexts(f"{files[0]} and {files[1]}", vectors, texts, None)


def read_vectors(path: str | Path, columns: tuple[str, ...] | None = None) -> np.ndarray:
    """Vectors without texts, (n, D) float32: of a .npy file, or the columns of a table, by default all but `text`.

    Raises DataError for all that cannot be used.
    """
    path = Path(path)
    if path.suffix == ARRAY:
        return read_array(path)
    return _read_table(path, Columns(columns), with_text=False).vectors


def parse_vector(text: str) -> np.ndarray:
    """Numbers with commas between them, "4,0,-1" -> (1, D) float32. Raises DataError for anything else."""
    numbers = [_number(cell) for cell in text.split(",")]
    found = [number for number in numbers if number is not None]
    if len(found) < len(numbers):
        raise DataError(f"{text!r} is neither a file of vectors that is there, nor finite numbers such as 4,0,-1.5")
    return np.array([found], dtype=np.float32)


def check_size(vectors: np.ndarray, size: int, name: str, others: str) -> None:
    """Raise DataError where vectors (n, D) have not `size` numbers, as `others` have."""
    if vectors.shape[1] != size:
        raise DataError(f"vectors of {_count(vectors.shape[1], 'number')}, but {others} have {size}", name)


def read_array(path: Path) -> np.ndarray:
    """A .npy file of real numbers, (n, D), as float32. Raises DataError for anything else, and for NaN and infinity."""
    try:
        found = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise DataError("no such file; check the path", path) from None
    except (OSError, ValueError, EOFError, MemoryError) as error:
        message = " ".join(str(error).split())[:_SHOWN] or type(error).__name__
        remedy = "save numbers with numpy.save, not objects"
        raise DataError(f"not a .npy file that can be read safely ({message}); {remedy}", path) from None
    if not isinstance(found, np.ndarray):
        found.close()
        raise DataError("several arrays in one file; save the vectors alone, with numpy.save", path)
    if found.dtype.kind not in "fiub":
        raise DataError(f"an array of {found.dtype}, not of real numbers; convert it with astype('float32')", path)
    if found.ndim != 2 or 0 in found.shape:
        shape = "x".join(map(str, found.shape)) or "no shape"
        raise DataError(f"an array of {found.ndim} dimensions ({shape}); give one of (texts, numbers)", path)
    with np.errstate(over="ignore"):
        vectors = np.ascontiguousarray(found, dtype=np.float32)
    wrong = ~np.isfinite(vectors)
    if wrong.any():
        row, column = (int(index) for index in np.argwhere(wrong)[0])
        what = f"number {column + 1} of vector {row + 1} is {found[row, column]}"
        raise DataError(f"{what}, not a finite one of 32 bits; repair the vector, or remove it with its text", path)
    return vectors


class _Row(NamedTuple):
    """A row of a table: its cells by column, and where it stands."""

    cells: dict[str, Any]
    path: Path
    line: int | None  # of a text file, else
    number: int  # counted from 1

    def fault(self, what: str) -> DataError:
        if self.line is not None:
            return DataError(what, self.path, self.line)
        return DataError(f"row {self.number}: {what}", self.path)


def _read_table(path: Path, columns: Columns, with_text: bool) -> VectorTexts:
    """A table's vectors, and its texts if they are asked for."""
    names: tuple[str, ...] = ()
    numbers: list[list[float]] = []
    texts: list[str] = []
    for row in _rows(path):
        names = names or _choose(list(row.cells), columns, path, with_text)
        numbers.append([_cell(row, name) for name in names])
        if with_text:
            texts.append(_text(row, columns.text))
    if not numbers:
        raise DataError("the table has no rows", path)
    return VectorTexts(str(path), np.array(numbers, dtype=np.float32), texts, names)


def _rows(path: Path) -> Iterator[_Row]:
    builder = builder_of(path)
    if builder is None:
        raise DataError(
            f"neither {ARRAY} nor a table by the ending of its name ({', '.join(BUILDERS)}); rename it", path
        )
    if builder[0] == "csv":
        rows = separated_rows(path, builder[1].get("sep", ","))
        _, header = next(rows, (1, []))
        twice = [name for name in header if header.count(name) > 1]
        if twice:
            raise DataError(f"two columns are called {twice[0]!r}; rename one", path, 1)
        for number, (line, cells) in enumerate(rows, 1):
            yield _Row(dict(zip(header, cells, strict=True)), path, line, number)
    else:
        check_table(path)
        for number, row in enumerate(table_rows(path), 1):
            yield _Row(row, path, None, number)


def _choose(there: list[str], columns: Columns, path: Path, with_text: bool) -> tuple[str, ...]:
    """The columns of numbers. Raises DataError where one that is wanted is missing, or is the text, or stands twice."""
    listed = ", ".join(there)[:_SHOWN]
    if with_text and columns.text not in there:
        raise DataError(f"has no column {columns.text!r}; name that of the text with --text-column: {listed}", path)
    wanted = columns.numbers or tuple(name for name in there if name != columns.text)
    for name in wanted:
        if name not in there:
            raise DataError(f"has no column {name!r}; there are: {listed}", path)
        if with_text and name == columns.text:
            raise DataError(f"the column {name!r} cannot be both text and number; leave it out of --columns", path)
        if wanted.count(name) > 1:
            raise DataError(f"--columns names {name!r} twice; leave one out", path)
    if not wanted:
        raise DataError(f"has no column of numbers beside {columns.text!r}; add some", path)
    return wanted


def _cell(row: _Row, name: str) -> float:
    value = row.cells[name]
    number = _number(value)
    if number is None:
        what = (
            "has no number" if value is None or value == "" else f"holds {str(value)[:_SHOWN]!r}, not a finite number"
        )
        raise row.fault(f"the column {name!r} {what}; write one, or name the columns of numbers with --columns")
    return number


def _text(row: _Row, name: str) -> str:
    value = row.cells[name]
    text = "" if value is None else str(value).translate({ord("\n"): " ", ord("\r"): " "})
    if not text or text.isspace():
        raise row.fault("the text is empty; write one, or remove the row")
    if "\0" in text:
        raise row.fault("a NUL character; remove it")
    return text


def _number(value: Any) -> float | None:
    """A cell as a finite number that 32 bits can hold, or None."""
    found = number_of(value) if isinstance(value, str) else float(value) if isinstance(value, (int, float)) else None
    return found if found is not None and abs(found) <= LARGEST else None


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"
