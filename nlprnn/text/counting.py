"""How often every white-space chunk occurs in a text: the one pass that all vocabularies are made from.

In parallel for large plain files, kept in the cache by the content of the text, bounded in memory.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nlprnn.text.files import default_cache, replace_file, writable
from nlprnn.text.lines import Lines, task_pieces
from nlprnn.text.readers import Piece
from nlprnn.text.workers import available_processors, run_tasks

FORMAT = 1  # of the cached counts
MOST_CHUNKS = 1_000_000  # different ones held, some 150 MB; beyond, those seen once so far are forgotten
BATCH = 1 << 16  # words counted at a time


@dataclass
class ChunkCounts:
    """White-space chunks and how often each occurs; `words` and `lines` are exact whatever was forgotten."""

    chunks: dict[str, int]
    words: int
    lines: int
    forgotten: bool = False
    notes: list[str] = field(default_factory=list)


def count_chunks(
    lines: Iterable[str],
    processes: int | None = None,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ChunkCounts:
    """Count the white-space chunks of a text; `progress(lines done, lines in all)` is called now and then.

    The counts of a Lines are kept in `cache` (default: the user's cache folder) and found there the next time.
    """
    if not isinstance(lines, Lines):
        return _count_pieces(Piece(line, True, True) for line in lines)
    cache = default_cache() if cache is None else cache
    path = cache / f"counts-{lines.fingerprint()[:32]}.json"
    counted = _read(path)
    if counted is None:
        counted = _count_lines(lines, processes, progress)
        _keep(path, counted)
    if counted.forgotten:
        counted.notes.append(f"over {MOST_CHUNKS:,} different words: counts of the rarest are too low")
    return counted


def _count_lines(lines: Lines, processes: int | None, progress: Callable[[int, int], None] | None) -> ChunkCounts:
    tasks = lines.tasks()
    if tasks is None:
        return _count_pieces(lines.pieces(), progress, len(lines))
    total = ChunkCounts({}, 0, 0)
    for found in run_tasks("nlprnn.text.counting:count_task", tasks, processes or available_processors()):
        total.words += found["words"]
        total.lines += found["lines"]
        total.forgotten |= found["forgotten"]
        chunks = total.chunks
        for chunk, count in found["chunks"].items():
            chunks[chunk] = chunks.get(chunk, 0) + count
        total.forgotten |= _forget(chunks)
        if progress is not None:
            progress(total.lines, len(lines))
    return total


def count_task(task: dict[str, Any]) -> dict[str, Any]:
    """The counts of one part of a text, in another process."""
    counted = _count_pieces(task_pieces(task))
    return vars(counted)


def _count_pieces(
    pieces: Iterable[Piece], progress: Callable[[int, int], None] | None = None, of: int = 0
) -> ChunkCounts:
    chunks: Counter[str] = Counter()
    total = ChunkCounts(chunks, 0, 0)
    for batch, ended in _batches(pieces):
        chunks.update(batch)
        total.words += len(batch)
        total.lines += ended
        total.forgotten |= _forget(chunks)
        if progress is not None:
            progress(total.lines, of)
    return total


def _batches(pieces: Iterable[Piece]) -> Iterator[tuple[list[str], int]]:
    """Chunks in lists of some BATCH, each with the number of lines that end in it."""
    batch: list[str] = []
    ended = 0
    for text, _, ends_line in pieces:
        batch += text.split()
        ended += ends_line
        if len(batch) >= BATCH:
            yield batch, ended
            batch, ended = [], 0
    yield batch, ended


def _forget(chunks: dict[str, int]) -> bool:
    """Drop the rarest chunks if there are too many (lossy counting, Manku and Motwani 2002). Whether any were."""
    least = 1
    forgotten = False
    while len(chunks) > MOST_CHUNKS:
        for chunk in [chunk for chunk, count in chunks.items() if count <= least]:
            del chunks[chunk]
        least *= 2
        forgotten = True
    return forgotten


def _read(path: Path) -> ChunkCounts | None:
    """Counts kept earlier, or None if there are none that can be read."""
    try:
        kept = json.loads(path.read_bytes())
        if kept.pop("format") != FORMAT:
            return None
        return ChunkCounts(**kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _keep(path: Path, counted: ChunkCounts) -> None:
    if not writable(path.parent):
        return
    try:
        kept = {"format": FORMAT, **vars(counted)}
        replace_file(path, json.dumps(kept, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    except OSError:
        pass  # a full disk: the counts are in memory, and the store will tell the user
