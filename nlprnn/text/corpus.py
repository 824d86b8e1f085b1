"""A corpus: training, validation and test text from files, folders and data sets.

Where no validation text is given, blocks of lines are held out by a rule that is kept with the model, so that another
model can be trained on the same text. Knows no tokenizer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nlprnn.errors import DataError
from nlprnn.text.columns import (
    HUB,
    builder_of,
    is_saved_dataset,
    open_hub_dataset,
    open_saved_dataset,
    open_table,
)
from nlprnn.text.lines import EVERY, Lines, Part, Selection, open_files

LONGEST_BLOCK = 100  # lines
BLOCKS = 400  # at least, in a text that is split

_SPLITS = {"train": "train", "training": "train", "valid": "valid", "validation": "valid", "val": "valid"}
_SPLITS |= {"dev": "valid", "test": "test"}
_ENDINGS = (".txt", ".txt.gz", ".tokens", ".csv", ".tsv", ".jsonl", ".parquet")


@dataclass(frozen=True)
class Corpus:
    """Lines to train on, to validate on and, if there are any, to test on.

    `split` tells how the validation lines came about, as JSON values: {"rule": "blocks", "block": K, "every": 20} -
    of line i, blank ones not counted, (i // K) % 20 == 19 holds - or {"rule": "files"}.
    """

    train: Lines
    valid: Lines
    test: Lines | None
    split: dict[str, Any]


def open_corpus(
    paths: str | Path | Sequence[str | Path],
    valid: str | Path | None = None,
    test: str | Path | None = None,
    column: str | None = None,
    split: dict[str, Any] | None = None,
) -> Corpus:
    """Open the text in `paths`: files (plain, .gz, CSV, TSV, JSON lines, Parquet), a folder with train, valid and
    test files, a folder made by `save_to_disk`, or `hf:NAME[/CONFIG]`.

    `column` names the text column of a table. `split` is the record of an earlier corpus, to hold out the same lines.
    Raises DataError, one line with file, place and remedy, for all that cannot be used.
    """
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    assert given, "a corpus has at least one path"
    found: dict[str, Lines] = {}
    if len(given) == 1:
        found = _open_splits(given[0], column)
    else:
        found["train"] = join_lines([open_lines(path, column) for path in given])
    if test is not None:
        found["test"] = open_lines(test, column, "test")
    if valid is not None:
        found["valid"] = open_lines(valid, column, "valid")
    train = found["train"]
    if split is not None and split.get("rule") == "blocks":
        selection = Selection(int(split["block"]), int(split["every"]), valid=False)
    elif "valid" in found:
        return Corpus(train, found["valid"], found.get("test"), {"rule": "files"})
    elif split is not None:
        raise DataError("the validation text was a file of its own; give it with --valid", str(given[0]))
    else:
        selection = Selection(max(1, min(LONGEST_BLOCK, len(train) // BLOCKS)), EVERY, valid=False)
    record = {"rule": "blocks", "block": selection.block, "every": selection.every}
    kept, held = Lines(train.parts, selection), Lines(train.parts, replace(selection, valid=True))
    if valid is None and len(held) == 0:
        raise DataError(
            f"{len(train)} lines are too few to hold some out for validation; give other text with --valid",
            str(given[0]),
        )
    return Corpus(kept, found["valid"] if valid is not None else held, found.get("test"), record)


def open_lines(path: str | Path, column: str | None = None, part: str = "train") -> Lines:
    """All lines of one file, or of the named part (train, valid or test) of a folder or data set.

    Raises DataError where a folder or data set has no such part.
    """
    found = _open_splits(path, column)
    if part not in found and (Path(path).is_dir() or str(path).startswith(HUB)):
        raise DataError(f"has no {part} text; name the file itself", path)
    return found.get(part, found["train"])


def join_lines(texts: Sequence[Lines]) -> Lines:
    """Texts one after the other as one."""
    parts: list[Part] = []
    index = 0
    for text in texts:
        assert text.selection is None, "only whole texts are joined"
        for part in text.parts:
            parts.append(replace(part, index=index))
            index += part.lines
    return Lines(parts)


def _open_splits(given: str | Path, column: str | None) -> dict[str, Lines]:
    """What one path holds, by `train`, `valid` and `test`; `train` is always there."""
    if str(given).startswith(HUB):
        return _renamed(open_hub_dataset(str(given), column), str(given))
    path = Path(given)
    if not path.is_dir():
        return {"train": _open_file(path, column)}
    if is_saved_dataset(path):
        return _renamed(open_saved_dataset(path, column), str(path))
    files: dict[str, list[Path]] = {}
    for file in sorted(path.iterdir()):
        name = part_named(file.name) if file.name.lower().endswith(_ENDINGS) else None
        if name is not None:
            files.setdefault(name, []).append(file)
    if "train" not in files:
        raise DataError("the folder has no train.txt; name the files themselves", path)
    for name, several in files.items():
        if len(several) > 1:
            both = " and ".join(file.name for file in several[:2])
            raise DataError(f"the folder has {both}: which is its {name} text? Name the files themselves", path)
    return {name: _open_file(several[0], column) for name, several in files.items()}


def _open_file(path: Path, column: str | None) -> Lines:
    return open_files([path]) if builder_of(path) is None else open_table(path, column)


def part_named(name: str) -> str | None:
    """Which part of a corpus a file's or split's name says it is: train.txt, ptb.valid.txt, dev.jsonl, ..."""
    words = re.split(r"[._-]", name.lower())
    return next((_SPLITS[word] for word in words if word in _SPLITS), None)


def _renamed(splits: dict[str, Lines], name: str) -> dict[str, Lines]:
    found = {_SPLITS[split]: lines for split, lines in splits.items() if split in _SPLITS}
    if "train" not in found:
        raise DataError(f"the data set has no train split; there are: {', '.join(splits)}", name)
    return found
