"""Files written whole or not at all. Knows no format; whoever writes one says what an OSError means to the user."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TEMPORARY = ".tmp"  # the ending of what a killed process may leave behind


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` to write to; after the block it is flushed to the disk and moved to `path`.

    A reader sees the old file or the new one, never a part. After an error the temporary file is removed and `path` is
    what it was before.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}{TEMPORARY}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # safetensors would make it private
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def replace_file(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all. Raises OSError."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)
