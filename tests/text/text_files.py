"""Files of text for tests, and parts so small that even those are read in parallel."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlprnn.text import lines


def written(folder: Path, text: str | bytes, name: str = "a.txt") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def small_parts(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Cut plain files into parts of about `size` bytes, each read in another process."""
    monkeypatch.setattr(lines, "PART_BYTES", size)
    monkeypatch.setattr(lines, "PARALLEL_FROM", 1)
