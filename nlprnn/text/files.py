"""Files written whole or not at all, and the place of the cache. Knows no format."""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Write `data` under a temporary name beside `path`, flush it to the disk and move it into place.

    A reader sees the old file or the new one, never a part. Raises OSError after removing the temporary file.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def default_cache() -> Path:
    """The folder for what can be made again: NLPRNN_CACHE, else XDG_CACHE_HOME/nlprnn, else ~/.cache/nlprnn."""
    named = os.environ.get("NLPRNN_CACHE")
    if named:
        return Path(named)
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(root) / "nlprnn"


def writable(directory: Path) -> bool:
    """Whether files can be made in `directory`, which is created if need be."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False
