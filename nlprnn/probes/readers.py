"""Finds out which published format a file has, and makes suites of files and folders. Knows no model.

A new format is a module in formats/ with `matches(head)` and `pairs(path)`, and a line in FORMATS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from nlprnn.errors import DataError
from nlprnn.probes.formats import blimp, marvin_linzen, pairs_tsv
from nlprnn.probes.suite import MinimalPair, Suite

HEAD = 65536  # bytes read to recognise a format: more than the longest first line of any of them
PROSE = {
    ".md",
    ".txt",
    ".rst",
    "",
}  # what stands beside data in a folder and is passed over when it is no known format


@dataclass(frozen=True)
class Format:
    """One published format: how it is recognised, how it is read, and how it was scored where it was published."""

    title: str
    matches: Callable[[bytes], bool]  # the first HEAD bytes of a file -> is it this format
    pairs: Callable[[Path], Iterator[MinimalPair]]
    scoring: str


FORMATS = {
    "blimp": Format("BLiMP (.jsonl)", blimp.matches, blimp.pairs, "sentence"),
    "marvin_linzen": Format("Marvin and Linzen (.pickle)", marvin_linzen.matches, marvin_linzen.pairs, "sentence"),
    "pairs_tsv": Format("pairs (.tsv with the header good, bad)", pairs_tsv.matches, pairs_tsv.pairs, "sentence"),
}


def sniff(path: Path) -> str | None:
    """The FORMATS key of a file, from its content alone; None for no known format."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    return next((key for key, known in FORMATS.items() if known.matches(head)), None)


def read_suites(path: str | Path) -> list[Suite]:
    """The suites of a file or folder; pairs are read when asked for.

    A file is one suite. A folder is one suite for each format in it, its files joined in the order of their names.
    Raises DataError for what does not exist, is empty or is no known format.
    """
    path = Path(path)
    try:
        if path.is_dir():
            return _folder(path)
        key = sniff(path)
    except OSError as error:
        raise DataError(
            f"cannot be read ({error.strerror}); give a file of minimal pairs or a folder of them", path
        ) from error
    if key is None:
        raise _unknown(path)
    return [_suite(path.stem, key, [path], path)]


def _folder(folder: Path) -> list[Suite]:
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.is_file():
            continue
        key = sniff(path)
        if key is not None:
            found.setdefault(key, []).append(path)
        elif path.suffix.lower() not in PROSE:
            raise _unknown(path)
    if not found:
        raise DataError(f"no file of minimal pairs in this folder; supported are {_supported()}", folder)
    name = folder.resolve().name
    if len(found) == 1:
        return [_suite(name, key, paths, folder) for key, paths in found.items()]
    return [_suite(f"{name} ({key})", key, paths, folder) for key, paths in found.items()]


def _suite(name: str, key: str, paths: list[Path], source: Path) -> Suite:
    known = FORMATS[key]
    return Suite(name, partial(_joined, known.pairs, tuple(paths)), known.scoring, str(source))


def _joined(read: Callable[[Path], Iterator[MinimalPair]], paths: tuple[Path, ...]) -> Iterator[MinimalPair]:
    return chain.from_iterable(read(path) for path in paths)


def _unknown(path: Path) -> DataError:
    if path.stat().st_size == 0:
        return DataError("the file is empty; take it away or give a file of minimal pairs", path)
    return DataError(f"not a known format of minimal pairs; supported are {_supported()}", path)


def _supported() -> str:
    return ", ".join(known.title for known in FORMATS.values())
