"""The only training loop. It knows models by their Loss, validation as a callable, and nothing of text.

time ->   | bptt | bptt | bptt |      truncated back-propagation: the state flows from batch to batch,
state      s0 --> s1 --> s2 --> s3    the gradient stops at each bar
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from nlprnn.checkpoint import GOOD, WEIGHTS, ModelDirectory, load_weights, save_weights
from nlprnn.config.training import DEFAULT_EPOCHS, MOST_EPOCHS, TrainingConfig
from nlprnn.errors import ModelDirectoryError, NlprnnError
from nlprnn.training.interruption import Interruption
from nlprnn.training.optim import Average, clipped_step, gradient_norm, has_stalled, learning_rate, make_optimizer
from nlprnn.training.progress import Progress
from nlprnn.training.run_state import Batches, Running, RunState, pack, unpack

# How long a step takes is told by so many steps or more, which take so much of the budget, after as many others: the
# first of all are slow, and shared or small machines are often faster in the first seconds than they stay. Where steps
# are long, a fifth of the budget must do.
UNMEASURED, UNMEASURED_SHARE = 10, 0.05
MEASURED, MEASURED_SHARE = 30, 0.05
LATEST_SHARE = 0.2
CHECKPOINT_SECONDS = 30.0
MOST_RECOVERIES = 5


@dataclass(frozen=True)
class Validation:
    """What validation found: a figure of which less is better, what to log, and what to tell."""

    figure: float
    record: dict[str, Any]
    text: str


@runtime_checkable
class Layered(Protocol):
    """A model whose layers may learn at rates of their own: all its parameters, each in one group, bottom to top."""

    def layer_groups(self) -> Sequence[Sequence[Tensor]]: ...


@runtime_checkable
class Dropping(Protocol):
    """A model whose dropouts may be all those of its configuration, or a share of them."""

    def set_dropout(self, share: float) -> None: ...


@dataclass(frozen=True)
class Trained:
    """The end of a training run, or of its part before an interruption."""

    state: RunState
    interrupted: int | None  # the signal


class Trainer:
    """Trains `model` on `batches` under `config` and keeps the best weights, and all it needs to go on, in `directory`.

    A run that is stopped anywhere and resumed on the same number of CPU threads ends with the same weights, bit for
    bit, as one that never stopped, once a budget in minutes has been turned into steps.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        batches: Batches,
        validate: Callable[[], Validation],
        config: TrainingConfig,
        directory: ModelDirectory,
        progress: Progress,
    ) -> None:
        self.validate, self.config, self.directory, self.show = validate, config, directory, progress
        parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.groups = _groups(model, parameters)
        average = Average(parameters, config.averaging) if config.averaging else None
        optimizer = make_optimizer(parameters, config, self.groups)
        self.running = Running(RunState(), model, parameters, optimizer, average, batches)
        self._saved_at = 0.0
        self._save_cost = 0.0

    @property
    def now(self) -> RunState:
        return self.running.now

    def run(self, resume: bool = False) -> Trained:
        """Train to the end of the budget, or until interrupted. Raises NlprnnError when the loss stays not finite."""
        torch.manual_seed(self.config.seed)
        if not (resume and self._restore()):
            self.directory.rewind_log(0)
            save_weights(self.directory.path / GOOD, self.running.model.state_dict())
            self.now.total = self._most_steps if self.config.max_minutes is None else None
        interruption = Interruption()
        began, self._saved_at = time.monotonic() - self.now.seconds, time.monotonic()
        try:
            with interruption:
                self.show.start(self.now.step, self.now.total)
                while not self.now.finished and interruption.signal is None:
                    self._train_epoch(interruption, began)
                self.now.seconds = time.monotonic() - began
                self._checkpoint()
                if not math.isfinite(self.now.best):  # stopped before the first validation: leave a model all the same
                    self._judge(log=False)
                    self._keep_best()
        finally:
            self.show.close()
        return Trained(self.now, interruption.signal)

    @functools.cached_property
    def _most_steps(self) -> int:
        """Steps in all, where the budget is in epochs; at most as many, where it is in minutes."""
        default = DEFAULT_EPOCHS if self.config.max_minutes is None else MOST_EPOCHS
        return sum(self.running.batches.length(epoch) for epoch in range(self.config.epochs or default))

    @property
    def _epoch_length(self) -> int:
        """Steps in the epoch under way."""
        return self.running.batches.length(self.now.epoch)

    def _train_epoch(self, interruption: Interruption, began: float) -> None:
        """The rest of an epoch, with its validations and checkpoints; returns early when interrupted or done."""
        now, length = self.now, self._epoch_length
        each = max(length // self.config.evaluations_per_epoch, 1)
        for batch in self.running.batches:
            if isinstance(self.running.model, Dropping):
                self.running.model.set_dropout(self.config.dropout_share(now.epoch + now.epoch_step / length))
            self._step(batch)
            now.seconds = time.monotonic() - began
            fixed = self._fix_budget()
            done = now.total is not None and now.step >= now.total
            last = now.epoch_step == length
            if done or last or (now.epoch_step % each == 0 and length - now.epoch_step >= each):
                self._judge()
                stale = self.config.patience is not None and now.stale >= self.config.patience
                now.finished = done or stale
            if last:
                now.epoch, now.epoch_step, self.running.carried = now.epoch + 1, 0, None
                now.epoch_nll, now.epoch_count = 0.0, 0
            # The checkpoint comes before the weights it calls the best, so that the weights are never newer than it.
            overdue = time.monotonic() - self._saved_at > max(CHECKPOINT_SECONDS, 50 * self._save_cost)
            if fixed or overdue or now.best_step == now.step:
                self._checkpoint()
            if now.best_step == now.step:
                self._keep_best()
            if now.finished or interruption.signal is not None or last:
                return

    def _step(self, batch: Any) -> None:
        """One update: forward, backward, clip, optimizer."""
        now, run, started = self.now, self.running, time.monotonic()
        now.rate = now.scale * learning_rate(self.config, now.step, now.total, now.epoch)
        shares = self._shares()
        run.model.train()
        run.optimizer.zero_grad(set_to_none=True)
        loss = run.model(batch.to(run.device), run.carried)
        ((loss.nll + loss.penalty) / loss.count).backward()
        self._forget_frozen(shares)
        norm, nll = gradient_norm(run.parameters), float(loss.nll.detach())
        if math.isfinite(nll) and math.isfinite(norm):
            clipped_step(run.optimizer, norm, self.config.clip, now.rate * self.config.share(loss.count), shares)
            if run.average is not None:
                run.average.update()
            run.carried = loss.state
            now.epoch_nll += nll
            now.epoch_count += loss.count
        else:
            self._recover()
        now.step, now.epoch_step = now.step + 1, now.epoch_step + 1
        now.tokens += loss.count
        now.step_seconds += time.monotonic() - started
        self.show.step(now.train_loss, now.tokens_per_second)

    def _shares(self) -> list[float]:
        """What each group's learning rate is multiplied with in this epoch.

        No gradients are computed for frozen groups, but while the time of a step is measured.
        """
        shares = [self.config.layer_share(above, self.now.epoch) for above in reversed(range(len(self.groups)))]
        for group, share in zip(self.groups, shares, strict=True):
            for parameter in group:
                parameter.requires_grad_(share > 0 or self.now.total is None)
        return shares

    def _forget_frozen(self, shares: Sequence[float]) -> None:
        """Frozen groups count neither in the gradient's norm nor in the optimizer's memory."""
        for group, share in zip(self.groups, shares, strict=True):
            if share == 0:
                for parameter in group:
                    parameter.grad = None

    def _fix_budget(self) -> bool:
        """Turn a budget in minutes into a number of steps, once, from the time that a twentieth of it took."""
        now, config = self.now, self.config
        if now.total is not None or config.max_minutes is None:
            return False
        budget, most, length = 60 * config.max_minutes, self._most_steps, self._epoch_length
        measured, seconds = now.step - now.measured_from, now.step_seconds - now.unmeasured_seconds
        enough = now.measured_from and measured >= MEASURED and seconds >= MEASURED_SHARE * budget
        if not enough and now.step < max(most // 10, 1) and now.seconds < LATEST_SHARE * budget:
            if not now.measured_from and measured >= UNMEASURED and seconds >= UNMEASURED_SHARE * budget:
                now.measured_from, now.unmeasured_seconds = now.step, now.step_seconds
            return False
        each = seconds / measured
        started = time.monotonic()
        self.validate()
        validation = (time.monotonic() - started) * config.evaluations_per_epoch
        epoch = length * each + validation
        left = budget - now.seconds - validation
        steps = now.step + int(max(left, 0.0) / epoch * length)
        now.total = max(min(steps, most), now.step + 1)
        self.show.start(now.step, now.total)
        return True

    def _judge(self, log: bool = True) -> None:
        """Validate with the averaged weights, if there are any; note whether they are the best, tell and log."""
        now = self.now
        with self.running.averaged():
            found = self.validate()
        better = found.figure < now.best or not math.isfinite(now.best)
        if better:
            now.best, now.best_step, now.best_record, now.stale = found.figure, now.step, found.record, 0
        else:
            now.stale += 1
            if self.config.schedule == "plateau":
                now.scale /= 4
        record = {"step": now.step, "epoch": now.epoch + 1, "train_loss": now.train_loss, "lr": now.rate}
        if log:
            self.directory.append_log(record | found.record | {"seconds": round(now.seconds, 2)})
        epochs = now.epoch + now.epoch_step / self._epoch_length
        self.show.line(
            f"epoch {epochs:6.2f} | step {now.step:>7,} | lr {now.rate:.2e} | "
            f"train {self.show.loss(now.train_loss)} | {found.text}{' (best)' if better else '       '} | "
            f"{self.show.speed(now.tokens_per_second)} | {now.seconds / 60:5.1f} min"
        )
        self._trigger(found.figure)

    def _trigger(self, figure: float) -> None:
        """Note a validation's figure; NT-ASGD starts to average when it tells that SGD alone has stalled."""
        now, run, config = self.now, self.running, self.config
        stalled = has_stalled(figure, now.figures, config.nonmonotone)
        if config.optimizer == "nt-asgd" and run.average is None and stalled:
            run.average = Average(run.parameters)
            run.average.update()  # the weights that stalled are the first of the mean
            self.show.line(f"step {now.step}: validation has stalled; from here on the weights are averaged")
        now.figures.append(figure)

    def _keep_best(self) -> None:
        """Write the weights that were just validated as the model's."""
        with self.running.averaged():
            save_weights(self.directory.path / WEIGHTS, self.running.model.state_dict())

    def _recover(self) -> None:
        """The NaN guard: back to the last good weights, with half the learning rate and a fresh optimizer."""
        now, run = self.now, self.running
        now.recoveries += 1
        now.scale /= 2
        if now.recoveries > MOST_RECOVERIES:
            raise NlprnnError(
                f"the loss was not finite {now.recoveries} times, the last time at step {now.step}; "
                "start again with a smaller --lr or --clip 0.25"
            )
        name = WEIGHTS if math.isfinite(now.best) else GOOD
        load_weights(run.model, self.directory.path / name)
        run.optimizer = make_optimizer(run.parameters, self.config, self.groups)
        if run.average is not None:
            run.average = Average(run.parameters, run.average.decay)
        run.carried = None
        self.show.line(f"step {now.step}: the loss is not finite; back to the last good weights at half the rate")

    def _checkpoint(self) -> None:
        """Save everything that the next step depends on."""
        started = time.monotonic()
        self.directory.save_state(*pack(self.running))
        self._saved_at = time.monotonic()
        self._save_cost = self._saved_at - started

    def _restore(self) -> bool:
        """Go back to the last checkpoint; False where there is none yet.

        Raises ModelDirectoryError where the checkpoint of a trained model is gone: starting over would cost the model.
        """
        saved = self.directory.load_state()
        if saved is None:
            if (self.directory.path / WEIGHTS).is_file():
                raise ModelDirectoryError(
                    f"{self.directory.path}: its training_state is gone; start over with --overwrite"
                )
            return False
        unpack(self.running, *saved)
        if self.now.best_step == self.now.step:  # killed after the checkpoint and before the weights
            self._keep_best()
        self.directory.rewind_log(self.now.step)
        told = "is finished: there is nothing left to train" if self.now.finished else "goes on"
        self.show.line(f"resumed at step {self.now.step:,}: the run {told}")
        return True


def _groups(model: torch.nn.Module, parameters: Sequence[Tensor]) -> list[list[Tensor]]:
    """The parameters in the groups that a model parts itself into, bottom to top, or all of them in one."""
    if not isinstance(model, Layered):
        return [list(parameters)]
    groups: list[list[Tensor]] = [list(group) for group in model.layer_groups()]
    members = [id(parameter) for group in groups for parameter in group]
    assert sorted(members) == sorted(map(id, parameters)), "each parameter is in one group"
    return groups
