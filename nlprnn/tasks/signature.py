"""What makes a number reproducible: the run's signature (run.json) and a short model card (README.md)."""

from __future__ import annotations

import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nlprnn.checkpoint import CONFIG, read_json

PACKAGES = ("nlprnn", "torch", "numpy", "sentencepiece")


def run_signature(seed: int, corpus: str, split: dict[str, Any]) -> dict[str, Any]:
    """Command line, seed, corpus hash, how validation text was held out, and package versions."""
    return {
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "seed": seed,
        "corpus": corpus,
        "split": split,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def model_card(directory: Path, result: dict[str, Any]) -> str:
    """A page that says what the model is, how good, and how it came about."""
    config, run = read_json(directory / CONFIG), read_json(directory / "run.json")
    model = config.get("model", {})
    lines = [f"# {directory.name}", "", f"A model of kind `{config['kind']}`, trained with nlprnn.", ""]
    lines += [f"- {name}: {value}" for name, value in model.items() if value is not None]
    lines += ["", "## Result", ""]
    lines += [f"- {name}: {value:.4g}" for name, value in result.items() if isinstance(value, float)]
    lines += ["", "## How it came about", "", f"    {run['command']}", "", f"- seed: {run['seed']}"]
    lines += [f"- hash of the training text: {run['corpus']}", f"- split: {run['split']}"]
    lines += [f"- {name} {number}" for name, number in run["packages"].items()]
    return "\n".join(lines) + "\n"
