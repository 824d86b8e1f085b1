"""Sentences and their translations, read from files, folders and data sets. Knows no tokenizer.

Two files are paired line by line, blank lines included; in a table a pair is a row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from nlprnn.errors import ConfigError, DataError
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
from nlprnn.text.lines import Lines, Selection, open_sources
from nlprnn.text.plain import whole_lines
from nlprnn.text.separated import cells, counted, one_line

USUAL_NAMES = ("source", "target")  # of the columns, where none are named
STRUCT = "translation"  # the column in which data sets of translations keep one entry a language
BLOCK_PAIRS = 1000  # whose lines are handed on at a time


class Pair(NamedTuple):
    """A sentence, its translation, and the line, or the row of a table, where they stand, counted from 1."""

    source: str
    target: str
    line: int


class PairSource(Protocol):
    """Pairs that can be read repeatedly."""

    @property
    def name(self) -> str: ...

    def pairs(self) -> Iterator[Pair]: ...


@dataclass(frozen=True)
class FilePairs:
    """Two text files, plain or gzip: line i of one belongs to line i of the other."""

    source: Path
    target: Path

    @property
    def name(self) -> str:
        return f"{self.source} and {self.target}"

    def pairs(self) -> Iterator[Pair]:
        """Raises DataError where the files have unlike numbers of lines."""
        sources, targets = whole_lines(self.source), whole_lines(self.target)
        for line, (source, target) in enumerate(zip_longest(sources, targets), 1):
            if source is None or target is None:
                more = line + sum(1 for _ in chain(sources, targets))
                count = {self.source: more, self.target: line - 1}
                if source is None:
                    count = {self.source: line - 1, self.target: more}
                raise DataError(
                    f"{count[self.target]:,} lines, but {self.source} has {count[self.source]:,}; "
                    "give files in which line by line is a translation",
                    self.target,
                )
            yield Pair(source, target, line)


@dataclass(frozen=True)
class TsvPairs:
    """Source and target between tabs, without a header, quoted as the csv module's `excel-tab` does."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def pairs(self) -> Iterator[Pair]:
        """Empty lines are skipped. Raises DataError with the line of a row that is not two cells."""
        for line, row in cells(self.path, "\t"):
            if len(row) != 2:
                remedy = "put a tab between the two, or give the translations as a second file"
                if len(row) > 2:
                    remedy = "cut the others off (`cut -f1,2`), or name the columns if there is a header"
                raise DataError(f"{counted(row)}, not source and target; {remedy}", self.path, line)
            yield Pair(one_line(row[0]), one_line(row[1]), line)


@dataclass(frozen=True)
class ColumnPairs:
    """Two columns of a table or data set, or two languages of its `translation` column. A cell without value is
    empty."""

    name: str
    source: str
    target: str
    rows: Callable[[], Iterable[dict[str, Any]]] = field(compare=False)

    def pairs(self) -> Iterator[Pair]:
        for number, row in enumerate(self.rows(), 1):
            yield Pair(self._cell(row, self.source, number), self._cell(row, self.target, number), number)

    def _cell(self, row: dict[str, Any], column: str, number: int) -> str:
        """Raises DataError where there is no such column or no text in it."""
        languages = row.get(STRUCT)
        languages = languages if isinstance(languages, dict) else {}
        if column not in row and column not in languages:
            there = ", ".join([*row, *languages])
            raise DataError(f"has no column {column!r}; name source and target, there are: {there}", self.name)
        cell = row[column] if column in row else languages[column]
        if isinstance(cell, (dict, list)):
            raise DataError(f"row {number}: the column {column!r} holds no text; name another", self.name)
        text = one_line(cell)
        if "\0" in text:
            raise DataError(f"row {number} holds a NUL character; remove it", self.name)
        return text


class Parallel:
    """Pairs, to be read as often as wanted in constant memory; all of them, or those that a Selection keeps.

    Every pair counts for the selection, those with an empty side too.
    """

    def __init__(self, origin: PairSource, pairs: int, digest: str, selection: Selection | None = None) -> None:
        self.origin, self.digest, self.selection = origin, digest, selection
        self._pairs = pairs  # without regard to the selection

    def __iter__(self) -> Iterator[Pair]:
        pairs = self.origin.pairs()
        if self.selection is None:
            return pairs
        keeps = self.selection.keeps
        return (pair for index, pair in enumerate(pairs) if keeps(index))

    def __len__(self) -> int:
        return self._pairs if self.selection is None else self.selection.count(self._pairs)

    def selected(self, selection: Selection) -> Parallel:
        """Those of all pairs that `selection` keeps: to hold some out for validation."""
        return Parallel(self.origin, self._pairs, self.digest, selection)

    def lines(self, *sides: str) -> Lines:
        """The sentences of one side, "source" or "target", or of both one after the other.

        What `train_tokenizer` learns a vocabulary from; with both sides a joint one. Blank lines are not among them.
        Raises DataError if there is no other.
        """
        return open_sources([SideSource(self, side) for side in sides])

    def fingerprint(self) -> str:
        """A hexadecimal digest of the text, and of which of its pairs these are."""
        return hashlib.sha256(f"{self.selection!r}{self.digest}".encode()).hexdigest()

    def describe(self) -> str:
        """One line for people: the files and the number of pairs."""
        return f"{self.origin.name}: {len(self):,} pairs"


@dataclass(frozen=True)
class SideSource:
    """One side of some pairs as text."""

    pairs: Parallel
    side: str

    @property
    def name(self) -> str:
        return f"{self.pairs.origin.name} ({self.side})"

    def blocks(self) -> Iterator[str]:
        side = Pair._fields.index(self.side)
        pairs = iter(self.pairs)
        while texts := [str(pair[side]) for pair in islice(pairs, BLOCK_PAIRS)]:
            yield "\n".join(texts) + "\n"


def open_parallel(
    paths: Sequence[str | Path], source: str | None = None, target: str | None = None, part: str = "train"
) -> Parallel:
    """The pairs of two text files, of a table, or of one part (train, valid or test) of a folder or data set.

    What `paths` may be, `find_pairs` tells; `part` matters for folders and data sets alone. The text is read through
    once to check and to count it. Raises DataError, one line with file, place and remedy, for all that cannot be used.
    """
    found = find_pairs(paths, source, target)
    if part not in found:
        raise DataError(f"has no {part} pairs, only {', '.join(found)}; name the files themselves", paths[0])
    if len(found[part]) > 1:
        both = " or ".join(origin.name for origin in found[part][:2])
        raise DataError(f"which are its {part} pairs, {both}? Name the files themselves", paths[0])
    origin = found[part][0]
    digest = hashlib.sha256()
    pairs, filled = 0, False
    for pair in origin.pairs():
        pairs += 1
        digest.update(f"{pair.source}\0{pair.target}\n".encode())
        filled = filled or not (_blank(pair.source) or _blank(pair.target))
    if not filled:
        raise DataError("no pair has text on both sides; give sentences and their translations", origin.name)
    return Parallel(origin, pairs, digest.hexdigest())


def find_pairs(
    paths: Sequence[str | Path], source: str | None = None, target: str | None = None
) -> dict[str, list[PairSource]]:
    """What there is to be read, by part; several of one part where it is doubtful which is meant.

    `paths` are two text files (plain or .gz), which are "train", or one of these:

    - a table without header, source and target between tabs, if no columns are named and it ends in .tsv or is text;
    - a table with a header (CSV, TSV, JSON lines, Parquet) whose columns `source` and `target` name;
    - a folder made by `save_to_disk`, or `hf:NAME[/CONFIG]`, with such columns or a column `translation` of languages;
    - a folder of text files train.SOURCE and train.TARGET (and valid and test), or of tables train.tsv, ...

    Raises ConfigError for one name without the other and for more paths, DataError where nothing is found.
    """
    if (source is None) != (target is None):
        raise ConfigError("name both the source and the target, or neither")
    names = (source or USUAL_NAMES[0], target or USUAL_NAMES[1])
    if not 1 <= len(paths) <= 2 or (len(paths) == 2 and any(builder_of(Path(path)) for path in paths)):
        raise ConfigError("give two text files, the source and the target, or one table that holds both")
    if len(paths) == 2:
        return {"train": [FilePairs(Path(paths[0]), Path(paths[1]))]}
    path = Path(paths[0])
    if str(paths[0]).startswith(HUB):
        return _of_dataset(load_hub_dataset(str(paths[0])), str(paths[0]), names)
    if not path.is_dir():
        return {"train": [_of_table(path, source, names)]}
    if is_saved_dataset(path):
        return _of_dataset(load_saved_dataset(path), str(path), names)
    return _of_folder(path, source, names)


def _of_table(path: Path, named: str | None, names: tuple[str, str]) -> PairSource:
    builder = builder_of(path)
    if builder is None or (named is None and builder[1].get("sep") == "\t"):
        return TsvPairs(path)
    check_table(path)
    return ColumnPairs(str(path), *names, rows=lambda: table_rows(path))


def _of_dataset(splits: dict[str, Any], name: str, names: tuple[str, str]) -> dict[str, list[PairSource]]:
    found: dict[str, list[PairSource]] = {}
    for split, dataset in splits.items():
        part = part_named(split)
        if part is not None:
            plain = set(names) <= set(dataset.column_names)
            chosen = dataset.select_columns(list(dict.fromkeys(names))) if plain else dataset
            found.setdefault(part, []).append(ColumnPairs(f"{name}:{split}", *names, rows=chosen.__iter__))
    if not found:
        raise DataError(f"the data set has no train, valid or test split; there are: {', '.join(splits)}", name)
    return found


def _of_folder(folder: Path, named: str | None, names: tuple[str, str]) -> dict[str, list[PairSource]]:
    """Files of the two endings where there are any, else tables."""
    files = {file.name.removesuffix(".gz"): file for file in sorted(folder.iterdir())}
    parts = {name: part for name in files if (part := part_named(name)) is not None}
    found: dict[str, list[PairSource]] = {}
    for name, part in parts.items():
        if name.endswith(f".{names[0]}"):
            other = name.removesuffix(names[0]) + names[1]
            if other not in files:
                raise DataError(f"there is no {other} beside it; add it, or name the files themselves", files[name])
            found.setdefault(part, []).append(FilePairs(files[name], files[other]))
    if not found:
        for name, part in parts.items():
            if builder_of(files[name]) is not None:
                found.setdefault(part, []).append(_of_table(files[name], named, names))
    if not found:
        endings = f"train.{names[0]} with train.{names[1]}"
        raise DataError(f"the folder has neither {endings} nor train.tsv; name both endings, or the files", folder)
    return found


def _blank(text: str) -> bool:
    return not text or text.isspace()
