"""What is to be measured of a text: lines, tables of sentences, tables with a word in each row. Knows no model.

Whatever the form, it becomes sentences, each in parts. A part is some words of its sentence, and the cells that stand
to the left of what a model says of them: a row of the answer. Tables are told by the ends of their names, .csv (commas
or semicolons) and .tsv, with .gz or without; everything is read as it is needed, a sentence at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from nlprnn.errors import ConfigError, DataError
from nlprnn.text.chunk_tokenizer import EOS
from nlprnn.text.columns import builder_of
from nlprnn.text.plain import every_line
from nlprnn.text.separated import separated_rows

USUAL_COLUMNS = ("sentence", "text", "stimulus")  # in any case
WORD = "word"  # a table with this column may be one of words


class Part(NamedTuple):
    """Some words of a sentence: those after the parts before it."""

    cells: tuple[str | int, ...]
    words: int  # none where there was nothing to read


class Sentence(NamedTuple):
    """A sentence, read from a fresh state; its end may be the last word of the last part."""

    id: int  # the line of a text or the row of a table, from 1
    cells: tuple[str, ...]  # what stands beside it in a table of sentences
    text: str  # "" where there is nothing to read
    parts: list[Part]


@dataclass(frozen=True)
class Stimuli:
    """Sentences, and what the cells of their parts are called."""

    columns: tuple[str, ...]  # of a part's cells
    kept: tuple[str, ...]  # of a sentence's cells
    sentences: Iterator[Sentence]


def is_table(file: str | Path) -> bool:
    """Whether a file is read as a table, by the end of its name."""
    return (builder_of(Path(file)) or ("", {}))[0] == "csv"


def read_lines(lines: Iterable[str], separator: str | None = None, regions: bool = False) -> Stimuli:
    """The lines of a text, a sentence each; blank ones are counted and passed over."""
    told = ((number, (), line) for number, line in enumerate(lines, start=1) if line.strip())
    return _sentences((), told, separator, regions)


def read_sentences(path: Path, column: str | None, separator: str | None, regions: bool) -> Stimuli:
    """A table with a sentence in each row; all other columns stand beside its words, or its regions.

    `separator` stands between the regions of a sentence, and parts words as white space does. A row without a sentence
    stays, as one part without words; one without anything is counted and passed over. Raises DataError where there is
    no such column, or rows differ in length.
    """
    header, rows = _open(path)
    place = _sentence_column(header, column, path)

    def told() -> Iterator[tuple[int, tuple[str, ...], str]]:
        for number, (_, row) in enumerate(rows, start=1):
            if any(cell.strip() for cell in row):
                yield number, (*row[:place], *row[place + 1 :]), row[place]

    return _sentences((*header[:place], *header[place + 1 :]), told(), separator, regions)


def _sentences(
    kept: tuple[str, ...],
    told: Iterable[tuple[int, tuple[str, ...], str]],
    separator: str | None,
    regions: bool,
) -> Stimuli:
    """Sentences with their numbers and cells, in parts that are words or regions; the end is one of its own."""
    divided = ("region_id",) if separator is not None else ()
    columns = ("sentence_id", "region_id", "region") if regions else ("sentence_id", *divided, "word_id", "word")

    def each() -> Iterator[Sentence]:
        for number, cells, text in told:
            parted = [part.split() for part in ([text] if separator is None else text.split(separator))]
            words = [word for region in parted for word in region]
            if not words:
                yield Sentence(number, cells, "", [Part((*cells, number, *[""] * (len(columns) - 1)), 0)])
                continue
            placed = list(enumerate([*parted, [EOS]], start=1))
            if regions:
                parts = [Part((*cells, number, home, " ".join(region)), len(region)) for home, region in placed]
            else:
                homes = [((home,) if divided else (), word) for home, region in placed for word in region]
                parts = [
                    Part((*cells, number, *home, place, word), 1) for place, (home, word) in enumerate(homes, start=1)
                ]
            yield Sentence(number, cells, " ".join(words), parts)

    return Stimuli((*kept, *columns), kept, each())


def read_words(path: Path, word: str, sentence: Sequence[str], region: str | None) -> Stimuli:
    """A table with a word in each row, or some words, or none; its parts are these rows, or regions made of them.

    Rows in which the `sentence` columns are the same make up a sentence, their words a space apart, and must stand
    together. With `region`, rows of a sentence that follow each other and have the same cell there become one: its word
    is all their words, and of its other cells those stay in which they agree. Raises DataError where a column is
    missing, rows differ in length, or a sentence goes on after another; to notice, some 100 bytes a sentence are kept.
    """
    header, rows = _open(path)
    for name in (word, *sentence, *([] if region is None else [region])):
        _place(header, name, path)
    if word in (*sentence, region) or region in sentence:
        raise ConfigError("--word, --sentence and --region are different columns; name each once")
    place, keys = header.index(word), [header.index(name) for name in sentence]
    return Stimuli(
        tuple(header), (), _grouped(rows, place, keys, None if region is None else header.index(region), path)
    )


def _grouped(
    rows: Iterable[tuple[int, list[str]]], place: int, keys: Sequence[int], region: int | None, path: Path
) -> Iterator[Sentence]:
    """The sentences of a table of words."""
    seen: set[int] = set()
    groups = itertools.groupby(rows, key=lambda numbered: tuple(numbered[1][key] for key in keys))
    for number, (name, group) in enumerate(groups, start=1):
        line, first = next(group)
        if hash(name) in seen:
            remedy = "sort the table, or name in --sentence all columns that tell sentences apart"
            raise DataError(f"the rows of sentence {','.join(name)!r} do not stand together; {remedy}", path, line)
        seen.add(hash(name))
        own = [first, *(row for _, row in group)]
        if region is not None:
            own = [_merged(list(same), place) for _, same in itertools.groupby(own, key=itemgetter(region))]
        parts = [Part(tuple(row), len(row[place].split())) for row in own]
        yield Sentence(number, (), " ".join(word for row in own for word in row[place].split()), parts)


def _merged(rows: list[list[str]], place: int) -> list[str]:
    """One row for some: their words, and the cells in which they agree."""
    agreed = [cells[0] if len(set(cells)) == 1 else "" for cells in zip(*rows, strict=True)]
    agreed[place] = " ".join(word for row in rows for word in row[place].split())
    return agreed


def _open(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The names of a table's columns, and its rows with their lines. Raises DataError where names or rows are amiss."""
    builder = builder_of(path)
    assert builder is not None
    delimiter = builder[1].get("sep", ",")
    first = next(every_line(path), "")
    if delimiter == "," and first.count(";") > first.count(","):  # where the comma is a decimal point
        delimiter = ";"
    rows = separated_rows(path, delimiter)
    line, header = next(rows, (1, []))
    names = [name.strip() for name in header]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f"two columns are called {twice[0]!r}; rename one", path, line)
    second = next(rows, None)
    if second is None:
        raise DataError("the table has no rows below its header", path)
    return names, itertools.chain([second], rows)


def _sentence_column(header: list[str], column: str | None, path: Path) -> int:
    """Where the sentences are: in the column asked for, else in the only one with a usual name."""
    if column is not None:
        return _place(header, column, path)
    usual = [place for place, name in enumerate(header) if name.lower() in USUAL_COLUMNS]
    words = WORD in (name.lower() for name in header)
    if len(usual) == 1 and not words:
        return usual[0]
    why = "no column is called sentence or text" if not usual else "more than one column may hold what is to be read"
    remedy = "name the sentences' with --column, or the words' with --word and --sentence"
    raise DataError(f"{why}; {remedy}; there are: {', '.join(header)}", path, 1)


def _place(header: list[str], name: str, path: Path) -> int:
    if name not in header:
        raise DataError(f"has no column {name!r}; there are: {', '.join(header)}", path, 1)
    return header.index(name)
