"""Lines of text that can be read again and again without being held: whole files, parts of them, held-out blocks.

Knows how text is cut for reading in parallel, and nothing of tokens.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nlprnn.errors import DataError
from nlprnn.text.readers import Piece, byte_blocks, check_file, cut_lines, decode_blocks, gzip_blocks, is_gzip
from nlprnn.text.workers import available_processors, run_tasks

PART_BYTES = 8 << 20  # of a plain file, a task of one process; part of the fingerprint, so not to be tuned by machine
PARALLEL_FROM = 20_000_000  # bytes: below, starting processes takes longer than the work
EVERY = 20  # one block of lines in twenty is held out


@dataclass(frozen=True)
class Selection:
    """Which lines of a text: every twentieth block of `block` lines (valid), or all the others."""

    block: int
    every: int
    valid: bool

    def keeps(self, index: int) -> bool:
        """Whether the line with this index, counted from 0 without blank lines, is among them."""
        return ((index // self.block) % self.every == self.every - 1) == self.valid

    def count(self, lines: int) -> int:
        """How many of so many lines are among them."""
        cycles, rest = divmod(lines, self.block * self.every)
        held = cycles * self.block + max(0, rest - self.block * (self.every - 1))
        return held if self.valid else lines - held


class Source(Protocol):
    """A text that can be read repeatedly, in blocks cut anywhere."""

    @property
    def name(self) -> str: ...

    def blocks(self) -> Iterator[str]: ...


@dataclass(frozen=True)
class GzipSource:
    """The text of a gzip file, which can only be read from its start."""

    name: str

    def blocks(self) -> Iterator[str]:
        return decode_blocks(gzip_blocks(Path(self.name)), Path(self.name))


@dataclass(frozen=True)
class FilePart:
    """Whole lines of a plain file, bytes `start` to `end`. `size` and `changed` tell whether it is still that file."""

    name: str
    start: int
    end: int
    size: int
    changed: int

    def blocks(self, first_line: int = 1) -> Iterator[str]:
        """The text; faults are told by the line, counted from `first_line`."""
        return decode_blocks(self.bytes(), Path(self.name), first_line)

    def bytes(self) -> Iterator[bytes]:
        """The bytes. Raises DataError if the file was changed since its lines were counted."""
        try:
            status = os.stat(self.name)
            if (status.st_size, status.st_mtime_ns) != (self.size, self.changed):
                raise DataError("was changed while it was being read; start again", self.name)
            yield from byte_blocks(Path(self.name), self.start, self.end)
        except OSError as error:
            raise DataError(f"cannot be read ({error.strerror})", self.name) from error


@dataclass(frozen=True)
class Part:
    """A source among the sources of a corpus: `index` is that of its first line, blank lines not counted."""

    source: Source
    index: int
    lines: int
    digest: str

    def pieces(self, selection: Selection | None) -> Iterator[Piece]:
        """The selected lines, long ones in pieces."""
        pieces = cut_lines(self.source.blocks())
        return pieces if selection is None else _selected(pieces, self.index, selection)


def _selected(pieces: Iterable[Piece], index: int, selection: Selection) -> Iterator[Piece]:
    kept = False
    for piece in pieces:
        if piece.starts_line:
            kept = selection.keeps(index)
            index += 1
        if kept:
            yield piece


class Lines:
    """Lines of text, to be read as often as wanted. Blank lines are not among them.

    Iterating gives strings without their newline. A line of more than half a million characters comes as several;
    `pieces` tells where such a line really ends.
    """

    def __init__(self, parts: Sequence[Part], selection: Selection | None = None) -> None:
        self.parts = list(parts)
        self.selection = selection
        total = sum(part.lines for part in self.parts)
        self._count = total if selection is None else selection.count(total)

    def __iter__(self) -> Iterator[str]:
        return (piece.text for piece in self.pieces() if piece.text)

    def __len__(self) -> int:
        return self._count

    def pieces(self) -> Iterator[Piece]:
        """The lines, those too long to be held in pieces."""
        for part in self.parts:
            yield from part.pieces(self.selection)

    def fingerprint(self) -> str:
        """A hexadecimal digest of the text, and of which of its lines these are."""
        digest = hashlib.sha256(repr(self.selection).encode())
        for part in self.parts:
            digest.update(part.digest.encode())
        return digest.hexdigest()

    def describe(self) -> str:
        """One line for people: the files and the number of lines."""
        names = list(dict.fromkeys(part.source.name for part in self.parts))
        text = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        if self.selection is not None:
            rule = f"blocks of {self.selection.block} lines, one in {self.selection.every} held out"
            text += f" ({rule}; {'those' if self.selection.valid else 'the others'})"
        return f"{text}: {self._count:,} lines"

    def tasks(self) -> list[dict[str, Any]] | None:
        """Each part as a task for another process, or None if the text is too small or no plain files."""
        size = 0
        for part in self.parts:
            if not isinstance(part.source, FilePart):
                return None
            size += part.source.end - part.source.start
        return [part_task(part, self.selection) for part in self.parts] if size >= PARALLEL_FROM else None


def part_task(part: Part, selection: Selection | None) -> dict[str, Any]:
    """A part of a plain file as JSON values, for `task_pieces` in another process."""
    chosen = None if selection is None else [selection.block, selection.every, selection.valid]
    return {"source": vars(part.source), "index": part.index, "selection": chosen}


def task_pieces(task: dict[str, Any]) -> Iterator[Piece]:
    """The pieces of a part that another process described."""
    part = Part(FilePart(**task["source"]), task["index"], 0, "")
    return part.pieces(None if task["selection"] is None else Selection(*task["selection"]))


def open_files(paths: Sequence[Path], processes: int | None = None) -> Lines:
    """The lines of plain or gzip files, one after the other, each checked and read through once.

    Raises DataError for the first fault by file and line: no such file, empty, binary, not UTF-8, NUL bytes.
    """
    sources: list[Source] = []
    for path in paths:
        start = check_file(path)
        sources.extend([GzipSource(str(path))] if is_gzip(path) else _file_parts(path, start))
    return open_sources(sources, processes)


def _file_parts(path: Path, start: int) -> list[FilePart]:
    """A plain file cut after line ends into parts of some PART_BYTES."""
    status = path.stat()
    parts = []
    with open(path, "rb") as file:
        while start < status.st_size:
            file.seek(start + PART_BYTES)
            end = status.st_size
            while block := file.read(1 << 16):
                found = block.find(b"\n")
                if found >= 0:
                    end = file.tell() - len(block) + found + 1
                    break
            parts.append(FilePart(str(path), start, end, status.st_size, status.st_mtime_ns))
            start = end
    return parts


def open_sources(sources: Sequence[Source], processes: int | None = None) -> Lines:
    """The lines of some sources, read through once to count and to check them.

    Raises DataError if there is no line in one of the files that is not blank.
    """
    parts: list[Part] = []
    index = 0
    for source, found in zip(sources, _scan_all(sources, processes), strict=True):
        parts.append(Part(source, index, found["lines"], found["digest"]))
        index += found["lines"]
    filled = {part.source.name for part in parts if part.lines}
    for source in sources:
        if source.name not in filled:
            raise DataError("no text: every line is blank; give a file with sentences", source.name)
    return Lines(parts)


def _scan_all(sources: Sequence[Source], processes: int | None) -> Iterator[dict[str, Any]]:
    files = [source for source in sources if isinstance(source, FilePart)]
    size = sum(file.end - file.start for file in files)
    if len(files) < len(sources) or size < PARALLEL_FROM:
        processes = 1
    elif processes is None:
        processes = available_processors()
    if processes == 1:
        return _located(sources, map(_scan, sources))
    found = list(run_tasks("nlprnn.text.lines:scan_task", [vars(file) for file in files], processes))
    return _located(sources, found)


def _located(sources: Sequence[Source], results: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The results, a fault among them raised with its line in the whole file."""
    newlines = 0
    before = None
    for source, found in zip(sources, results, strict=True):
        if source.name != before:
            before, newlines = source.name, 0
        if "fault" in found:
            if isinstance(source, FilePart) and newlines:
                for _ in source.blocks(first_line=newlines + 1):
                    pass
            raise DataError(found["fault"])
        newlines += found["newlines"]
        yield found


def scan_task(task: dict[str, Any]) -> dict[str, Any]:
    """`_scan` of a part of a plain file, in another process."""
    return _scan(FilePart(**task))


def _scan(source: Source) -> dict[str, Any]:
    """Lines that are not blank, newlines and a digest of the content; or the fault that was met."""
    digest = hashlib.sha256()
    newlines = 0

    def watched() -> Iterator[str]:
        nonlocal newlines
        for block in source.blocks():
            digest.update(block.encode())
            newlines += block.count("\n")
            yield block

    try:
        lines = sum(piece.starts_line for piece in cut_lines(watched()))
    except DataError as error:
        return {"fault": str(error)}
    return {"lines": lines, "newlines": newlines, "digest": digest.hexdigest()}
