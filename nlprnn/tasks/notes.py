"""Where notes go: progress and remarks that are not results. A task takes any function of a string."""

from __future__ import annotations

import sys
from collections.abc import Callable

Note = Callable[[str], None]


def to_stderr(text: str) -> None:
    """The default: a line on standard error."""
    print(text, file=sys.stderr, flush=True)


def nowhere(text: str) -> None:
    """For quiet runs."""
