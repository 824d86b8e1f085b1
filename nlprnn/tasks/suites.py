"""The suites that a user names: those of our own, files and folders."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nlprnn.probes.builtin import BUILTIN, builtin_suite
from nlprnn.probes.readers import AnySuite, read_suites


def open_suites(
    names: str | Path | Sequence[str | Path], knows: Callable[[str], bool], columns: Mapping[str, str] | None = None
) -> list[AnySuite]:
    """The suites in order, no two of one name; those of our own are made of words that `knows` knows.

    Raises what their reader raises.
    """
    found: list[AnySuite] = []
    for name in [names] if isinstance(names, (str, Path)) else names:
        found += [builtin_suite(knows, str(name))] if str(name) in BUILTIN else read_suites(name, columns)
    return _told_apart(found)


def _told_apart(suites: list[AnySuite]) -> list[AnySuite]:
    """Suites of one name get that of their folder too (English/generated), or of their file, or a number."""
    names = [suite.name for suite in suites]
    for told in (lambda path, name: f"{path.parent.name}/{name}", lambda path, name: f"{name} ({path.name})"):
        longer = [told(Path(suite.source), name) for suite, name in zip(suites, names, strict=True)]
        different = {name: {other for one, other in zip(names, longer, strict=True) if one == name} for name in names}
        names = [other if len(different[name]) > 1 else name for name, other in zip(names, longer, strict=True)]
    found: list[AnySuite] = []
    for place, (suite, name) in enumerate(zip(suites, names, strict=True)):
        number = names[:place].count(name) + 1
        found.append(dataclasses.replace(suite, name=name if number == 1 else f"{name} ({number})"))
    return found
