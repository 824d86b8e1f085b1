from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.errors import DataError, NlprnnError
from nlprnn.text import chunk_tokenizer, lines, store
from nlprnn.text.corpus import open_corpus
from nlprnn.text.lines import Lines, Selection, open_files
from nlprnn.text.readers import Piece, cut_lines
from nlprnn.text.store import build_store, encode_text
from nlprnn.text.tokenizer import Tokenizer, train_tokenizer
from nlprnn.text.vocabulary_tokenizers import CharacterTokenizer, WhitespaceTokenizer, WordTokenizer

from .text_files import small_parts, written

TEXT = "The dog, the cat.\n\nA <unk>  dog\u2028barks\n" * 20
SPECIAL = ["<eos>", "<unk>"]


def some_tokenizer() -> WordTokenizer:
    return WordTokenizer([*SPECIAL, "dog", "the", "The", ",", "."])


def by_hand(tokenizer: Tokenizer, text: str) -> list[int]:
    return [id for line in text.split("\n") if line.strip() for id in [*tokenizer.encode(line), 0]]


def test_a_store_holds_what_was_counted_by_hand(tmp_path: Path) -> None:
    found = build_store(open_files([written(tmp_path, "The dog, the\tcat.\n\n the  dog\n")]), some_tokenizer())
    assert found.ids.tolist() == [4, 2, 5, 3, 1, 6, 0, 3, 2, 0]
    assert found.ids.dtype == np.uint16 and isinstance(found.ids, np.memmap)
    assert (len(found), found.lines, found.words, found.unknown) == (10, 2, 6, 1)
    assert found.characters == len("The dog, the cat.\nthe dog\n")
    assert found.counts.tolist() == [2, 1, 2, 2, 1, 1, 1] and found.counts.dtype == np.int64
    assert found.notes == []


def test_a_text_in_memory_is_encoded_as_on_disk(tmp_path: Path) -> None:
    on_disk = build_store(open_files([written(tmp_path, TEXT)]), some_tokenizer())
    for given_lines in (open_files([tmp_path / "a.txt"]), [line for line in TEXT.split("\n") if line]):
        in_memory = encode_text(some_tokenizer(), given_lines)
        assert in_memory.ids.tolist() == on_disk.ids.tolist()
        assert in_memory.counts.tolist() == on_disk.counts.tolist()
        assert (in_memory.lines, in_memory.words, in_memory.characters) == (
            on_disk.lines, on_disk.words, on_disk.characters)  # fmt: skip
    assert len(encode_text(some_tokenizer(), [])) == 0


def test_large_vocabularies_take_four_bytes() -> None:
    tokenizer = WhitespaceTokenizer(SPECIAL + [str(number) for number in range(70_000)])
    assert encode_text(tokenizer, ["69999 0"]).ids.tolist() == [70_001, 2, 0]
    assert encode_text(tokenizer, ["1"]).ids.dtype == np.uint32
    assert encode_text(WhitespaceTokenizer(tokenizer.tokens[: 1 << 16]), ["65533"]).ids.tolist() == [65_535, 0]


@pytest.mark.parametrize("kind", ["words", "whitespace", "characters", "bpe", "unigram"])
def test_parallel_stores_are_serial_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    path = written(tmp_path, TEXT)
    tokenizer, _ = train_tokenizer(TokenizerConfig(tokenizer=kind), open_files([path]))
    small_parts(monkeypatch, 400)
    for selection in (None, Selection(3, 4, True)):
        text = Lines(open_files([path], processes=1).parts, selection)
        assert len(text.parts) > 1
        done: list[int] = []
        parallel = build_store(text, tokenizer, 2, tmp_path / "two", lambda lines, of, done=done: done.append(lines))
        serial = build_store(text, tokenizer, 1, tmp_path / "one")
        assert parallel.ids.tolist() == serial.ids.tolist() == by_hand(tokenizer, "\n".join(text))
        assert parallel.counts.tolist() == serial.counts.tolist()
        assert vars(parallel).keys() == vars(serial).keys()
        assert (parallel.lines, parallel.words) == (serial.lines, serial.words)
        assert done[-1] == len(text)
    for folder in (tmp_path / "two").iterdir():
        assert sorted(file.name for file in folder.iterdir()) == ["counts.npy", "ids.bin", "store.json"]


@given(st.lists(st.text(st.sampled_from("ab ,"), max_size=30), max_size=5), st.integers(12, 40))
def test_long_lines_in_pieces_get_the_ids_of_whole_lines(texts: list[str], longest: int) -> None:
    class Pieces(Lines):
        def pieces(self) -> Any:
            return cut_lines(["\n".join(texts)], longest)

    for tokenizer in (CharacterTokenizer([*SPECIAL, " ", "a", "b"]), WordTokenizer([*SPECIAL, "a", "ab", "b", ","])):
        if all(len(word) < longest for text in texts for word in text.split()):
            found = encode_text(tokenizer, Pieces([]))
            assert found.ids.tolist() == by_hand(tokenizer, "\n".join(texts))
            words = [text.split() for text in texts if text.strip()]
            assert found.words == sum(map(len, words))
            assert found.characters == sum(len(" ".join(line)) + 1 for line in words)


def test_a_line_that_ends_in_white_space_of_megabytes_ends_once() -> None:
    pieces = [Piece("a b", True, False), Piece("  ", False, False), Piece("", False, True), Piece("b", True, True)]

    class Given(Lines):
        def pieces(self) -> Any:
            return iter(pieces)

    assert encode_text(CharacterTokenizer([*SPECIAL, " ", "a", "b"]), Given([])).ids.tolist() == [3, 2, 4, 0, 4, 0]


def test_chunks_are_remembered_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"w{number % 37}" for number in range(500)] + ["x" * 1000]
    tokenizer = WhitespaceTokenizer([*SPECIAL, *dict.fromkeys(words)])
    expected = tokenizer.encode(" ".join(words))
    monkeypatch.setattr(chunk_tokenizer, "CACHE_ENTRIES", 5)
    other = WhitespaceTokenizer(tokenizer.tokens)
    assert other.encode(" ".join(words)) == expected
    assert len(other._ids_of) <= 5


def test_a_store_is_found_again_by_content_and_tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build_store(open_files([written(tmp_path, TEXT)]), some_tokenizer())

    def never(*_: object) -> None:
        raise AssertionError("encoded again")

    with monkeypatch.context() as patched:
        patched.setattr(store, "_build", never)
        again = build_store(open_files([written(tmp_path, TEXT, "moved.txt")]), some_tokenizer())
        assert again.ids.tolist() == first.ids.tolist() and again.counts.tolist() == first.counts.tolist()
        assert (again.lines, again.words, again.characters) == (first.lines, first.words, first.characters)
    other = build_store(open_files([tmp_path / "a.txt"]), WordTokenizer([*SPECIAL, "dog"]))
    assert other.ids.tolist() != first.ids.tolist()
    changed = build_store(open_files([written(tmp_path, TEXT + "dog")]), some_tokenizer())
    assert len(changed) == len(first) + 2


@pytest.mark.parametrize("name", ["store.json", "ids.bin", "counts.npy"])
@pytest.mark.parametrize("damage", ["cut", "gone", "empty"])
def test_a_damaged_store_is_made_again(tmp_path: Path, cache: Path, name: str, damage: str) -> None:
    text = open_files([written(tmp_path, TEXT)])
    expected = build_store(text, some_tokenizer()).ids.tolist()
    (folder,) = cache.glob("store-*")
    data = (folder / name).read_bytes()
    (folder / name).unlink()
    if damage != "gone":
        (folder / name).write_bytes(data[: len(data) // 2] if damage == "cut" else b"")
    assert build_store(text, some_tokenizer()).ids.tolist() == expected
    assert [file.name for file in cache.iterdir()] == [folder.name]


def test_a_run_that_is_stopped_leaves_no_store(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store, "replace_file", stopped)
        with pytest.raises(KeyboardInterrupt):
            build_store(open_files([written(tmp_path, TEXT)]), some_tokenizer())
    assert list(cache.iterdir()) == []


def test_what_a_killed_run_left_is_neither_read_nor_kept_for_ever(tmp_path: Path, cache: Path) -> None:
    old, new = cache / "building-1-old", cache / "building-2-new"
    old.mkdir()
    new.mkdir()
    (old / "ids.bin").write_bytes(b"half")
    os.utime(old, (time.time() - 100_000,) * 2)
    build_store(open_files([written(tmp_path, TEXT)]), some_tokenizer())
    assert not old.exists() and new.exists()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_full_disk_is_a_one_line_error_and_nothing_stays(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    small_parts(monkeypatch, 100_000)
    text = open_files([written(tmp_path, "the dog , " * 40_000 + "\n" + TEXT * 300)], 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # the helpers inherit it
    try:
        with pytest.raises(DataError, match=r"cannot be written \(File too large\); free some space") as caught:
            build_store(text, some_tokenizer(), processes)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(caught.value)
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_replaced_for_this_run(tmp_path: Path) -> None:
    place = written(tmp_path, "", "file") / "below"
    found = build_store(open_files([written(tmp_path, TEXT)]), some_tokenizer(), cache=place)
    (note,) = found.notes
    assert note.startswith(f"{place} cannot be written")
    folder = Path(note.split(" kept in ")[1].split(" for this run")[0])
    assert folder.is_dir() and found.ids.tolist() == by_hand(some_tokenizer(), TEXT)
    del found
    gc.collect()
    assert not folder.exists()


def test_another_run_that_was_faster_is_believed(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = open_files([written(tmp_path, TEXT)])
    rename = os.rename
    raced: list[str] = []

    def slow(source: Path, target: Path) -> None:
        if not raced:
            raced.append("once")
            build_store(text, some_tokenizer())
        rename(source, target)

    monkeypatch.setattr(store.os, "rename", slow)
    assert build_store(text, some_tokenizer()).ids.tolist() == by_hand(some_tokenizer(), TEXT)
    assert raced and len(list(cache.iterdir())) == 1


def test_two_runs_may_build_the_same_store_at_once(tmp_path: Path, cache: Path) -> None:
    path = written(tmp_path, TEXT * 200)
    some_tokenizer().save(tmp_path)
    script = (
        f"import sys; sys.path.insert(0, {str(Path(store.__file__).parents[2])!r})\n"
        "from pathlib import Path\n"
        "from nlprnn.text.lines import open_files\n"
        "from nlprnn.text.store import build_store\n"
        "from nlprnn.text.tokenizer import load_tokenizer\n"
        f"text, tokenizer = open_files([Path({str(path)!r})]), load_tokenizer(Path({str(tmp_path)!r}))\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "print(int(build_store(text, tokenizer).ids.sum()))\n"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for run in runs:
        assert run.stdout is not None and run.stdout.readline() == "ready\n"
    found = []
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.flush()
    for run in runs:
        found.append(run.communicate()[0])
    assert found == [f"{sum(by_hand(some_tokenizer(), TEXT)) * 200}\n"] * 2
    assert len(list(cache.iterdir())) == 1


def test_helpers_that_die_leave_no_store(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_parts(monkeypatch, 400)
    text = open_files([written(tmp_path, TEXT)], 1)
    monkeypatch.setattr(store, "run_tasks", lambda _, tasks, processes: lines.run_tasks("os:abort", tasks, processes))
    with pytest.raises(NlprnnError, match="helper process died"):
        build_store(text, some_tokenizer(), 2)
    assert list(cache.iterdir()) == []


def test_a_run_stopped_among_its_helpers_leaves_nothing(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    small_parts(monkeypatch, 2_000)
    text = open_files([written(tmp_path, TEXT * 50)], 1)
    with pytest.raises(KeyboardInterrupt):
        build_store(text, some_tokenizer(), 2, progress=stop)
    assert list(cache.iterdir()) == []


@pytest.mark.data
def test_the_store_of_penn_treebank_has_the_published_size(data: Path) -> None:
    corpus = open_corpus([data / "ptb" / "train.txt"], valid=data / "ptb" / "valid.txt")
    tokenizer, _ = train_tokenizer(TokenizerConfig(tokenizer="whitespace"), corpus.train)
    assert len(tokenizer) == 10_000  # Mikolov et al. 2010: 10k types with <unk>, and the end of a line
    assert len(build_store(corpus.train, tokenizer)) == 929_589  # tokens with line ends, as everywhere reported
    valid = build_store(corpus.valid, tokenizer)
    assert len(valid) == 73_760 and valid.words == 70_390


def test_settings_of_a_store_are_plain_json(tmp_path: Path, cache: Path) -> None:
    build_store(open_files([written(tmp_path, TEXT)]), some_tokenizer())
    (kept,) = cache.glob("store-*/store.json")
    assert json.loads(kept.read_text()) == {"format": 1, "ids": 240, "lines": 40, "words": 160, "characters": 720}
