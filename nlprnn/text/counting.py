"""How often every type occurs in a text: the one pass that vocabularies are made from.

In parallel for large plain files, kept in the cache by the content of the text, bounded in memory.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nlprnn.files import replace_file
from nlprnn.text.cache import default_cache, writable
from nlprnn.text.lines import Lines, task_pieces
from nlprnn.text.readers import Piece
from nlprnn.text.word_splitting import split_chunk
from nlprnn.text.workers import available_processors, run_tasks

FORMAT = 1  # of the cached counts
MOST_TYPES = 1_000_000  # held, some 150 MB; beyond, those seen once so far are forgotten
BATCH = 1 << 16  # white-space chunks counted at a time
PENDING = 1 << 17  # different chunks that wait to be split

# What is counted: white-space chunks as they are, or the words that raw text is split into.
UNITS: dict[str, Callable[[str], list[str]]] = {"chunks": lambda chunk: [chunk], "words": split_chunk}


@dataclass
class TypeCounts:
    """Types and how often each occurs. `words` (white-space chunks) and `lines` are exact whatever was forgotten."""

    types: dict[str, int]
    words: int = 0
    lines: int = 0
    forgotten: bool = False
    notes: list[str] = field(default_factory=list)

    def add(self, types: dict[str, int]) -> None:
        """Add counts; forget the rarest if there are too many types (lossy counting, Manku and Motwani 2002)."""
        own = self.types
        for name, count in types.items():
            own[name] = own.get(name, 0) + count
        least = 1
        while len(own) > MOST_TYPES:
            for name in [name for name, count in own.items() if count <= least]:
                del own[name]
            least *= 2
            self.forgotten = True


def count_types(
    lines: Iterable[str],
    unit: str = "chunks",
    lowercase: bool = False,
    processes: int | None = None,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> TypeCounts:
    """Count the types of a text: "chunks" between white space, or "words" as word_splitting parts them.

    `progress(lines done, lines in all)` is called now and then. The counts of a Lines are kept in `cache` (default:
    the user's cache folder) and found there the next time.
    """
    if not isinstance(lines, Lines):
        return _count_pieces((Piece(line, True, True) for line in lines), unit, lowercase)
    cache = default_cache() if cache is None else cache
    path = cache / f"counts-{unit}{'-lowercase' * lowercase}-{lines.fingerprint()[:32]}.json"
    counted = _read(path)
    if counted is None:
        counted = _count_lines(lines, unit, lowercase, processes, progress)
        _keep(path, counted)
    if counted.forgotten:
        counted.notes.append(f"over {MOST_TYPES:,} different words: counts of the rarest are too low")
    return counted


def _count_lines(
    lines: Lines, unit: str, lowercase: bool, processes: int | None, progress: Callable[[int, int], None] | None
) -> TypeCounts:
    tasks = lines.tasks()
    if tasks is None:
        return _count_pieces(lines.pieces(), unit, lowercase, progress, len(lines))
    tasks = [{**task, "unit": unit, "lowercase": lowercase} for task in tasks]
    total = TypeCounts({})
    found_by_part = run_tasks("nlprnn.text.counting:count_task", tasks, processes or available_processors())
    with contextlib.closing(found_by_part):
        for found in found_by_part:
            total.add(found["types"])
            total.words += found["words"]
            total.lines += found["lines"]
            total.forgotten |= found["forgotten"]
            if progress is not None:
                progress(total.lines, len(lines))
    return total


def count_task(task: dict[str, Any]) -> dict[str, Any]:
    """The counts of one part of a text, in another process."""
    return vars(_count_pieces(task_pieces(task), task["unit"], task["lowercase"]))


def _count_pieces(
    pieces: Iterable[Piece],
    unit: str,
    lowercase: bool,
    progress: Callable[[int, int], None] | None = None,
    of: int = 0,
) -> TypeCounts:
    total = TypeCounts({})
    chunks: Counter[str] = Counter()  # not yet split: each once, however often it occurs
    batch: list[str] = []
    for text, _, ends_line in pieces:
        batch += text.split()
        total.lines += ends_line
        if len(batch) >= BATCH:
            chunks.update(batch)
            total.words += len(batch)
            batch = []
            if progress is not None:
                progress(total.lines, of)
        if len(chunks) >= PENDING:
            total.add(_split(chunks, unit, lowercase))
            chunks.clear()
    chunks.update(batch)
    total.words += len(batch)
    total.add(_split(chunks, unit, lowercase))
    return total


def _split(chunks: Counter[str], unit: str, lowercase: bool) -> dict[str, int]:
    if unit == "chunks" and not lowercase:
        return chunks
    types: dict[str, int] = {}
    split = UNITS[unit]
    for chunk, count in chunks.items():
        for name in split(chunk.lower() if lowercase else chunk):
            types[name] = types.get(name, 0) + count
    return types


def _read(path: Path) -> TypeCounts | None:
    """Counts kept earlier, or None if there are none that can be read."""
    try:
        kept = json.loads(path.read_bytes())
        if kept.pop("format") != FORMAT:
            return None
        return TypeCounts(**kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _keep(path: Path, counted: TypeCounts) -> None:
    if not writable(path.parent):
        return
    try:
        kept = {"format": FORMAT, **vars(counted)}
        replace_file(path, json.dumps(kept, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    except OSError:
        pass  # a full disk: the counts are in memory, and the store will tell the user
