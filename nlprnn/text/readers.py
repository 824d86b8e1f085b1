"""Bytes of files to pieces of lines, in bounded memory, with every fault told by file and line.

Only \\n ends a line (a \\r before it is dropped); all else that Python calls white space, form feeds and U+2028
included, is white space within a line. Knows no corpus and no tokenizer.
"""

from __future__ import annotations

import codecs
import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from nlprnn.errors import DataError

BLOCK = 1 << 19  # bytes read at a time
LONGEST = 1 << 19  # characters of an unfinished line that are kept; a piece has at most this and a block, 1 MiB in all

_BOM = codecs.BOM_UTF8
_BOMS = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))
_GZIP = b"\x1f\x8b"
_BINARY = {
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF": "a PDF",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"\x7fELF": "a program",
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
}


class Piece(NamedTuple):
    """A line of text, or a part of one that is too long to be held: cut at white space where there is any."""

    text: str
    starts_line: bool
    ends_line: bool


def cut_lines(blocks: Iterable[str], longest: int = LONGEST) -> Iterator[Piece]:
    """The lines of a text that comes in blocks cut anywhere; blank lines are left out.

    An unfinished line of more than `longest` characters is given in pieces, cut at white space, or anywhere in a
    word that is longer still. The last piece may be empty: it only says that the line ends.
    """
    rest = ""
    inside = False  # a part of the present line was already given
    for block in blocks:
        lines = (rest + block).split("\n")
        rest = lines.pop()
        for line in lines:
            if inside:
                yield Piece(line.removesuffix("\r"), False, True)
                inside = False
            elif line and not line.isspace():
                yield Piece(line.removesuffix("\r"), True, True)
        if len(rest) > longest:
            head, rest = _cut(rest)
            if head and not head.isspace():
                yield Piece(head, not inside, False)
                inside = True
    if inside or (rest and not rest.isspace()):
        yield Piece(rest.removesuffix("\r"), not inside, True)


def _cut(text: str) -> tuple[str, str]:
    """The text up to its last white space, and the unfinished word after that."""
    if text[-1].isspace():
        return text, ""
    parts = text.rsplit(None, 1)
    if len(parts) == 1:  # one word, which is cut only if nothing but it is there
        return ("", parts[0]) if text[0].isspace() else (text, "")
    return parts[0], parts[1]


def check_file(path: Path) -> int:
    """Where the text of a file begins: 3 after a UTF-8 byte order mark, else 0.

    Raises DataError for what is no readable, non-empty text file: one line with what it is and what to do.
    """
    if not path.exists():
        raise DataError("no such file; check the path", path)
    if not path.is_file():
        raise DataError("not a regular file; save it to a file first, because it is read more than once", path)
    try:
        with open(path, "rb") as file:
            start = file.read(8192)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror}); check its permissions", path) from error
    if not start:
        raise DataError("the file is empty; give a file with sentences", path)
    if start.startswith(_GZIP):
        return 0
    if path.suffix == ".gz":
        raise DataError("not in gzip format, though its name ends in .gz; rename it", path)
    for mark, name in _BOMS:
        if start.startswith(mark):
            raise DataError(f"{name} text; convert it with `iconv -f {name.lower()} -t utf-8`", path)
    for magic, name in _BINARY.items():
        if start.startswith(magic):
            raise DataError(f"not a text file: it looks like {name}; unpack or export it as text", path)
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\v\x1b" for byte in start)
    if controls > max(8, len(start) // 10):
        raise DataError("not a text file: it looks binary; export it as UTF-8 text", path)
    return len(_BOM) if start.startswith(_BOM) else 0


def is_gzip(path: Path) -> bool:
    """Whether the content, not the name, is gzip's."""
    with open(path, "rb") as file:
        return file.read(2) == _GZIP


def byte_blocks(path: Path, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The bytes of a plain file between two offsets, in blocks."""
    with open(path, "rb", buffering=0) as file:
        file.seek(start)
        left = (os.fstat(file.fileno()).st_size if end is None else end) - start
        while left > 0:
            block = file.read(min(BLOCK, left))
            if not block:
                return
            left -= len(block)
            yield block


def gzip_blocks(path: Path) -> Iterator[bytes]:
    """The unpacked bytes of a gzip file, in blocks, without a byte order mark. Raises DataError if it is damaged."""
    try:
        with gzip.open(path, "rb") as file:
            block = file.read(BLOCK).removeprefix(_BOM)
            while block:
                yield block
                block = file.read(BLOCK)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError("the gzip file is cut short or damaged; fetch it again", path) from error


def text_blocks(path: Path) -> Iterator[str]:
    """The text of a plain or gzip file, checked, in blocks cut anywhere. Raises DataError as its parts do."""
    start = check_file(path)
    return decode_blocks(gzip_blocks(path) if is_gzip(path) else byte_blocks(path, start), path)


def decode_blocks(blocks: Iterable[bytes], path: Path, first_line: int = 1) -> Iterator[str]:
    """Blocks of UTF-8 as text. Raises DataError with the line of the first byte that is not, and of NUL bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = first_line
    for block in blocks:
        nul = block.find(0)
        try:
            text = decoder.decode(block if nul < 0 else block[:nul])
        except UnicodeDecodeError as error:
            raise _not_utf8(error, path, line) from error
        if nul >= 0:
            line += block.count(b"\n", 0, nul)
            raise DataError("a NUL byte: is this a text file? Remove it with `tr -d '\\0'`", path, line)
        yield text
        line += block.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _not_utf8(error, path, line) from error


def _not_utf8(error: UnicodeDecodeError, path: Path, line: int) -> DataError:
    line += error.object.count(b"\n", 0, error.start)
    byte = error.object[error.start]
    return DataError(f"byte 0x{byte:02x} is not UTF-8; convert the file with `iconv -f latin1 -t utf-8`", path, line)
