"""A corpus as ids: encoded once, in parallel, into a memory-mapped file that the next run finds again.

The file is keyed by the text's content, the tokenizer and the format, so it can never be that of another text. It is
built in a folder of a temporary name that is moved into place, so half a store is never read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
import uuid
import weakref
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from nlprnn.errors import DataError
from nlprnn.files import replace_file
from nlprnn.text.cache import default_cache, writable
from nlprnn.text.chunk_tokenizer import UNK_ID
from nlprnn.text.lines import Lines, task_pieces
from nlprnn.text.readers import Piece
from nlprnn.text.tokenizer import Tokenizer, load_tokenizer
from nlprnn.text.workers import available_processors, run_tasks

FORMAT = 1
FLUSH = 1 << 19  # ids held before they are written
ABANDONED = 86_400  # seconds after which a half-built store is that of a dead process

Progress = Callable[[int, int], None]


@dataclass
class TokenStore:
    """The ids of a text, each line followed by `<eos>`, and what was counted while encoding it.

    `ids` is (N,) uint16 or uint32, memory-mapped unless made by `encode_text`; `counts` (V,) int64 says how often
    each id occurs; `words` are white-space separated; `characters` are those of the lines with single spaces, and
    one for each line end. `notes` are for the user.
    """

    ids: np.ndarray
    counts: np.ndarray
    lines: int
    words: int
    characters: int
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def unknown(self) -> int:
        """How many of the ids are `<unk>`."""
        return int(self.counts[UNK_ID])

    @property
    def oov_rate(self) -> float:
        """The share of `<unk>` among the tokens, ends of lines not counted."""
        return self.unknown / max(len(self.ids) - self.lines, 1)


@dataclass
class _Encoded:
    """What encoding counts on its way."""

    lines: int = 0
    words: int = 0
    characters: int = 0


def build_store(
    lines: Lines,
    tokenizer: Tokenizer,
    processes: int | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> TokenStore:
    """The token store of a text: found in the cache, or encoded into it.

    `cache` defaults to NLPRNN_CACHE, XDG_CACHE_HOME/nlprnn or ~/.cache/nlprnn; where that cannot be written a
    temporary folder is used and a note says so. `progress(lines done, lines in all)` is called now and then.
    Raises DataError if the disk is full.
    """
    cache = default_cache() if cache is None else Path(cache)
    key = f"{lines.fingerprint()}{tokenizer.fingerprint()}{FORMAT}"
    place = cache / f"store-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    found = _open(place, len(tokenizer))
    if found is not None:
        return found
    if not writable(cache):
        temporary = Path(tempfile.mkdtemp(prefix="nlprnn-"))
        store = _build(lines, tokenizer, processes, temporary / place.name, progress)
        weakref.finalize(store, shutil.rmtree, temporary, True)
        store.notes.append(f"{cache} cannot be written: the encoded text is kept in {temporary} for this run only")
        return store
    _sweep(cache)
    return _build(lines, tokenizer, processes, place, progress)


def encode_text(tokenizer: Tokenizer, lines: Iterable[str] | Lines) -> TokenStore:
    """The token store of a small text, in memory."""
    pieces = lines.pieces() if isinstance(lines, Lines) else (Piece(line, True, True) for line in lines)
    encoded = _Encoded()
    parts = [np.frombuffer(part, id_dtype(len(tokenizer))) for part in _encode(pieces, tokenizer, encoded)]
    ids = np.concatenate([*parts, np.zeros(0, id_dtype(len(tokenizer)))])
    counts = np.bincount(ids, minlength=len(tokenizer)).astype(np.int64)
    return TokenStore(ids, counts, **vars(encoded))


def id_dtype(vocabulary: int) -> np.dtype[Any]:
    """The smallest type for the ids of so many tokens."""
    return np.dtype(np.uint16 if vocabulary <= 1 << 16 else np.uint32)


def _encode(pieces: Iterable[Piece], tokenizer: Tokenizer, encoded: _Encoded) -> Iterator[array[int]]:
    """The ids of some lines in arrays of some FLUSH; `encoded` is added to before each."""
    kind = id_dtype(len(tokenizer)).char
    ids = array(kind)
    encode, joint, eos = tokenizer.encode, tokenizer.joint, tokenizer.eos_id
    for text, starts_line, ends_line in pieces:
        if not starts_line and text and not text.isspace():
            ids.extend(joint)
        ids.extend(encode(text))
        chunks = text.split()
        encoded.words += len(chunks)
        encoded.characters += sum(map(len, chunks)) + len(chunks)  # a space or the line's end after each
        if ends_line:
            ids.append(eos)
            encoded.lines += 1
        if len(ids) >= FLUSH:
            yield ids
            ids = array(kind)
    if ids:
        yield ids


def _build(
    lines: Lines, tokenizer: Tokenizer, processes: int | None, place: Path, progress: Progress | None
) -> TokenStore:
    """Encode into a temporary folder beside `place`, and move it there; another run may do the same meanwhile."""
    building = place.with_name(f"building-{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        building.mkdir(parents=True)
        _write(lines, tokenizer, processes, building, progress)
        try:
            os.rename(building, place)
        except OSError:  # it is there already: whole, then it is as good as ours, or left broken
            if _open(place, len(tokenizer)) is None:
                shutil.rmtree(place, ignore_errors=True)
                os.rename(building, place)
    except OSError as error:
        raise DataError(
            f"the encoded text cannot be written ({error.strerror}); free some space, or set NLPRNN_CACHE to a folder "
            "on another disk",
            place.parent,
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    store = _open(place, len(tokenizer))
    assert store is not None, "a store just built can be opened"
    return store


def _write(
    lines: Lines, tokenizer: Tokenizer, processes: int | None, building: Path, progress: Progress | None
) -> None:
    """Fill a folder with ids.bin, counts.npy and, last, store.json."""
    encoded = _Encoded()
    counts = np.zeros(len(tokenizer), np.int64)  # (V,)
    size = 0
    blocks = _encoded_blocks(lines, tokenizer, processes, building, encoded)
    with contextlib.closing(blocks), open(building / "ids.bin", "wb") as file:
        for ids in blocks:
            file.write(ids.data)
            counts += np.bincount(ids, minlength=len(counts))
            size += len(ids)
            if progress is not None:
                progress(encoded.lines, len(lines))
        file.flush()
        os.fsync(file.fileno())
    np.save(building / "counts.npy", counts)
    settings = {"format": FORMAT, "ids": size, **vars(encoded)}
    replace_file(building / "store.json", json.dumps(settings).encode())


def _encoded_blocks(
    lines: Lines, tokenizer: Tokenizer, processes: int | None, building: Path, encoded: _Encoded
) -> Generator[np.ndarray, None, None]:
    """The ids in order, from this process or from others."""
    dtype = id_dtype(len(tokenizer))
    tasks = lines.tasks()
    processes = processes or available_processors()
    if tasks is None or processes == 1:
        for block in _encode(lines.pieces(), tokenizer, encoded):
            yield np.frombuffer(block, dtype)
        return
    work = building / "work"
    work.mkdir()
    tokenizer.save(work)
    for number, task in enumerate(tasks):
        task["tokenizer"] = str(work)
        task["output"] = str(work / f"part-{number}.bin")
    results = run_tasks("nlprnn.text.store:encode_task", tasks, processes)
    with contextlib.closing(results):  # so that no process writes where the folder is being removed
        for task, found in zip(tasks, results, strict=True):
            for name, count in found.items():
                setattr(encoded, name, getattr(encoded, name) + count)
            with open(task["output"], "rb") as file:
                yield from _read_blocks(file, dtype)
            os.unlink(task["output"])
    shutil.rmtree(work)


def _read_blocks(file: IO[bytes], dtype: np.dtype[Any]) -> Iterator[np.ndarray]:
    while len(block := np.fromfile(file, dtype, FLUSH)):
        yield block


def encode_task(task: dict[str, Any]) -> dict[str, Any]:
    """Encode one part of a text into a file, in another process. Returns the counts of `_Encoded`."""
    encoded = _Encoded()
    with open(task["output"], "wb") as file:
        for ids in _encode(task_pieces(task), _loaded(task["tokenizer"]), encoded):
            ids.tofile(file)
    return vars(encoded)


@lru_cache(maxsize=1)
def _loaded(directory: str) -> Tokenizer:
    return load_tokenizer(Path(directory))


def _open(place: Path, vocabulary: int) -> TokenStore | None:
    """The store in a folder, or None if there is none that is whole."""
    try:
        settings = json.loads((place / "store.json").read_bytes())
        counts = np.load(place / "counts.npy")
        ids = np.memmap(place / "ids.bin", id_dtype(vocabulary), "r")
        whole = settings.pop("format") == FORMAT and settings.pop("ids") == len(ids) == counts.sum()
        return TokenStore(ids, counts, **settings) if whole and len(counts) == vocabulary else None
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _sweep(cache: Path) -> None:
    """Remove what runs that died a day ago or earlier left half-built."""
    for left in cache.glob("building-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
