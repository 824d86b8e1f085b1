"""What is trained on, validated on and tested on, and that these never meet."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlprnn.errors import DataError
from nlprnn.text.parallel import Parallel
from nlprnn.text.parallel_corpus import open_parallel_corpus

from .text_files import written


def pairs(count: int, word: str = "s") -> str:
    return "".join(f"{word} {number}\tt {number}\n" for number in range(count))


def numbers(text: Parallel | None) -> list[int]:
    assert text is not None
    found = [int(pair.source.split()[1]) for pair in text]
    assert [int(pair.target.split()[1]) for pair in text] == found  # a pair stays a pair
    assert len(text) == len(found)
    return found


@pytest.mark.parametrize(("count", "block"), [(20, 1), (47, 1), (1000, 2), (2000, 5)])
def test_without_validation_pairs_every_twentieth_block_is_held_out(tmp_path: Path, count: int, block: int) -> None:
    found = open_parallel_corpus([written(tmp_path, pairs(count), "a.tsv")])
    held = [number for number in range(count) if (number // block) % 20 == 19]
    assert numbers(found.valid) == held
    assert numbers(found.train) == [number for number in range(count) if number not in held]
    assert found.test is None
    assert found.split == {"rule": "blocks", "block": block, "every": 20}


def test_of_two_files_the_same_lines_are_held_out_as_of_a_table(tmp_path: Path) -> None:
    table = written(tmp_path, pairs(60), "a.tsv")
    files = [written(tmp_path, "".join(f"{side} {i}\n" for i in range(60)), f"a.{side}") for side in "st"]
    one, other = open_parallel_corpus([table]), open_parallel_corpus(files)
    assert numbers(one.valid) == numbers(other.valid) == [19, 39, 59]


def test_pairs_that_are_given_are_all_used_and_nothing_is_held_out(tmp_path: Path) -> None:
    train, valid, test = (written(tmp_path, pairs(n), f"{n}.tsv") for n in (5, 3, 2))
    found = open_parallel_corpus([train], [valid], [test])
    assert [len(numbers(part)) for part in (found.train, found.valid, found.test)] == [5, 3, 2]
    assert found.split == {"rule": "files"}
    sides = [written(tmp_path, "".join(f"{side} {i}\n" for i in range(4)), f"b.{side}") for side in "st"]
    assert numbers(open_parallel_corpus([train], sides).valid) == [0, 1, 2, 3]


def test_a_folders_own_parts_are_used_unless_others_are_given(tmp_path: Path) -> None:
    for name, count in (("train", 30), ("valid", 4), ("test", 3)):
        for side in ("en", "de"):
            written(tmp_path, "".join(f"{side} {i}\n" for i in range(count)), f"{name}.{side}")
    found = open_parallel_corpus([tmp_path], source="en", target="de")
    assert [len(numbers(part)) for part in (found.train, found.valid, found.test)] == [30, 4, 3]
    assert next(iter(found.train))[:2] == ("en 0", "de 0")
    other = tmp_path / "other"
    other.mkdir()
    for side in ("en", "de"):
        written(other, f"{side} 0\n" * 7, f"valid.{side}")
    given = open_parallel_corpus([tmp_path], [other], [other / "valid.en", other / "valid.de"], "en", "de")
    assert [len(part) for part in (given.train, given.valid, given.test or [])] == [30, 7, 7]


def test_the_parts_have_fingerprints_of_their_own_which_are_the_same_again(tmp_path: Path) -> None:
    path = written(tmp_path, pairs(40), "a.tsv")
    one, again = open_parallel_corpus([path]), open_parallel_corpus([path])
    prints = [one.train.fingerprint(), one.valid.fingerprint()]
    assert prints == [again.train.fingerprint(), again.valid.fingerprint()]
    assert prints[0] != prints[1]
    changed = open_parallel_corpus([written(tmp_path, pairs(40, "S"), "b.tsv")])
    assert changed.train.fingerprint() not in prints


def test_too_few_pairs_to_hold_some_out_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, pairs(19), "a.tsv")
    with pytest.raises(DataError, match=r"a\.tsv: 19 pairs are too few to hold some out .* --valid"):
        open_parallel_corpus([path])
    assert len(open_parallel_corpus([path], [path]).train) == 19


def test_a_fault_of_validation_or_test_pairs_names_their_file(tmp_path: Path) -> None:
    good, bad = written(tmp_path, pairs(40), "a.tsv"), written(tmp_path, "one cell\n", "bad.tsv")
    for parts in (([bad], []), ([], [bad]), ([tmp_path / "nowhere.tsv"], [])):
        with pytest.raises(DataError, match=r"bad\.tsv:1: 1 cell|nowhere\.tsv: no such file"):
            open_parallel_corpus([good], *parts)
