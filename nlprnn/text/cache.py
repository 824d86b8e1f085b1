"""The place of what can be made again: encoded texts and counts."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


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
