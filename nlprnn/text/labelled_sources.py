"""Where labelled texts stand: tables, fastText lines, folders of documents, data sets. Knows no tokenizer.

Each source yields every text with its label, or raises a DataError that tells the first one that cannot be used by its
place: an empty text, no label, a row of too few or too many cells. Labels are strings; 3.0 is written 3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from nlprnn.errors import DataError
from nlprnn.text.columns import (
    HUB,
    builder_of,
    check_table,
    is_saved_dataset,
    load_hub_dataset,
    load_saved_dataset,
    table_rows,
)
from nlprnn.text.corpus import part_named
from nlprnn.text.plain import every_line
from nlprnn.text.readers import text_blocks
from nlprnn.text.separated import one_line, separated_rows

TEXT_COLUMNS = ("text", "sentence", "review", "document", "content")  # usual names, where none is named
LABEL_COLUMNS = ("label", "score", "stars", "rating", "class", "sentiment", "category")
PREFIX = "__label__"  # fastText's
WHOLE = "whole"  # the part that a source is which is not divided into train, valid and test
NO_CLASS = ("unsup",)  # the folder of the movie reviews that nobody judged

_SHOWN = 200  # characters of the columns in an error
_WHOLE_NUMBER = re.compile(r"([+-]?\d+)\.0+")


class Labelled(NamedTuple):
    """A text on one line, its label, and the line, the row or the document it is, counted from 1."""

    text: str
    label: str
    line: int


class Columns(NamedTuple):
    """The columns a user named."""

    text: str | None = None
    label: str | None = None

    def among(self, names: Iterable[str], place: str) -> tuple[str, str]:
        """The columns to read. Raises DataError where one is missing, or more than one might be meant."""
        there = list(names)
        text = _column(there, self.text, TEXT_COLUMNS, "text", place)
        label = _column(there, self.label, LABEL_COLUMNS, "label", place)
        if text == label:
            raise DataError(f"the column {text!r} cannot be both text and label; name another", place)
        return text, label


def _column(there: list[str], named: str | None, usual: tuple[str, ...], kind: str, place: str) -> str:
    lower = [name.strip().lower() for name in there]
    found = [there[lower.index(name)] for name in usual if name in lower] if named is None else [named]
    listed = ", ".join(there)[:_SHOWN]
    if not found or found[0] not in there:
        wanted = f"no column {named!r}" if named is not None else f"no {kind} column (such as {', '.join(usual[:3])})"
        raise DataError(f"has {wanted}; name one with --{kind}-column, there are: {listed}", place)
    if len(found) > 1:
        raise DataError(f"is the {kind} in {found[0]!r} or {found[1]!r}? Name one with --{kind}-column", place)
    if there.count(found[0]) > 1:
        raise DataError(f"two columns are called {found[0]!r}; rename one", place)
    return found[0]


class LabelledSource(Protocol):
    """Labelled texts that can be read repeatedly."""

    @property
    def name(self) -> str: ...

    def texts(self) -> Iterator[Labelled]: ...

    def fault(self, line: int, what: str) -> DataError:
        """The error to raise about the text of that number."""
        ...


@dataclass(frozen=True)
class FastTextLines:
    """A line a text: `__label__x`, white space, the text. Blank lines are skipped."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def texts(self) -> Iterator[Labelled]:
        for number, line in enumerate(every_line(self.path), 1):
            cells = line.split(None, 1)
            if not cells:
                continue
            text = cells[1].rstrip() if len(cells) > 1 else ""
            if not cells[0].startswith(PREFIX):
                remedy = f"begin each line with {PREFIX}x, or give a table with a header"
                raise self.fault(number, f"no label; {remedy}")
            if text.startswith(PREFIX):
                raise self.fault(number, "more than one label; leave one")
            yield _labelled(self, text, cells[0].removeprefix(PREFIX), number)

    def fault(self, line: int, what: str) -> DataError:
        return DataError(what, self.path, line)


@dataclass(frozen=True)
class SeparatedTexts:
    """A table of text with a header: cells between commas or tabs, quoted as Python's csv module does."""

    path: Path
    delimiter: str
    columns: Columns

    @property
    def name(self) -> str:
        return str(self.path)

    def texts(self) -> Iterator[Labelled]:
        """Blank lines are skipped. The line of a text is the first of its row."""
        rows = separated_rows(self.path, self.delimiter)
        line, header = next(rows, (1, []))
        if not header:
            return
        text, label = (header.index(name) for name in self.columns.among(header, f"{self.path}:{line}"))
        for line, row in rows:
            yield _labelled(self, row[text], row[label], line)

    def fault(self, line: int, what: str) -> DataError:
        return DataError(what, self.path, line)


@dataclass(frozen=True)
class RowTexts:
    """Two columns of a table or data set that comes in rows. A label that is the number of a class has its name."""

    name: str
    columns: Columns
    rows: Callable[[], Iterable[dict[str, Any]]] = field(compare=False)
    class_names: dict[str, list[str]] = field(default_factory=dict, compare=False)  # by column

    def texts(self) -> Iterator[Labelled]:
        chosen: tuple[str, str] | None = None
        for number, row in enumerate(self.rows(), 1):
            chosen = chosen or self.columns.among(row, self.name)
            cells = [row.get(column) for column in chosen]
            for column, cell in zip(chosen, cells, strict=True):
                if isinstance(cell, (dict, list)):
                    raise self.fault(number, f"the column {column!r} holds a list or an object; name another")
            names = self.class_names.get(chosen[1])
            if names is not None and isinstance(cells[1], int):
                cells[1] = names[cells[1]] if 0 <= cells[1] < len(names) else None  # -1 says that there is none
            yield _labelled(self, cells[0], cells[1], number)

    def fault(self, line: int, what: str) -> DataError:
        return DataError(f"row {line}: {what}", self.name)


@dataclass(frozen=True)
class FolderTexts:
    """A folder for each class, called like it, with a .txt file for each document. The text of a file is one line."""

    folder: Path

    @property
    def name(self) -> str:
        return str(self.folder)

    def texts(self) -> Iterator[Labelled]:
        for number, file in enumerate(self._files(), 1):
            text = "".join(text_blocks(file))
            yield _labelled(self, text.strip(), file.parent.name, number)

    def _files(self) -> list[Path]:
        """The documents, class by class, each in the order of their names."""
        files = []
        for folder in class_folders(self.folder):
            inside = sorted(file for file in folder.iterdir() if _is_document(file))
            if not inside:
                raise DataError("the folder of a class without any .txt file; add some or remove it", folder)
            files += inside
        return files

    def fault(self, line: int, what: str) -> DataError:
        return DataError(what, self._files()[line - 1])


def class_folders(folder: Path) -> list[Path]:
    """The folders in a folder, hidden and unjudged ones left out, by name."""
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))
    return [path for path in inside if path.name not in NO_CLASS]


def _is_document(file: Path) -> bool:
    return file.suffix.lower() == ".txt" and not file.name.startswith(".")


def find_labelled(path: str | Path, columns: Columns) -> dict[str, list[LabelledSource]]:
    """What there is to be read, by part; several of one part where it is doubtful which is meant.

    `path` is one of these; the first two, and a folder of classes, are one WHOLE part:

    - a table with a header: CSV, TSV (plain or .gz), JSON lines, Parquet;
    - any other file: fastText's lines, `__label__x text`;
    - a folder made by `save_to_disk`, or `hf:NAME[/CONFIG]`;
    - a folder of such files called train, valid (or dev, val) and test;
    - a folder with a folder for each class and in those a .txt file for each text, or train, valid, test of such.

    Raises DataError where nothing is found.
    """
    if str(path).startswith(HUB):
        return _of_dataset(load_hub_dataset(str(path)), str(path), columns)
    path = Path(path)
    if not path.is_dir():
        return {WHOLE: [_of_file(path, columns)]}
    if is_saved_dataset(path):
        found = _of_dataset(load_saved_dataset(path), str(path), columns)
        return {WHOLE: found["train"]} if (path / "state.json").is_file() else found
    return _of_folder(path, columns)


def _of_file(path: Path, columns: Columns) -> LabelledSource:
    builder = builder_of(path)
    if builder is None:
        return FastTextLines(path)
    if builder[0] == "csv":
        return SeparatedTexts(path, builder[1].get("sep", ","), columns)
    check_table(path)
    return RowTexts(str(path), columns, rows=lambda: table_rows(path))


def _of_dataset(splits: dict[str, Any], name: str, columns: Columns) -> dict[str, list[LabelledSource]]:
    found: dict[str, list[LabelledSource]] = {}
    for split, dataset in splits.items():
        part = part_named(split)
        if part is not None:
            place = f"{name}:{split}"
            chosen = dataset.select_columns(list(columns.among(dataset.column_names, place)))
            names = {column: kind.names for column, kind in chosen.features.items() if hasattr(kind, "names")}
            found.setdefault(part, []).append(RowTexts(place, columns, chosen.__iter__, names))
    if not found:
        raise DataError(f"the data set has no train, valid or test split; there are: {', '.join(splits)}", name)
    return found


def _of_folder(folder: Path, columns: Columns) -> dict[str, list[LabelledSource]]:
    """Parts, be they files or folders of classes, else the classes themselves."""
    found: dict[str, list[LabelledSource]] = {}
    for inside in sorted(folder.iterdir()):
        part = part_named(inside.name)
        if part is None:
            continue
        if inside.is_dir():
            found.setdefault(part, []).append(FolderTexts(inside))
        elif builder_of(inside) is not None or inside.name.lower().removesuffix(".gz").endswith(".txt"):
            found.setdefault(part, []).append(_of_file(inside, columns))
    if not found and any(_is_document(file) for inside in class_folders(folder) for file in inside.iterdir()):
        found[WHOLE] = [FolderTexts(folder)]
    if not found:
        raise DataError(
            "the folder has neither train.tsv nor a folder of .txt files for each class; name a file", folder
        )
    return found


def _labelled(source: LabelledSource, text: Any, label: Any, number: int) -> Labelled:
    """Checked and with its line ends made spaces. Raises DataError for an empty text and where there is no label."""
    text, label = one_line(text), one_line(label).strip()
    if not text or text.isspace():
        raise source.fault(number, "the text is empty; write one, or remove it")
    if "\0" in text or "\0" in label:
        raise source.fault(number, "a NUL character; remove it")
    if not label:
        raise source.fault(number, "no label; write one, or remove the text")
    value = number_of(label)
    if value is not None and not math.isfinite(value):
        raise source.fault(number, f"the label {label!r} is not a number to learn from; write one, or remove the text")
    whole = _WHOLE_NUMBER.fullmatch(label)
    return Labelled(text, whole[1] if whole else label, number)


def number_of(label: str) -> float | None:
    """The number a label is, or None for a name."""
    try:
        return None if "_" in label else float(label)  # 1_000 is a name
    except ValueError:
        return None
