"""The suites that a user names: those of our own, files and folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from nlprnn.probes.builtin import BUILTIN, builtin_suite
from nlprnn.probes.readers import AnySuite, read_suites


def open_suites(
    names: str | Path | Sequence[str | Path], knows: Callable[[str], bool], columns: Mapping[str, str] | None = None
) -> Iterator[AnySuite]:
    """The suites in order; those of our own are made of words that `knows` knows. Raises what their reader raises."""
    for name in [names] if isinstance(names, (str, Path)) else names:
        if str(name) in BUILTIN:
            yield builtin_suite(knows, str(name))
        else:
            yield from read_suites(name, columns)
