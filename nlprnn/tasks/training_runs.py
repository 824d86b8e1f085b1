"""How every training run begins, and what every one tells when it is over."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch

from nlprnn.checkpoint import RUN, ModelDirectory
from nlprnn.tasks.computing import start_computing
from nlprnn.tasks.notes import Note, nowhere
from nlprnn.tasks.run_settings import RunSettings
from nlprnn.tasks.signature import write_result
from nlprnn.training.trainer import Trained

S = TypeVar("S", bound=RunSettings)
R = TypeVar("R", bound="TrainingRun")


class InDirectory(Protocol):
    """A model that stands in a directory."""

    @property
    def directory(self) -> Path: ...


@dataclasses.dataclass(frozen=True)
class Begun(Generic[S]):
    """A run that has its directory, its settings and a device."""

    directory: ModelDirectory
    chosen: S
    device: torch.device
    fresh: bool  # nothing is there to go on with: not resumed, or killed before it wrote anything
    resume: bool
    quiet: bool
    note: Note


@contextlib.contextmanager
def begin(
    out: Path, settle: Callable[[], S], *, resume: bool, overwrite: bool, quiet: bool, note: Note
) -> Iterator[Begun[S]]:
    """The directory `out` claimed within the block, and what else a run begins with; `settle` chooses its settings."""
    directory = ModelDirectory(out)
    if not resume:
        settle()  # what cannot work is told before where it would go
    with directory.claimed(overwrite, resume):
        chosen = settle()
        note = nowhere if quiet else note
        device = start_computing(chosen.training, note)
        fresh = not (resume and (directory.path / RUN).is_file())
        yield Begun(directory, chosen, device, fresh, resume, quiet, note)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """A finished, or interrupted, training run, with figures of the validation text; a task says which."""

    model: InDirectory
    seconds: float  # of training alone
    steps: int
    tokens_per_second: float  # of training steps alone; for a translator of target tokens
    interrupted: int | None = None  # the signal that ended it
    test: dict[str, Any] | None = None  # what `evaluate` says of the test text

    def summary(self) -> dict[str, Any]:
        """The JSON of the command: all of it but the signal, and what there may be and is not."""
        found = {
            item.name: getattr(self, item.name)
            for item in dataclasses.fields(self)
            if item.name != "interrupted" and (item.default is not None or getattr(self, item.name) is not None)
        }
        return found | {"model": str(self.model.directory)}


def finish(
    kind: type[R],
    directory: ModelDirectory,
    model: InDirectory,
    trained: Trained,
    test: Callable[[], dict[str, Any]] | None,
) -> R:
    """What a run came to, written into its directory too. `test` evaluates the test text; a run cut short skips it."""
    state = trained.state
    run = kind(
        model=model,
        **state.best_record,
        seconds=round(state.seconds, 2),
        steps=state.step,
        tokens_per_second=state.tokens_per_second,
        interrupted=trained.interrupted,
        test=test() if test is not None and not trained.interrupted else None,
    )
    write_result(directory.path, run.summary())
    return run
