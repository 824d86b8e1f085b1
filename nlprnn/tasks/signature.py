"""What makes a number reproducible: counts.json, run.json and the model card, as every task writes them."""

from __future__ import annotations

import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

import torch

from nlprnn.checkpoint import CARD, CONFIG, COUNTS, RUN, read_json, write_json, write_text
from nlprnn.config.training import TrainingConfig
from nlprnn.errors import ModelDirectoryError
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.text.store import TokenStore

PACKAGES = ("nlprnn", "torch", "numpy", "sentencepiece")


class Text(Protocol):
    """Some text that can be told from other text."""

    def fingerprint(self) -> str: ...


class SplitText(Protocol):
    """What is trained and validated on, and how the latter came about."""

    @property
    def train(self) -> Text: ...
    @property
    def valid(self) -> Text: ...
    @property
    def split(self) -> dict[str, Any]: ...


def write_counts(directory: Path, train: TokenStore) -> None:
    """counts.json: how often each id occurs in the training text, and how long that is."""
    counts = {"counts": train.counts.tolist(), "lines": train.lines, "words": train.words}
    write_json(directory / COUNTS, counts)


def write_signature(
    directory: Path, text: SplitText | None, training: TrainingConfig | None = None, more: dict[str, Any] | None = None
) -> None:
    """run.json: command line, seed, hashes of the text, how it was split, versions, how it was computed; and `more`."""
    found: dict[str, Any] = {"command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])}
    if text is not None:
        found |= {"corpus": text.train.fingerprint(), "valid": text.valid.fingerprint(), "split": text.split}
    if training is not None:
        compute = choose(training.kernels, training.precision, torch.device(training.device))
        found |= {"seed": training.seed, "threads": torch.get_num_threads(), "device": training.device}
        found |= {"kernels": compute.kernels, "precision": "bf16" if compute.bf16 else "fp32"}
    found |= {"python": platform.python_version(), "packages": {name: installed_version(name) for name in PACKAGES}}
    write_json(directory / RUN, found | (more or {}))


def check_text(directory: Path, text: SplitText) -> None:
    """Raise ModelDirectoryError where a resumed run is given other text than it was started with."""
    run = read_json(directory / RUN)
    if (run.get("corpus"), run.get("valid")) != (text.train.fingerprint(), text.valid.fingerprint()):
        raise ModelDirectoryError(
            f"{directory}: was trained or validated on another text than the one given; give that text, "
            "or start over with --overwrite"
        )


def installed_version(name: str) -> str:
    """The version of a package that is installed here."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def write_result(directory: Path, result: dict[str, Any]) -> None:
    """Add what a run came to to run.json, and write the model card."""
    run = read_json(directory / RUN) | {"result": result}
    write_json(directory / RUN, run)
    write_text(directory / CARD, _card(directory.name, read_json(directory / CONFIG), run))


def _card(name: str, config: dict[str, Any], run: dict[str, Any]) -> str:
    """A page that says what the model is, how good, and how it came about."""
    lines = [f"# {name}", "", f"A model of kind `{config['kind']}`, made with nlprnn.", ""]
    lines += [f"- {key}: {value}" for key, value in config.get("model", {}).items() if value is not None]
    lines += ["", "## Result", ""]
    lines += [f"- {key}: {value:.4g}" for key, value in run["result"].items() if isinstance(value, float)]
    lines += ["", "## How it came about", "", f"    {run['command']}", ""]
    told = ("seed", "corpus", "split", "kernels", "precision", "threads", "python")
    lines += [f"- {key}: {run[key]}" for key in told if key in run]
    lines += [f"- {package} {number}" for package, number in run["packages"].items()]
    return "\n".join(lines) + "\n"
