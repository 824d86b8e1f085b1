from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from nlprnn.text import counting
from nlprnn.text.counting import TypeCounts, count_types
from nlprnn.text.lines import open_files

from .text_files import small_parts, written

TEXT = "The dog, the cat.\nA <unk> dog barks\n" * 20


def test_types_are_counted_as_by_hand() -> None:
    counted = count_types(["The dog, the cat.", "a dog"], "words")
    assert counted.types == {"The": 1, "dog": 2, ",": 1, "the": 1, "cat": 1, ".": 1, "a": 1}
    assert (counted.words, counted.lines) == (6, 2)
    assert count_types(["The dog, the dog,"]).types == {"The": 1, "dog,": 2, "the": 1}
    assert count_types(["The dog, the dog,"], lowercase=True).types == {"the": 2, "dog,": 2}


@pytest.mark.parametrize("unit", ["words", "chunks"])
def test_parallel_counts_are_serial_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str) -> None:
    serial = count_types(open_files([written(tmp_path, TEXT)]), unit, cache=tmp_path / "one")
    small_parts(monkeypatch, 200)
    lines = open_files([written(tmp_path, TEXT)])
    assert len(lines.parts) > 2
    done: list[tuple[int, int]] = []
    parallel = count_types(
        lines, unit, processes=2, cache=tmp_path / "two", progress=lambda lines, of: done.append((lines, of))
    )
    assert parallel == serial
    assert done[-1] == (40, 40)
    if unit == "chunks":
        assert serial.types == Counter(TEXT.split())


def test_counts_are_found_again_and_broken_ones_made_again(tmp_path: Path, cache: Path) -> None:
    lines = open_files([written(tmp_path, TEXT)])
    counted = count_types(lines, "words")
    (kept,) = cache.iterdir()
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "words": 7}))
    assert count_types(lines, "words").words == 7
    kept.write_text(kept.read_text()[:30])
    assert count_types(lines, "words") == counted
    assert count_types(lines, "chunks") != counted
    assert count_types(lines, "words", lowercase=True) != counted


def test_words_that_wait_to_be_split_are_bounded_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = count_types(TEXT.split("\n"), "words")
    monkeypatch.setattr(counting, "BATCH", 3)
    monkeypatch.setattr(counting, "PENDING", 2)
    assert count_types(TEXT.split("\n"), "words") == expected


def test_too_many_types_are_forgotten_from_the_rarest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(counting, "MOST_TYPES", 3)
    counted = TypeCounts({})
    counted.add({"a": 5, "b": 2, "c": 1})
    assert counted.types == {"a": 5, "b": 2, "c": 1} and not counted.forgotten
    counted.add({"a": 1, "d": 1})
    assert counted.types == {"a": 6, "b": 2} and counted.forgotten
    counted = count_types(open_files([written(tmp_path, TEXT)]))
    assert len(counted.types) <= 3 and "over 3 different words" in counted.notes[0]
    assert counted.words == len(TEXT.split())


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    lines = open_files([written(tmp_path, TEXT)])
    assert count_types(lines, cache=written(tmp_path, "", "file") / "below").words == len(TEXT.split())
