"""How long a command takes to answer: `nlprnn predict`, beside importing torch and nothing more."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from workers import Failed

from nlprnn.grammars.agreement import agreement_corpus

SENTENCES = 500


def cold_start(hidden: int, rounds: int) -> dict[str, float]:
    """Medians in seconds, and of the ratios of each round. Raises Failed where a command fails."""
    with tempfile.TemporaryDirectory() as folder:
        corpus, model = Path(folder) / "corpus.txt", Path(folder) / "lm"
        corpus.write_text("".join(line + "\n" for line in agreement_corpus(SENTENCES, seed=1)), encoding="utf-8")
        environment = {**os.environ, "NLPRNN_CACHE": str(Path(folder) / "cache")}
        nlprnn = [sys.executable, "-m", "nlprnn"]
        size = ["--hidden", str(hidden), "--epochs", "1"]
        seconds([*nlprnn, "train-lm", str(corpus), "--out", str(model), *size], environment)
        commands = [sys.executable, "-c", "import torch"], [*nlprnn, "predict", str(model), "the writer"]
        for command in commands:
            seconds(command, environment)  # its files are in memory from here on
        pairs = [tuple(seconds(command, environment) for command in commands) for _ in range(rounds)]
    torch, predict = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {"import_torch": torch, "predict": predict, "ratio": statistics.median(p / t for t, p in pairs)}


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """How long a command runs."""
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Failed(f"{' '.join(command[1:4])} ended with exit status {done.returncode}: {reason}")
    return time.perf_counter() - started
