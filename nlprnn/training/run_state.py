"""Where a training run stands, and how all of it is packed into one checkpoint and taken out again."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from nlprnn.errors import ModelDirectoryError
from nlprnn.training.optim import Average

MODEL, OPTIMIZER, AVERAGE, CARRIED, RANDOM = "model.", "optimizer.", "average.", "carried.", "random"


@dataclass
class RunState:
    """Plain numbers, saved with every checkpoint."""

    step: int = 0
    epoch: int = 0
    epoch_step: int = 0  # steps in this epoch
    total: int | None = None  # steps in all; None until a budget in minutes has been turned into steps
    best: float = math.inf
    best_step: int = -1
    best_record: dict[str, Any] = field(default_factory=dict)
    stale: int = 0  # validations since the best one
    figures: list[float] = field(default_factory=list)  # of all validations
    rate: float = 0.0  # of the last step: what a full batch is learned with
    scale: float = 1.0  # of the learning rate: plateau decay and the NaN guard
    recoveries: int = 0
    epoch_nll: float = 0.0
    epoch_count: int = 0
    step_seconds: float = 0.0  # of training steps alone
    measured_from: int = 0  # the step from which on the others are measured
    unmeasured_seconds: float = 0.0  # step_seconds until then
    tokens: int = 0
    seconds: float = 0.0  # of everything
    finished: bool = False

    @property
    def train_loss(self) -> float:
        """The mean loss of this epoch so far, in nats a token, or a text."""
        return self.epoch_nll / max(self.epoch_count, 1)

    @property
    def tokens_per_second(self) -> float:
        """Of training steps alone."""
        return self.tokens / max(self.step_seconds, 1e-9)


class Batches(Protocol):
    """An epoch at a time, resumable in the middle of one; which batches an epoch has depends on its number alone.

    Once the last batch of an epoch has been taken, the state is that of the next one's beginning.
    """

    def length(self, epoch: int) -> int: ...
    def __iter__(self) -> Any: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any]) -> None: ...


@dataclass
class Running:
    """Everything that the next step depends on."""

    now: RunState
    model: torch.nn.Module
    parameters: Sequence[Tensor]
    optimizer: torch.optim.Optimizer
    average: Average | None
    batches: Batches
    carried: Any = None  # the state that truncated back-propagation carries on

    @property
    def device(self) -> torch.device:
        return self.parameters[0].device

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside, the model has its averaged weights, once there are any: those that are validated and kept."""
        average = self.average
        if average is not None:
            average.swap()
        try:
            yield
        finally:
            if average is not None:
                average.swap()


def pack(run: Running) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """All of a run as named tensors and as JSON values."""
    tensors: dict[str, Tensor] = {MODEL + name: value for name, value in run.model.state_dict().items()}
    for index, parameter in enumerate(run.parameters):
        for name, value in run.optimizer.state.get(parameter, {}).items():
            if isinstance(value, Tensor):
                tensors[f"{OPTIMIZER}{index}.{name}"] = value
    if run.average is not None:
        tensors |= {f"{AVERAGE}{index}": value for index, value in enumerate(run.average.tensors)}
    for depth, layer in enumerate(run.carried or ()):
        tensors |= {f"{CARRIED}{depth}.{index}": part.clone() for index, part in enumerate(layer)}
    tensors[RANDOM] = torch.get_rng_state()
    if run.device.type == "cuda":
        tensors[RANDOM + ".cuda"] = torch.cuda.get_rng_state(run.device)
    average = None if run.average is None else {"decay": run.average.decay, "steps": run.average.steps}
    return tensors, {"now": vars(run.now), "batches": run.batches.state_dict(), "average": average}


def unpack(run: Running, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
    """Put a run back to where it was packed. Raises ModelDirectoryError for the checkpoint of another version."""
    known = {item.name for item in dataclasses.fields(RunState)}
    if not isinstance(state.get("now"), dict) or set(state["now"]) != known:
        raise ModelDirectoryError("its checkpoint is of another version of nlprnn; start over with --overwrite")
    run.now = RunState(**state["now"])
    run.batches.load_state_dict(state["batches"])
    run.model.load_state_dict({name: tensors[MODEL + name] for name in _names(tensors, MODEL)})
    for name in _names(tensors, OPTIMIZER):
        index, key = name.split(".", 1)
        place = torch.device("cpu") if key == "step" and run.device.type == "cpu" else run.device
        run.optimizer.state[run.parameters[int(index)]][key] = tensors[OPTIMIZER + name].to(place)
    run.average = None
    if state["average"] is not None:
        run.average = Average(run.parameters, state["average"]["decay"])
        run.average.steps = state["average"]["steps"]
        places = range(len(_names(tensors, AVERAGE)))
        run.average.tensors = [tensors[f"{AVERAGE}{index}"].to(run.device) for index in places]
    run.carried = _carried(tensors, run.device)
    torch.set_rng_state(tensors[RANDOM])
    if run.device.type == "cuda" and RANDOM + ".cuda" in tensors:
        torch.cuda.set_rng_state(tensors[RANDOM + ".cuda"], run.device)


def _names(tensors: Iterable[str], prefix: str) -> list[str]:
    return [name.removeprefix(prefix) for name in tensors if name.startswith(prefix)]


def _carried(tensors: dict[str, Tensor], device: torch.device) -> Any:
    """The carried state that was packed: per layer a tuple of tensors, or None."""
    layers: dict[int, dict[int, Tensor]] = {}
    for name in _names(tensors, CARRIED):
        depth, index = map(int, name.split("."))
        layers.setdefault(depth, {})[index] = tensors[CARRIED + name].to(device)
    return tuple(tuple(layer[i] for i in sorted(layer)) for _, layer in sorted(layers.items())) or None
