"""SIGKILL at random moments of a real run, and resume: the same weights as without."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from nlprnn.checkpoint import STATE, WEIGHTS, read_tensors

KILLS = 10
SCRIPT = (
    "import sys; from nlprnn.training import trainer; trainer.CHECKPOINT_SECONDS = 0.3\n"
    "from nlprnn.cli import main; main(sys.argv[1:])"
)


def command(text: Path, out: Path, *more: str) -> list[str]:
    options = ["--hidden", "64", "--epochs", "14", "--batch-size", "8", "--bptt", "20", "--averaging", "0.99"]
    return [sys.executable, "-c", SCRIPT, "train-lm", str(text), "--out", str(out), *options, "--threads", "1", *more]


def seconds(*arguments: str) -> float:
    started = time.monotonic()
    subprocess.run(arguments, check=True, capture_output=True)
    return time.monotonic() - started


@pytest.mark.slow
def test_killed_ten_times_and_resumed_a_run_ends_with_the_same_weights(text: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    longest = seconds(*command(text, whole))
    rng = random.Random()  # another ten moments each time
    moments = []
    for _ in range(KILLS):
        more = ["--resume"] if parts.exists() else []
        process = subprocess.Popen(command(text, parts, *more), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        moments.append(rng.uniform(0.5, max(longest * 0.6, 4.0)))
        time.sleep(moments[-1])
        process.kill()
        process.wait()
    subprocess.run(command(text, parts, "--resume"), check=True, capture_output=True)
    for name in (WEIGHTS, STATE):
        one, other = read_tensors(whole / name), read_tensors(parts / name)
        assert one.keys() == other.keys()
        different = [key for key in one if not torch.equal(one[key], other[key])]
        assert not different, f"{name}: {different} after kills at {moments}"
