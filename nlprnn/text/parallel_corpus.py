"""A parallel corpus: pairs to train on, to validate on and, if there are any, to test on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nlprnn.errors import DataError
from nlprnn.text.corpus import BLOCKS, LONGEST_BLOCK
from nlprnn.text.lines import EVERY, Selection
from nlprnn.text.parallel import Parallel, find_pairs, open_parallel

Paths = Sequence[str | Path]


@dataclass(frozen=True)
class ParallelCorpus:
    """`split` tells how the validation pairs came about, as `Corpus.split` does; pairs with an empty side count."""

    train: Parallel
    valid: Parallel
    test: Parallel | None
    split: dict[str, Any]


def open_parallel_corpus(
    paths: Paths, valid: Paths = (), test: Paths = (), source: str | None = None, target: str | None = None
) -> ParallelCorpus:
    """Pairs from two files, a table, a folder or a data set (see `find_pairs`), and more of them to validate and test.

    Without validation pairs, blocks of pairs that make up a twentieth are held out. Raises DataError, one line with
    file, place and remedy, for all that cannot be used.
    """
    there = find_pairs(paths, source, target)
    train = open_parallel(paths, source, target)

    def part(name: str, given: Paths) -> Parallel | None:
        if given:
            return open_parallel(given, source, target, name if name in find_pairs(given, source, target) else "train")
        return open_parallel(paths, source, target, name) if name in there else None

    held, tested = part("valid", valid), part("test", test)
    if held is not None:
        return ParallelCorpus(train, held, tested, {"rule": "files"})
    selection = Selection(max(1, min(LONGEST_BLOCK, len(train) // BLOCKS)), EVERY, valid=False)
    held = train.selected(replace(selection, valid=True))
    if not len(held):
        raise DataError(
            f"{len(train)} pairs are too few to hold some out for validation; give others with --valid", str(paths[0])
        )
    record = {"rule": "blocks", "block": selection.block, "every": selection.every}
    return ParallelCorpus(train.selected(selection), held, tested, record)
