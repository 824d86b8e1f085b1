"""How fast a corpus is read, counted and encoded, and how much memory that takes.

    python benchmarks/encode.py [--megabytes 1000] [--tokenizer words] [--processes N]

Makes a corpus of invented words with Zipf's frequencies in a temporary folder, and deletes it. Prints words a second of
each pass, in wall-clock and in processor time (other programs take wall-clock time away), and how much the memory of
this process and its helpers grew (resident set sizes added up, pages they share counted twice).
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.text.corpus import open_lines
from nlprnn.text.store import build_store
from nlprnn.text.tokenizer import train_tokenizer

Result = TypeVar("Result")


def write_corpus(path: Path, megabytes: int, types: int = 200_000, seed: int = 1) -> None:
    """Sentences of some twenty invented words, every fifth of which bears punctuation."""
    random = np.random.default_rng(seed)
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    lengths = 2 + random.poisson(4, types)
    words = ["".join(random.choice(letters, length)) for length in lengths]
    marks = np.array(["", "", "", "", ","])
    with open(path, "w", encoding="utf-8") as file:
        while file.tell() < megabytes * 1_000_000:
            ranks = np.minimum(random.zipf(1.1, 2_000_000), types) - 1
            marked = random.integers(len(marks), size=len(ranks))
            text = [words[rank] + marks[mark] for rank, mark in zip(ranks, marked, strict=True)]
            file.writelines(" ".join(text[start : start + 20]) + ".\n" for start in range(0, len(text), 20))


def resident_bytes() -> int:
    """The resident memory of this process and of its children."""
    pages = 0
    own = os.getpid()
    for process in [own, *children(own)]:
        try:
            pages += int(Path(f"/proc/{process}/statm").read_text().split()[1])
        except OSError:
            continue  # it has just ended
    return pages * resource.getpagesize()


def children(parent: int) -> list[int]:
    """The processes that a process has started."""
    found: list[int] = []
    for task in Path(f"/proc/{parent}/task").iterdir():
        try:
            found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


class Watch(threading.Thread):
    """The largest resident memory seen, looked at twenty times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.before = self.most = resident_bytes()

    def run(self) -> None:
        while True:
            self.most = max(self.most, resident_bytes())
            time.sleep(0.05)


def processor_seconds() -> float:
    """Processor time of this process and of the children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def timed(name: str, words: int, watch: Watch, run: Callable[[], Result]) -> Result:
    wall, processor = time.perf_counter(), processor_seconds()
    watch.most = resident_bytes()
    result = run()
    wall, processor = time.perf_counter() - wall, processor_seconds() - processor
    grown = (watch.most - watch.before) / 1e6
    rates = f"{words / wall / 1e6:8.2f} M words/s {words / processor / 1e6:8.2f} M words/s of processor time"
    print(f"{name:12} {wall:7.1f} s {processor:7.1f} s of processor {rates} {grown:7.0f} MB more memory", flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--tokenizer", default="words")
    parser.add_argument("--processes", type=int, default=None)
    parser.add_argument("--corpus", type=Path, default=None, help="use this file instead of making one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.corpus or Path(folder) / "corpus.txt"
        if options.corpus is None:
            write_corpus(path, options.megabytes)
        with open(path, "rb") as file:
            words = sum(len(line.split()) for line in file)
        print(f"{path.stat().st_size / 1e6:.0f} MB, {words / 1e6:.1f} M words")
        cache = Path(folder) / "cache"
        watch = Watch()
        watch.start()
        lines = timed("check", words, watch, lambda: open_lines(path))
        config = TokenizerConfig(tokenizer=options.tokenizer)
        tokenizer, notes = timed(
            "vocabulary", words, watch, lambda: train_tokenizer(config, lines, options.processes, cache)
        )
        store = timed("encode", words, watch, lambda: build_store(lines, tokenizer, options.processes, cache))
        timed("find again", words, watch, lambda: build_store(open_lines(path), tokenizer, options.processes, cache))
        print(f"{len(tokenizer)} types, {len(store)} tokens, {store.unknown} unknown", *notes, sep="\n")


if __name__ == "__main__":
    main()
