"""The lines of one file or of standard input, blank ones included, for commands that answer line by line."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from nlprnn.errors import DataError
from nlprnn.text.readers import LONGEST, decode_blocks, text_blocks

STANDARD_INPUT = "standard input"


def every_line(file: str | Path | None) -> Iterator[str]:
    """Each line, without its end; None reads standard input as it comes. Raises DataError as reading a corpus does."""
    if file is None:
        marked = (line.removeprefix(codecs.BOM_UTF8) for line in sys.stdin.buffer)
        return _lines(decode_blocks(marked, Path(STANDARD_INPUT)))
    return _lines(text_blocks(Path(file)))


def whole_lines(path: Path) -> Iterator[str]:
    """Each line of a file, without its end. Raises DataError for one too long to be held, and as `every_line` does."""
    rest = ""
    number = 0
    for block in text_blocks(path):
        *lines, rest = (rest + block).split("\n")
        number += len(lines)
        for line in lines:
            yield line.removesuffix("\r")
        if len(rest) > LONGEST:
            raise DataError(f"a line of over {LONGEST:,} characters; put one sentence a line", path, number + 1)
    if rest:
        yield rest.removesuffix("\r")


def _lines(blocks: Iterable[str]) -> Iterator[str]:
    rest = ""
    for block in blocks:
        *whole, rest = (rest + block).split("\n")
        for line in whole:
            yield line.removesuffix("\r")
    if rest:
        yield rest.removesuffix("\r")
