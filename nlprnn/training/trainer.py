"""The only training loop. It knows models by their Loss, validation as a callable, and nothing of text.

time ->   | bptt | bptt | bptt |      truncated back-propagation: the state flows from batch to batch,
state      s0 --> s1 --> s2 --> s3    the gradient stops at each bar
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from nlprnn.checkpoint import WEIGHTS, ModelDirectory, load_weights, save_weights
from nlprnn.config import TrainingConfig
from nlprnn.errors import NlprnnError
from nlprnn.training.interruption import Interruption
from nlprnn.training.optim import Average, clip_gradients, learning_rate, make_optimizer
from nlprnn.training.progress import Progress

DEFAULT_EPOCHS = 15
MOST_EPOCHS = 40  # with a budget in minutes alone: more passes over a small text do not help
UNMEASURED = 10  # first steps, slower than the others
MEASURED = 30  # further steps at least, and MEASURED_SHARE of the budget, that tell how long a step takes
MEASURED_SHARE = 0.03
CHECKPOINT_SECONDS = 30.0
MOST_RECOVERIES = 5
GOOD = "training_state/good.safetensors"  # what the NaN guard goes back to before the first validation


class Batches(Protocol):
    """An epoch at a time, resumable in the middle of one."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Any: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class Verdict:
    """What validation found: a figure of which less is better, what to log, and what to tell."""

    figure: float
    record: dict[str, float]
    text: str


@dataclass
class Progressed:
    """Where training stands: plain numbers, saved with every checkpoint."""

    step: int = 0
    epoch: int = 0
    total: int | None = None  # steps in all; None until a budget in minutes has been turned into steps
    best: float = math.inf
    best_record: dict[str, float] = field(default_factory=dict)
    stale: int = 0  # validations since the best one
    scale: float = 1.0  # of the learning rate: plateau decay and the NaN guard
    recoveries: int = 0
    epoch_nll: float = 0.0
    epoch_count: int = 0
    step_seconds: float = 0.0  # of training steps alone
    measured_from: float = 0.0  # step_seconds when measuring began
    tokens: int = 0
    seconds: float = 0.0  # of everything
    finished: bool = False


@dataclass(frozen=True)
class Trained:
    """The end of a training run, or of its part before an interruption."""

    progress: Progressed
    interrupted: int | None  # the signal

    @property
    def tokens_per_second(self) -> float:
        return self.progress.tokens / max(self.progress.step_seconds, 1e-9)


class Trainer:
    """Trains `model` on `batches` under `config` and keeps the best weights, and all it needs to go on, in `directory`.

    A run that is stopped anywhere and resumed ends with the same weights, bit for bit, as one that never stopped,
    provided its budget is in epochs, or in minutes that have already been turned into steps.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        batches: Batches,
        validate: Callable[[], Verdict],
        config: TrainingConfig,
        directory: ModelDirectory,
        progress: Progress,
    ) -> None:
        self.model, self.batches, self.validate = model, batches, validate
        self.config, self.directory, self.show = config, directory, progress
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimizer = make_optimizer(self.parameters, config)
        self.average = Average(self.parameters, config.averaging) if config.averaging else None
        self.carried: Any = None
        self.now = Progressed(total=self._budget())
        self._saved_at = 0.0
        self._save_cost = 0.0

    def _budget(self) -> int | None:
        """Steps in all, where the budget is in epochs."""
        if self.config.max_minutes is not None:
            return None
        return (self.config.epochs or DEFAULT_EPOCHS) * len(self.batches)

    def run(self, resume: bool = False) -> Trained:
        """Train to the end of the budget, or until interrupted. Raises NlprnnError when the loss stays not finite."""
        torch.manual_seed(self.config.seed)
        if not (resume and self._restore()):
            self.directory.rewind_log(0)
            save_weights(self.directory.path / GOOD, self.model.state_dict())
        interruption = Interruption()
        began, self._saved_at = time.monotonic() - self.now.seconds, time.monotonic()
        try:
            with interruption:
                self.show.start(self.now.step, self.now.total)
                while not self.now.finished and interruption.signal is None:
                    self._train_epoch(interruption, began)
                self.now.seconds = time.monotonic() - began
                self._checkpoint()
                if not math.isfinite(self.now.best):
                    self._judge(log=False)
        finally:
            self.show.close()
        return Trained(self.now, interruption.signal)

    def _train_epoch(self, interruption: Interruption, began: float) -> None:
        """The rest of an epoch, with its validations; returns early when interrupted or done."""
        now, each = self.now, max(len(self.batches) // self.config.evaluations_per_epoch, 1)
        for batch in self.batches:
            self._step(batch)
            now.seconds = time.monotonic() - began
            self._fix_budget()
            done = now.total is not None and now.step >= now.total
            position = (now.step - 1) % len(self.batches) + 1
            last = position == len(self.batches)
            if done or last or (position % each == 0 and len(self.batches) - position >= each):
                self._judge()
                stale = self.config.patience is not None and now.stale >= self.config.patience
                now.finished = done or stale
            if last:
                now.epoch, self.carried = now.epoch + 1, None
                now.epoch_nll, now.epoch_count = 0.0, 0
                self.batches.load_state_dict({"position": 0})
            if now.finished or interruption.signal is not None or last:
                return
            if time.monotonic() - self._saved_at > max(CHECKPOINT_SECONDS, 50 * self._save_cost):
                self._checkpoint()

    def _step(self, batch: Any) -> None:
        """One update: forward, backward, clip, optimizer."""
        now, started = self.now, time.monotonic()
        rate = now.scale * learning_rate(self.config, now.step, now.total, now.epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.model(batch.to(self.parameters[0].device), self.carried)
        ((loss.nll + loss.penalty) / loss.count).backward()
        norm = clip_gradients(self.parameters, self.config.clip)
        nll = float(loss.nll.detach())
        if not (math.isfinite(nll) and math.isfinite(norm)):
            self._recover()
        else:
            self.optimizer.step()
            if self.average is not None:
                self.average.update()
            self.carried = loss.state
            now.epoch_nll += nll
            now.epoch_count += loss.count
        now.step += 1
        now.tokens += loss.count
        now.step_seconds += time.monotonic() - started
        mean = now.epoch_nll / max(now.epoch_count, 1)
        self.show.step(mean, now.tokens / max(now.step_seconds, 1e-9))
        if now.step == UNMEASURED:
            now.measured_from = now.step_seconds

    def _fix_budget(self) -> None:
        """Turn a budget in minutes into a number of steps, once, from the time that the first steps took."""
        now, config = self.now, self.config
        if now.total is not None or config.max_minutes is None:
            return
        measured, seconds = now.step - UNMEASURED, now.step_seconds - now.measured_from
        if measured < MEASURED or seconds < MEASURED_SHARE * 60 * config.max_minutes:
            return
        each = seconds / measured
        started = time.monotonic()
        self.validate()
        validation = (time.monotonic() - started) * config.evaluations_per_epoch
        epoch = len(self.batches) * each + validation
        left = config.max_minutes * 60 - now.seconds - validation
        steps = now.step + int(max(left, 0.0) / epoch * len(self.batches))
        now.total = max(min(steps, (config.epochs or MOST_EPOCHS) * len(self.batches)), now.step + 1)
        self.show.start(now.step, now.total)

    def _judge(self, log: bool = True) -> None:
        """Validate, tell, log, and keep the weights if they are the best so far."""
        now = self.now
        if self.average is not None and self.average.steps:
            self.average.swap()
        verdict = self.validate()
        better = verdict.figure < now.best or not math.isfinite(now.best)
        if better:
            now.best, now.best_record, now.stale = verdict.figure, verdict.record, 0
            save_weights(self.directory.path / WEIGHTS, self.model.state_dict())
        else:
            now.stale += 1
            if self.config.schedule == "plateau":
                now.scale /= 4
        if self.average is not None and self.average.steps:
            self.average.swap()
        loss = now.epoch_nll / max(now.epoch_count, 1)
        record = {"step": now.step, "epoch": now.epoch + 1, "train_loss": loss, "lr": self._rate(), **verdict.record}
        if log:
            self.directory.append_log(record | {"seconds": round(now.seconds, 2)})
        self.show.line(
            f"epoch {now.step / len(self.batches):6.2f} | step {now.step:>7,} | lr {self._rate():.2e} | "
            f"train ppl {math.exp(min(loss, 50)):8.2f} | {verdict.text}{' *' if better else '  '} | "
            f"{now.tokens / max(now.step_seconds, 1e-9):,.0f} tok/s | {now.seconds / 60:5.1f} min"
        )

    def _rate(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    def _recover(self) -> None:
        """The NaN guard: back to the last good weights, with half the learning rate and a fresh optimizer."""
        now = self.now
        now.recoveries += 1
        now.scale /= 2
        if now.recoveries > MOST_RECOVERIES:
            raise NlprnnError(
                f"the loss was not finite {now.recoveries} times, the last time at step {now.step}; "
                "start again with a smaller --lr or --clip 0.25"
            )
        name = WEIGHTS if math.isfinite(now.best) else GOOD
        load_weights(self.model, self.directory.path / name)
        self.optimizer = make_optimizer(self.parameters, self.config)
        self.average = Average(self.parameters, self.config.averaging) if self.config.averaging else None
        self.carried = None
        self.show.line(
            f"step {now.step}: the loss is not finite; back to the last good weights, half the learning rate"
        )

    def _checkpoint(self) -> None:
        """Save everything that the next step depends on."""
        started = time.monotonic()
        tensors: dict[str, Tensor] = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {
            f"optimizer.{index}.{name}": value
            for index, parameter in enumerate(self.parameters)
            for name, value in self.optimizer.state.get(parameter, {}).items()
            if isinstance(value, Tensor)
        }
        tensors["random"] = torch.get_rng_state()
        if torch.cuda.is_available():
            tensors["random_cuda"] = torch.cuda.get_rng_state()
        if self.average is not None:
            tensors |= {f"average.{index}": value for index, value in enumerate(self.average.tensors)}
        for depth, layer in enumerate(self.carried or ()):
            tensors |= {f"carried.{depth}.{index}": part.clone() for index, part in enumerate(layer)}
        averaged = self.average.steps if self.average else 0
        state = {"progress": asdict(self.now), "batches": self.batches.state_dict(), "averaged": averaged}
        self.directory.save_state(tensors, state)
        self._saved_at = time.monotonic()
        self._save_cost = self._saved_at - started

    def _restore(self) -> bool:
        """Go back to the last checkpoint; False where there is none."""
        saved = self.directory.load_state()
        if saved is None:
            return False
        tensors, state = saved
        self.now = Progressed(**state["progress"])
        self.batches.load_state_dict(state["batches"])
        prefix = "model."
        self.model.load_state_dict({k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)})
        device = self.parameters[0].device
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".", 2)
                target = "cpu" if key == "step" and device.type == "cpu" else device
                self.optimizer.state[self.parameters[int(index)]][key] = value.to(target)
        if self.average is not None:
            self.average.steps = state["averaged"]
            self.average.tensors = [tensors[f"average.{i}"].to(device) for i in range(len(self.parameters))]
        self.carried = _carried(tensors, device)
        torch.set_rng_state(tensors["random"])
        if "random_cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["random_cuda"])
        self.directory.rewind_log(self.now.step)
        return True


def _carried(tensors: dict[str, Tensor], device: torch.device) -> Any:
    """The carried state that was saved: per layer a tuple of tensors, or None."""
    layers: dict[int, dict[int, Tensor]] = {}
    for name in _numbered(tensors):
        _, depth, index = name.split(".")
        layers.setdefault(int(depth), {})[int(index)] = tensors[name].to(device)
    return tuple(tuple(layer[i] for i in sorted(layer)) for _, layer in sorted(layers.items())) or None


def _numbered(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith("carried.")]
