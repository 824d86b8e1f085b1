"""The model directory: what is in it, and how it is written so that nothing is ever half there.

Every file is written under a temporary name in the same folder, flushed, and moved into place. Nothing is unpickled:
tensors are safetensors, everything else is JSON.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file as save_tensors
from torch import Tensor

from nlprnn.errors import ConfigError, ModelDirectoryError
from nlprnn.files import TEMPORARY, replacing

FORMAT = 1  # of config.json and of everything beside it
CONFIG, WEIGHTS, COUNTS, LOG, RUN, CARD = (
    "config.json",
    "model.safetensors",
    "counts.json",
    "log.jsonl",
    "run.json",
    "README.md",
)
LANGUAGE_MODEL, NGRAM, TRANSLATOR = "language-model", "ngram", "translator"  # the kinds of models, in config.json
CLASSIFIER, VEC2SEQ = "classifier", "vec2seq"
MAKERS = {  # of each kind the command that makes one
    LANGUAGE_MODEL: "nlprnn train-lm CORPUS",
    NGRAM: "nlprnn train-ngram CORPUS",
    TRANSLATOR: "nlprnn train-translator SOURCE TARGET",
    CLASSIFIER: "nlprnn train-classifier REVIEWS.tsv",
    VEC2SEQ: "nlprnn train-vec2seq VECTORS TEXTS",
}
LABELS, CALIBRATION, FOLDS = "labels.json", "calibration.json", "folds.json"  # of a classifier
BASELINE, BASELINE_TYPES = "baseline.safetensors", "baseline.json"  # the bag of words beside it
TOKENIZER_FOLDERS = (Path(), Path("source"), Path("target"))  # one tokenizer, or one for each language
TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model")
STATE = Path("training_state") / "checkpoint.safetensors"
GOOD = Path("training_state") / "initial.safetensors"  # what the NaN guard goes back to before the first validation
LOCK = Path("training_state") / "lock"
PARTS = Path("training_state") / "parts"  # model directories of runs that belong to this one
STATE_KEY = "nlprnn_state"


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write` with a temporary name beside `path`, and move what it wrote to `path`.

    Raises ModelDirectoryError when the disk is full or the folder cannot be written; `path` is then what it was before.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            write(temporary)
    except (OSError, SafetensorError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ModelDirectoryError(
            f"{path}: cannot be written ({reason}); make room or choose another place with --out; "
            "what was there before is untouched"
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write a small UTF-8 file atomically."""
    write_atomically(path, lambda name: name.write_text(text, encoding="utf-8", errors="backslashreplace"))


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """The JSON in a file of a model directory; ModelDirectoryError where it is missing or broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelDirectoryError(
            f"{path}: missing; the model directory is incomplete, train the model again"
        ) from None
    except (OSError, ValueError) as error:
        raise ModelDirectoryError(f"{path}: broken ({error}); train the model again") from None


def save_weights(path: Path, tensors: dict[str, Tensor] | dict[str, np.ndarray]) -> None:
    """Write named tensors (all torch's or all numpy's) as safetensors."""
    if any(isinstance(value, np.ndarray) for value in tensors.values()):
        arrays = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
        write_atomically(path, lambda name: save_arrays(arrays, name))
    else:
        write_atomically(path, lambda name: save_tensors(_plain(tensors), name))  # type: ignore[arg-type]


def _plain(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


@contextlib.contextmanager
def open_weights(path: Path, framework: str) -> Iterator[Any]:
    """A safetensors file, opened; ModelDirectoryError where it is missing, truncated or broken."""
    if not path.is_file():
        raise ModelDirectoryError(f"{path}: missing; training had no first validation yet, go on with --resume")
    try:
        with safe_open(path, framework=framework) as file:
            yield file
    except (OSError, SafetensorError) as error:
        raise ModelDirectoryError(f"{path}: broken or truncated ({error}); train the model again") from None


def read_tensors(path: Path) -> dict[str, Tensor]:
    with open_weights(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    with open_weights(path, "np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def load_weights(model: torch.nn.Module, path: Path) -> None:
    """Fill a model's parameters from a file, or put those of the file in place of parameters that are only shapes.

    Raises ModelDirectoryError where names or shapes are not the model's.
    """
    tensors, wanted = read_tensors(path), model.state_dict()
    shapes = {name: tuple(value.shape) for name, value in tensors.items()}
    if shapes != {name: tuple(value.shape) for name, value in wanted.items()}:
        raise ModelDirectoryError(f"{path}: its weights do not fit its config.json; train the model again")
    model.load_state_dict(tensors, assign=any(value.is_meta for value in wanted.values()))


def read_config(directory: Path, kind: str | None = None) -> dict[str, Any]:
    """A model directory's config.json, checked for format and, where given, for kind.

    Raises ModelDirectoryError: not a model directory, of another kind, or of a newer format.
    """
    if not os.path.isdir(directory):
        maker = MAKERS.get(kind or LANGUAGE_MODEL)
        raise ModelDirectoryError(f"{directory}: no such model directory; '{maker}' makes one")
    if not os.path.isfile(directory / CONFIG):
        raise ModelDirectoryError(f"{directory}: not a model directory (it has no {CONFIG}); name one that has")
    config = read_json(directory / CONFIG)
    if not isinstance(config, dict) or not isinstance(config.get("format"), int) or "kind" not in config:
        raise ModelDirectoryError(f"{directory / CONFIG}: not written by nlprnn, or broken; train the model again")
    if config["format"] > FORMAT:
        raise ModelDirectoryError(
            f"{directory}: written by a newer nlprnn (format {config['format']}, this one reads up to {FORMAT}); "
            "upgrade nlprnn"
        )
    if kind is not None and config["kind"] != kind:
        raise ModelDirectoryError(
            f"{directory}: a model of kind {config['kind']}, but {kind} is needed here; name another"
        )
    return config


def _looks_like_ours(directory: Path) -> bool:
    """Whether a config.json there says so: of any format, so that a newer version's model is not called foreign."""
    try:
        config = read_json(directory / CONFIG)
    except ModelDirectoryError:
        return False
    return isinstance(config, dict) and {"format", "kind"} <= set(config)


class ModelDirectory:
    """A directory being trained into: claimed for one process, then written file by file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None  # a file descriptor, open and locked
        self._made: list[Path] = []  # folders that were not there before, innermost first

    def claim(self, overwrite: bool, resume: bool) -> None:
        """Take the directory for this process; what is in it stays until `clear`.

        Raises ModelDirectoryError when it is someone else's, holds a model and neither `overwrite` nor `resume` is set,
        or is being written by another process. The lock ends with the process, however that ends.
        """
        path = self.path
        if os.path.exists(path) and not os.path.isdir(path):
            raise ModelDirectoryError(f"{path}: is a file; choose another place with --out")
        names = self._names()
        filled = bool(names) and not self._only_started(names)
        if resume and not names:
            raise ModelDirectoryError(f"{path}: nothing to resume there; leave out --resume to start")
        if filled and not _looks_like_ours(path):
            raise ModelDirectoryError(f"{path}: not empty and not a model of nlprnn; choose another place with --out")
        if filled and not (overwrite or resume):
            raise ModelDirectoryError(
                f"{path}: holds a model already; replace it with --overwrite, continue its training with --resume, "
                "or choose another place with --out"
            )
        self._take_lock()
        for folder in (path, path / STATE.parent):  # what processes that were killed while writing left behind
            for rubbish in folder.glob(f".*{TEMPORARY}"):
                rubbish.unlink(missing_ok=True)

    def _names(self) -> set[str]:
        """What is in the directory, at its top."""
        try:
            return set(os.listdir(self.path)) if os.path.isdir(self.path) else set()
        except OSError as error:
            raise ModelDirectoryError(f"{self.path}: cannot be read ({error.strerror}); choose another place") from None

    def _take_lock(self) -> None:
        folder = (self.path / LOCK).parent
        self._made = [place for place in (folder, *folder.parents) if not os.path.exists(place)]
        lock = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / LOCK, os.O_CREAT | os.O_RDWR, 0o666)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if lock is not None:
                os.close(lock)
            if isinstance(error, BlockingIOError):
                raise ModelDirectoryError(f"{self.path}: another process is training there; wait or stop it") from None
            raise ModelDirectoryError(
                f"{self.path}: cannot be written ({error.strerror}); choose another place with --out"
            ) from None
        self._lock = lock

    @contextlib.contextmanager
    def claimed(self, overwrite: bool, resume: bool) -> Iterator[None]:
        """The directory claimed within the block, and given back after it; a folder made for nothing is removed."""
        if overwrite and resume:
            raise ConfigError("--overwrite replaces the model and --resume continues it: give one of them")
        try:
            self.claim(overwrite, resume)
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Give the directory back, if this process has it."""
        if self._lock is None:
            return
        if self._only_started(self._names()):
            (self.path / LOCK).unlink(missing_ok=True)  # while it is still locked, so that nobody else holds this file
            for folder in self._made:
                with contextlib.suppress(OSError):  # someone else may have put something there
                    folder.rmdir()
        os.close(self._lock)
        self._lock = None

    def _only_started(self, names: set[str]) -> bool:
        """Whether a run of ours was killed here before it wrote its configuration: only its lock is left."""
        inside = self.path / STATE.parent
        within = set(os.listdir(inside)) if os.path.isdir(inside) else set()
        return all(name.endswith(TEMPORARY) for name in (names - {inside.name}) | (within - {LOCK.name}))

    def clear(self, parts: bool = True) -> None:
        """Remove the old model, once all that can go wrong before training has gone right; and its parts, if asked.

        run.json goes first, being the sign that the rest is there; config.json, which makes the directory ours, last.
        """
        tokenizers = [folder / file for folder in TOKENIZER_FOLDERS for file in TOKENIZER_FILES]
        of_classifiers = (LABELS, CALIBRATION, FOLDS, BASELINE, BASELINE_TYPES)
        names: list[str | Path] = [RUN, STATE, GOOD, WEIGHTS, COUNTS, LOG, CARD, *of_classifiers, *tokenizers, CONFIG]
        for name in names:
            (self.path / name).unlink(missing_ok=True)
        if parts:
            shutil.rmtree(self.path / PARTS, ignore_errors=True)
        for folder in TOKENIZER_FOLDERS[1:]:  # load_tokenizers tells by the folders that there are two
            with contextlib.suppress(OSError):
                (self.path / folder).rmdir()

    def write_config(self, kind: str, **parts: Any) -> None:
        write_json(self.path / CONFIG, {"format": FORMAT, "kind": kind, **parts})

    def save_state(self, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
        """Write all that is needed to go on: one file, so that it is whole or not there."""
        metadata = {STATE_KEY: json.dumps(state)}
        write_atomically(self.path / STATE, lambda name: save_tensors(_plain(tensors), name, metadata=metadata))

    def load_state(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """What `save_state` wrote, or None where nothing was saved yet."""
        if not (self.path / STATE).is_file():
            return None
        with open_weights(self.path / STATE, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
        try:
            return tensors, json.loads(metadata[STATE_KEY])
        except (KeyError, ValueError):
            raise ModelDirectoryError(f"{self.path / STATE}: broken; start over with --overwrite") from None

    def append_log(self, record: dict[str, Any]) -> None:
        """Add a line to log.jsonl, the one file that grows; a torn last line is dropped when training resumes."""
        try:
            with open(self.path / LOG, "a", encoding="utf-8") as log:
                log.write(json.dumps(record) + "\n")
        except OSError as error:
            raise ModelDirectoryError(f"{self.path / LOG}: cannot be written ({error.strerror}); make room") from error

    def rewind_log(self, step: int) -> None:
        """Keep of log.jsonl only what was written up to `step`."""
        if not (self.path / LOG).is_file():
            return
        kept = []
        for line in (self.path / LOG).read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                if json.loads(line)["step"] <= step:
                    kept.append(line + "\n")
        write_text(self.path / LOG, "".join(kept))
