"""Suites as the user names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlprnn.tasks.suites import open_suites

GOLD = "1\tis\tare\t0\n"


def linzen(folder: Path, name: str = "generated") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.gold").write_text(GOLD)
    (folder / f"{name}.text").write_text("it is .\n")
    return folder / f"{name}.gold"


def names(*suites: Path | str) -> list[str]:
    return [suite.name for suite in open_suites(suites, lambda word: True)]


def test_suites_of_one_name_are_told_apart(tmp_path: Path) -> None:
    english, hebrew, other = linzen(tmp_path / "English"), linzen(tmp_path / "Hebrew"), linzen(tmp_path, "other")
    assert names(english, other) == ["generated", "other"]
    assert names(english, hebrew, other) == ["English/generated", "Hebrew/generated", "other"]
    assert names(english, linzen(tmp_path / "English", "more"), english) == ["generated", "more", "generated (2)"]
    assert names(english, hebrew, english) == ["English/generated", "Hebrew/generated", "English/generated (2)"]


@pytest.mark.parametrize("name", ["builtin", "builtin-pt"])
def test_our_own_have_the_names_they_are_asked_for_by(name: str) -> None:
    (suite,) = open_suites(name, lambda word: True)
    assert suite.source and suite.name
