"""The errors a user may see. Each message is one line: what is wrong, where, and what to do about it.

Nothing else is caught by the command line, so a traceback always means a bug of ours.
"""

from __future__ import annotations

from pathlib import Path


class NlprnnError(Exception):
    """Base of all errors that are told to the user in one line (exit status 1)."""


class DataError(NlprnnError):
    """An input file cannot be used: `file:line: what is wrong; what to do`."""

    def __init__(self, message: str, path: str | Path | None = None, line: int | None = None) -> None:
        place = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(place + message)


class ModelDirectoryError(NlprnnError):
    """A model directory is missing, broken, of another kind, or not ours to write."""


class ConfigError(NlprnnError):
    """A setting, or a combination of settings, that cannot work."""
