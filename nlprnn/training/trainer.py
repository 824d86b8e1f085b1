"""The only training loop. It knows models by their Loss, validation as a callable, and nothing of text.

time ->   | bptt | bptt | bptt |      truncated back-propagation: the state flows from batch to batch,
state      s0 --> s1 --> s2 --> s3    the gradient stops at each bar
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from nlprnn.checkpoint import GOOD, WEIGHTS, ModelDirectory, load_weights, save_weights
from nlprnn.config import DEFAULT_EPOCHS, MOST_EPOCHS, TrainingConfig
from nlprnn.errors import ModelDirectoryError, NlprnnError
from nlprnn.training.interruption import Interruption
from nlprnn.training.optim import Average, clip_gradients, learning_rate, make_optimizer
from nlprnn.training.progress import Progress
from nlprnn.training.run_state import Batches, Running, RunState, pack, unpack

UNMEASURED = 10  # first steps, slower than the others
MEASURED = 30  # further steps at least, and MEASURED_SHARE of the budget, that tell how long a step takes
MEASURED_SHARE = 0.03
CHECKPOINT_SECONDS = 30.0
MOST_RECOVERIES = 5


@dataclass(frozen=True)
class Validation:
    """What validation found: a figure of which less is better, what to log, and what to tell."""

    figure: float
    record: dict[str, float]
    text: str


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
        self.running = Running(RunState(), model, parameters, make_optimizer(parameters, config), None, batches)
        self._start_averaging()
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
            self.now.total = self._most_steps() if self.config.max_minutes is None else None
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

    def _most_steps(self) -> int:
        """Steps in all, where the budget is in epochs; at most as many, where it is in minutes."""
        default = DEFAULT_EPOCHS if self.config.max_minutes is None else MOST_EPOCHS
        return (self.config.epochs or default) * len(self.running.batches)

    def _train_epoch(self, interruption: Interruption, began: float) -> None:
        """The rest of an epoch, with its validations and checkpoints; returns early when interrupted or done."""
        now, length = self.now, len(self.running.batches)
        each = max(length // self.config.evaluations_per_epoch, 1)
        for batch in self.running.batches:
            self._step(batch)
            now.seconds = time.monotonic() - began
            fixed = self._fix_budget()
            done = now.total is not None and now.step >= now.total
            position = (now.step - 1) % length + 1
            last = position == length
            if done or last or (position % each == 0 and length - position >= each):
                self._judge()
                stale = self.config.patience is not None and now.stale >= self.config.patience
                now.finished = done or stale
            if last:
                now.epoch, self.running.carried = now.epoch + 1, None
                now.epoch_nll, now.epoch_count = 0.0, 0
                self.running.batches.load_state_dict({"position": 0})
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
        rate = now.scale * learning_rate(self.config, now.step, now.total, now.epoch)
        for group in run.optimizer.param_groups:
            group["lr"] = rate
        run.model.train()
        run.optimizer.zero_grad(set_to_none=True)
        loss = run.model(batch.to(run.device), run.carried)
        ((loss.nll + loss.penalty) / loss.count).backward()
        norm = clip_gradients(run.parameters, self.config.clip)
        nll = float(loss.nll.detach())
        if math.isfinite(nll) and math.isfinite(norm):
            run.optimizer.step()
            if run.average is not None:
                run.average.update()
            run.carried = loss.state
            now.epoch_nll += nll
            now.epoch_count += loss.count
        else:
            self._recover()
        now.step += 1
        now.tokens += loss.count
        now.step_seconds += time.monotonic() - started
        if now.step == UNMEASURED:
            now.measured_from = now.step_seconds
        self.show.step(now.train_loss, now.train_perplexity, now.tokens_per_second)

    def _fix_budget(self) -> bool:
        """Turn a budget in minutes into a number of steps, once, from the time that the first steps took."""
        now, config, most = self.now, self.config, self._most_steps()
        if now.total is not None or config.max_minutes is None:
            return False
        measured, seconds = now.step - UNMEASURED, now.step_seconds - now.measured_from
        enough = measured >= MEASURED and seconds >= MEASURED_SHARE * 60 * config.max_minutes
        if not enough and now.step < max(most // 10, 1):
            return False
        each = seconds / measured if measured > 0 else now.step_seconds / now.step
        started = time.monotonic()
        self.validate()
        validation = (time.monotonic() - started) * config.evaluations_per_epoch
        epoch = len(self.running.batches) * each + validation
        left = config.max_minutes * 60 - now.seconds - validation
        steps = now.step + int(max(left, 0.0) / epoch * len(self.running.batches))
        now.total = max(min(steps, most), now.step + 1)
        self.show.start(now.step, now.total)
        return True

    def _judge(self, log: bool = True) -> None:
        """Validate with the averaged weights, if there are any; note whether they are the best, tell and log."""
        now, average = self.now, self.running.average
        with_average = average is not None and average.steps > 0
        if average is not None and with_average:
            average.swap()
        found = self.validate()
        if average is not None and with_average:
            average.swap()
        better = found.figure < now.best or not math.isfinite(now.best)
        if better:
            now.best, now.best_step, now.best_record, now.stale = found.figure, now.step, found.record, 0
        else:
            now.stale += 1
            if self.config.schedule == "plateau":
                now.scale /= 4
        rate = float(self.running.optimizer.param_groups[0]["lr"])
        record = {"step": now.step, "epoch": now.epoch + 1, "train_loss": now.train_loss, "lr": rate, **found.record}
        if log:
            self.directory.append_log(record | {"seconds": round(now.seconds, 2)})
        self.show.line(
            f"epoch {now.step / len(self.running.batches):6.2f} | step {now.step:>7,} | lr {rate:.2e} | "
            f"train ppl {now.train_perplexity:8.2f} | {found.text}{' (best)' if better else '       '} | "
            f"{now.tokens_per_second:,.0f} tok/s | {now.seconds / 60:5.1f} min"
        )

    def _keep_best(self) -> None:
        """Write the weights that were just validated as the model's."""
        average = self.running.average
        if average is not None and average.steps:
            average.swap()
        save_weights(self.directory.path / WEIGHTS, self.running.model.state_dict())
        if average is not None and average.steps:
            average.swap()

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
        run.optimizer = make_optimizer(run.parameters, self.config)
        self._start_averaging()
        run.carried = None
        self.show.line(f"step {now.step}: the loss is not finite; back to the last good weights at half the rate")

    def _start_averaging(self) -> None:
        decay = self.config.averaging
        self.running.average = Average(self.running.parameters, decay) if decay else None

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
