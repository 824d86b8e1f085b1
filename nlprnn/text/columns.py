"""Text columns of tables and data sets, read through Hugging Face's `datasets` a row at a time.

A cell of several lines gives several lines of text, as the same text in a plain file would.
"""

from __future__ import annotations

import contextlib
import csv
import io
import logging
import os
import socket
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nlprnn.errors import DataError
from nlprnn.text.lines import Lines, open_sources
from nlprnn.text.readers import BLOCK, text_blocks
from nlprnn.text.separated import separated_rows

# Endings of tables -> the builder of `datasets`, and its options. Cells are strings as they stand: "NA" is a word.
_CSV = {"keep_default_na": False, "index_col": False}
BUILDERS: dict[str, tuple[str, dict[str, Any]]] = {
    ".csv": ("csv", _CSV),
    ".tsv": ("csv", {**_CSV, "sep": "\t"}),
    ".jsonl": ("json", {}),
    ".ndjson": ("json", {}),
    ".json": ("json", {}),
    ".parquet": ("parquet", {}),
}
USUAL_COLUMNS = ("text", "sentence")
HUB = "hf:"
PROBE_ROWS = 100  # looked at to find the column that holds text
BATCH_ROWS = 100  # taken at a time


def builder_of(path: Path) -> tuple[str, dict[str, Any]] | None:
    """How a table is read, by the ending of its name (a .gz after it left out); None for plain text."""
    return BUILDERS.get(_ending(path))


def _ending(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix.lower()


@dataclass(frozen=True)
class TableSource:
    """The text column of one file: CSV, TSV, JSON lines or Parquet, streamed."""

    name: str
    column: str

    def blocks(self) -> Iterator[str]:
        return _joined((row[self.column] for row in table_rows(Path(self.name))), self.name)


@dataclass(frozen=True)
class DatasetSource:
    """The text column of one split of a data set that `datasets` has opened (memory-mapped)."""

    name: str
    column: str
    dataset: Any = field(compare=False)

    def blocks(self) -> Iterator[str]:
        column = self.dataset.select_columns([self.column])
        return _joined((row[self.column] for row in column), self.name)


def open_table(path: Path, column: str | None) -> Lines:
    """The lines of a table's text column. Raises DataError for broken files and columns that are not there."""
    check_table(path)
    names = _text_columns(islice(table_rows(path), PROBE_ROWS))
    if not names:
        raise DataError("the table has no rows", path)
    return open_sources([TableSource(str(path), _choose(names, column, str(path)))])


def check_table(path: Path) -> None:
    """Raise DataError for a table that is missing, empty or, where it is text, not UTF-8."""
    builder = builder_of(path)
    assert builder is not None
    if builder[0] == "parquet":
        if not path.is_file():
            raise DataError("no such file; check the path", path)
        return
    for _ in text_blocks(path):
        pass


def table_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a table, in order, without copying it anywhere."""
    import datasets

    builder = builder_of(path)
    assert builder is not None
    name, options = builder
    try:
        if name == "csv":
            options = {**options, "features": datasets.Features(dict.fromkeys(_header(path), datasets.Value("string")))}
        with tempfile.TemporaryDirectory(prefix="nlprnn-") as folder:
            read = getattr(datasets.Dataset, f"from_{name}")  # load_dataset would tell the hub about every file
            rows = iter(read(str(path), streaming=True, cache_dir=folder, **options))
            while batch := _next_rows(rows):
                yield from batch
    except (DataError, GeneratorExit):
        raise
    except Exception as error:  # whatever pandas, pyarrow and datasets call it
        if name == "csv":
            for _ in separated_rows(path, options.get("sep", ",")):  # which tells the line of such a row
                pass
        message = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"not a readable {name} table ({message[:200]}); quote its cells or repair the row", path
        ) from error


def _next_rows(rows: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """The next rows; one of more cells than the header is an error, where pandas would cut it and warn."""
    with _quiet(), warnings.catch_warnings():
        warnings.filterwarnings("error", message="Length of header or names does not match")
        return list(islice(rows, BATCH_ROWS))


def _header(path: Path) -> list[str]:
    """The column names of a CSV or TSV file. Raises DataError if one stands twice."""
    start = io.StringIO(next(text_blocks(path), ""), newline="")
    names = next(csv.reader(start, delimiter=BUILDERS[_ending(path)][1].get("sep", ",")), [])
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f"two columns are called {twice[0]!r}; rename one", path, 1)
    return names


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No log lines of `datasets` about what is raised anyway."""
    logger = logging.getLogger("datasets")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _joined(cells: Iterable[Any], name: str) -> Iterator[str]:
    """Cells as blocks of text, a line end after each. Cells without a value are blank."""
    held: list[str] = []
    size = 0
    for number, cell in enumerate(cells, 1):
        text = "" if cell is None else str(cell)
        if "\0" in text:
            raise DataError(f"row {number} holds a NUL character; remove it", name)
        held += (text, "\n")
        size += len(text) + 1
        if size >= BLOCK:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)


def _text_columns(rows: Iterable[dict[str, Any]]) -> dict[str, bool]:
    """The columns of some rows, and whether each holds strings that are not all numbers."""
    columns: dict[str, bool] = {}
    for row in rows:
        for name, value in row.items():
            columns[name] = columns.get(name, False) or (isinstance(value, str) and not _is_number(value))
    return columns


def _is_number(text: str) -> bool:
    try:
        float(text or "0")
    except ValueError:
        return False
    return True


def _choose(columns: dict[str, bool], wanted: str | None, name: str) -> str:
    """The column to read: the one asked for, else `text`, `sentence` or the only one that holds strings."""
    there = ", ".join(columns)
    if wanted is not None:
        if wanted not in columns:
            raise DataError(f"has no column {wanted!r}; there are: {there}", name)
        return wanted
    for usual in USUAL_COLUMNS:
        if usual in columns:
            return usual
    strings = [column for column, is_text in columns.items() if is_text]
    if len(strings) == 1:
        return strings[0]
    which = "several columns hold text" if strings else "no column holds text"
    raise DataError(f"{which}; name one with --column, there are: {there}", name)


def is_saved_dataset(path: Path) -> bool:
    """Whether a folder was made by `save_to_disk`."""
    return (path / "dataset_dict.json").is_file() or (path / "state.json").is_file()


def open_saved_dataset(path: Path, column: str | None) -> dict[str, Lines]:
    """The text of a data set saved by `save_to_disk`, by the names of its splits; a single one is `train`."""
    return _opened(load_saved_dataset(path), str(path), column)


def load_saved_dataset(path: Path) -> dict[str, Any]:
    """The splits of a data set saved by `save_to_disk`, by name; a single one is `train`."""
    import datasets

    try:
        found = datasets.load_from_disk(str(path))
    except Exception as error:
        message = " ".join(str(error).split())
        raise DataError(f"the saved data set cannot be opened ({message[:200]}); save it again", path) from error
    return _splits(found)


def open_hub_dataset(name: str, column: str | None) -> dict[str, Lines]:
    """The text of `hf:NAME[/CONFIG]`, by the names of its splits. Raises DataError as `load_hub_dataset` does."""
    return _opened(load_hub_dataset(name), name, column)


def load_hub_dataset(name: str) -> dict[str, Any]:
    """The splits of `hf:NAME[/CONFIG]`, by name. NAME may have an owner: hf:OWNER/NAME[/CONFIG].

    Raises DataError, in one line, where there is no network and no earlier download.
    """
    parts = name.removeprefix(HUB).split("/")
    if not 1 <= len(parts) <= 3 or not all(parts):
        raise DataError(f"{name}: write hf:NAME, hf:OWNER/NAME or hf:OWNER/NAME/CONFIG")
    with_owner = ["/".join(parts[:2]), *parts[2:]]
    readings = [with_owner, parts] if len(parts) == 2 else [with_owner]  # NAME/CONFIG looks like OWNER/NAME
    import datasets

    message = ""
    for reading in readings:
        try:
            with _quiet(), _offline_if_out_of_reach():
                return _splits(datasets.load_dataset(*reading))
        except Exception as error:  # of the network, of the hub, of the data set's own files
            message = message or " ".join(str(error).split())[:200]
    raise DataError(
        f"{name} cannot be loaded ({message}); check the name and the network, or give a folder made by save_to_disk"
    )


@contextlib.contextmanager
def _offline_if_out_of_reach() -> Iterator[None]:
    """Without a network only look for earlier downloads, where `datasets` would try again for half a minute."""
    import datasets
    import huggingface_hub

    proxies = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    host = urlsplit(huggingface_hub.constants.ENDPOINT).hostname or ""
    before = datasets.config.HF_HUB_OFFLINE, huggingface_hub.constants.HF_HUB_OFFLINE
    try:
        if not any(os.environ.get(proxy) for proxy in proxies):  # a proxy resolves names itself
            socket.getaddrinfo(host, None)
    except OSError:
        datasets.config.HF_HUB_OFFLINE = huggingface_hub.constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, huggingface_hub.constants.HF_HUB_OFFLINE = before


def _splits(found: Any) -> dict[str, Any]:
    return dict(found) if isinstance(found, dict) else {"train": found}


def _opened(splits: dict[str, Any], name: str, column: str | None) -> dict[str, Lines]:
    opened = {}
    for split, dataset in splits.items():
        columns = _text_columns(islice(iter(dataset), PROBE_ROWS))
        if not columns:
            raise DataError(f"the split {split} has no rows", name)
        source = DatasetSource(f"{name}:{split}", _choose(columns, column, name), dataset)
        opened[split] = open_sources([source])
    return opened
