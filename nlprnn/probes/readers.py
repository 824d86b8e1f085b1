"""Finds out which published format a file has, and makes suites of files and folders. Knows no model.

A new format is a module in formats/ that recognises the beginning of a file and reads pairs or a suite, and a line in
FORMATS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from nlprnn.errors import DataError
from nlprnn.probes.conditions import ConditionSuite
from nlprnn.probes.formats import blimp, gulordava, linzen, marvin_linzen, syntaxgym, table
from nlprnn.probes.suite import MinimalPair, Suite

HEAD = 65536  # bytes read to recognise a format: more than the longest first line of any of them
PROSE = {
    ".md",
    ".txt",
    ".rst",
    "",
}  # what stands beside data in a folder and is passed over when it is no known format
COMPANIONS = {".text", ".eval"}  # what says nothing without the `.gold` of the same name

AnySuite = Suite | ConditionSuite
Pairs = Callable[[Path], Iterator[MinimalPair]]
SuiteMaker = Callable[[str, Sequence[Path], str], list[AnySuite]]  # name, files, source -> suites


def together(pairs: Pairs, *, end: bool = True, full_stop: bool = False) -> SuiteMaker:
    """One suite of all files of a folder, scored by sentence."""

    def make(name: str, paths: Sequence[Path], source: str) -> list[AnySuite]:
        read = partial(_joined, pairs, tuple(paths))
        return [Suite(name, read, "sentence", source, end=end, full_stop=full_stop)]

    return make


def apart(suites: Callable[[Path], list[AnySuite]]) -> SuiteMaker:
    """A folder's files each on their own."""
    return lambda name, paths, source: [suite for path in paths for suite in suites(path)]


def _of_each_kind(pairs: Callable[[Path, str], Iterator[MinimalPair]], path: Path) -> list[AnySuite]:
    """Original and nonce sentences apart, as they were published."""
    return [
        Suite(f"{path.stem} ({kind})", partial(pairs, path, kind), "target", str(path), agreeing=gulordava.AGREEING)
        for kind in gulordava.kinds(pairs, path)
    ]


def _of_linzen(path: Path) -> list[AnySuite]:
    return [Suite(path.stem, partial(linzen.pairs, path), "target", str(path), linzen.COVERAGE)]


def _of_linzen_subset(path: Path) -> list[AnySuite]:
    return [Suite(path.stem, partial(gulordava.linzen_pairs, path), "target", str(path))]


@dataclass(frozen=True)
class Format:
    """One published format: how it is recognised, and how its files become suites."""

    title: str
    matches: Callable[[bytes], bool]  # the first HEAD bytes of a file -> is it this format
    suites: SuiteMaker


FORMATS = {
    "blimp": Format("BLiMP (.jsonl)", blimp.matches, together(blimp.pairs)),
    "marvin_linzen": Format(
        "Marvin and Linzen (.pickle)",
        marvin_linzen.matches,
        together(marvin_linzen.pairs, end=False, full_stop=True),
    ),
    "gulordava": Format(
        "Gulordava et al. (.tab)",
        gulordava.table_matches,
        apart(partial(_of_each_kind, gulordava.table_pairs)),
    ),
    "gulordava_gold": Format(
        "Gulordava et al. (.text and .gold)",
        gulordava.gold_matches,
        apart(partial(_of_each_kind, gulordava.gold_pairs)),
    ),
    "linzen": Format("Linzen et al. (.tsv)", linzen.matches, apart(_of_linzen)),
    "linzen_subset": Format(
        "Gulordava's subset of Linzen et al. (.text and .gold)", gulordava.linzen_matches, apart(_of_linzen_subset)
    ),
    "syntaxgym": Format("SyntaxGym (.json)", syntaxgym.matches, apart(lambda path: [syntaxgym.suite(path)])),
    "table": Format("a table (.tsv, .csv) with columns good and bad", table.matches, together(table.pairs)),
}


def sniff(path: Path) -> str | None:
    """The FORMATS key of a file, from its content alone; None for no known format."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    return next((key for key, known in FORMATS.items() if known.matches(head)), None)


def read_suites(path: str | Path, columns: Mapping[str, str] | None = None) -> list[AnySuite]:
    """The suites of a file or folder; pairs are read when asked for.

    A folder's files have one format. Those of BLiMP, of Marvin and Linzen and of a user's own are one suite together,
    in the order of their names; of the others each file is a suite, of Gulordava et al. one of original and one of
    nonce sentences. Of files with the same name and items, `.tab` is read rather than `.text` and `.gold`.

    With `columns`, what the user's own table calls the columns `good`, `bad` and so on, a file is read as such.

    Raises DataError for what does not exist, is empty, is no known format or is of several, and for a suite that
    cannot be used; ConfigError for a name in `columns` that is no column.
    """
    path = Path(path)
    known = FORMATS | ({"table": own_table(columns)} if columns else {})
    try:
        folder = path.is_dir()
        files = _files(path) if folder else [_main(path)]
        keys = {file: "table" if columns else sniff(file) for file in files if not folder or not _is_prose(file)}
        for file, key in keys.items():
            if key is None:
                raise _unknown(file)
        name = path.resolve().name if folder else path.stem
        return _suites(name, path, {file: known[key] for file, key in keys.items() if key})
    except OSError as error:
        raise DataError(
            f"cannot be read ({error.strerror}); give a file of minimal pairs or a folder of them", path
        ) from error


def own_table(columns: Mapping[str, str]) -> Format:
    """The format of a user's own table whose columns have other names."""
    return Format(FORMATS["table"].title, table.matches, together(partial(table.pairs, called=table.called(columns))))


def _suites(name: str, source: Path, found: Mapping[Path, Format]) -> list[AnySuite]:
    if not found:
        raise DataError(f"no file of minimal pairs in this folder; supported are {_supported()}", source)
    examples: dict[str, str] = {}
    for path, known in found.items():
        examples.setdefault(known.title, path.name)
    if len(examples) > 1:
        told = ", ".join(f"{example} is {title}" for title, example in examples.items())
        raise DataError(f"mixed formats: {told}; give each kind on its own", source)
    return next(iter(found.values())).suites(name, list(found), str(source))


def _files(folder: Path) -> list[Path]:
    """The visible files; of those with the same items only the one that says most."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    tables = {path.stem for path in files if path.suffix == ".tab"}
    said_twice = {".gold", *COMPANIONS}
    return [path for path in files if _main(path) == path and not (path.suffix in said_twice and path.stem in tables)]


def _main(path: Path) -> Path:
    """The `.gold` that a `.text` belongs to."""
    gold = path.with_suffix(".gold")
    return gold if path.suffix in COMPANIONS and gold.is_file() else path


def _is_prose(path: Path) -> bool:
    """Is it passed over where it stands beside data?"""
    return path.suffix.lower() in PROSE and sniff(path) is None


def _unknown(path: Path) -> DataError:
    if path.stat().st_size == 0:
        return DataError("the file is empty; take it away or give a file of minimal pairs", path)
    with path.open("rb") as stream:
        if stream.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            return DataError("UTF-16; convert the file to UTF-8", path)
    if path.suffix in COMPANIONS:
        return DataError(f"{path.stem}.gold is missing beside it; keep the files of a set together", path)
    return DataError(f"not a known format of minimal pairs; supported are {_supported()}", path)


def _joined(read: Pairs, paths: tuple[Path, ...]) -> Iterator[MinimalPair]:
    return chain.from_iterable(read(path) for path in paths)


def _supported() -> str:
    return ", ".join(known.title for known in FORMATS.values())
