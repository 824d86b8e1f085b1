"""The training loop: exact resume from anywhere, the NaN guard, budgets and interruption."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from nlprnn.checkpoint import LOG, STATE, WEIGHTS, ModelDirectory, read_tensors
from nlprnn.config.language_model import LanguageModelConfig, StreamTrainingConfig
from nlprnn.config.training import MOST_EPOCHS
from nlprnn.errors import ModelDirectoryError, NlprnnError
from nlprnn.inference.streams import stream_nll
from nlprnn.models.language_model import LanguageModel
from nlprnn.text.batching import StreamBatches
from nlprnn.training import trainer
from nlprnn.training.progress import Progress
from nlprnn.training.trainer import Trainer, Validation

TYPES = 12
IDS = np.random.default_rng(1).integers(0, TYPES, 900).astype(np.uint16)
NETWORK = LanguageModelConfig(hidden=8, layers=2, dropout=0.2, weight_drop=0.1)


class Clock:
    """Runs something when the trainer has made so many steps."""

    def __init__(self, step: int, act: Callable[[], None]) -> None:
        self.step, self.act, self.seen = step, act, 0

    def __call__(self) -> None:
        self.seen += 1
        if self.seen == self.step:
            self.act()


def make(path: Path, config: StreamTrainingConfig, at_step: Callable[[], None] = lambda: None) -> Trainer:
    """A trainer of a small network on random ids, with the directory claimed."""

    class Watched(LanguageModel):
        def forward(self, batch, state=None):
            at_step()
            return super().forward(batch, state)

    model = Watched(NETWORK, TYPES, config.seed)

    def validate() -> Validation:
        nll = stream_nll(model, IDS[:200]) / 200
        return Validation(nll, {"valid_perplexity": math.exp(nll)}, f"{nll:.3f}")

    directory = ModelDirectory(path)
    directory.claim(overwrite=False, resume=path.is_dir())
    if not (path / "config.json").is_file():
        directory.write_config("language-model")
    batches = StreamBatches(
        IDS, config.batch_size, config.bptt, config.variable_bptt, config.rotated_columns, config.seed
    )
    return Trainer(model, batches, validate, config, directory, Progress(quiet=True))


def finish(trainer: Trainer, resume: bool = False) -> Trainer:
    trainer.run(resume)
    trainer.directory.release()
    return trainer


def weights(path: Path) -> dict[str, torch.Tensor]:
    return {
        **read_tensors(path / STATE),
        **{"best " + name: part for name, part in read_tensors(path / WEIGHTS).items()},
    }


def figures(path: Path) -> list[float]:
    return [json.loads(line)["valid_perplexity"] for line in (path / LOG).read_text(encoding="utf-8").splitlines()]


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


CONFIGS = {
    "adamw": StreamTrainingConfig(batch_size=6, bptt=7, epochs=3, warmup=5),
    "sgd": StreamTrainingConfig(batch_size=6, bptt=7, epochs=3, optimizer="sgd", lr=2.0, schedule="plateau", clip=0.25),
    "averaged": StreamTrainingConfig(batch_size=6, bptt=7, epochs=3, averaging=0.9, evaluations_per_epoch=3),
    "variable": StreamTrainingConfig(batch_size=6, bptt=7, epochs=3, variable_bptt=True),
    "growing dropout": StreamTrainingConfig(batch_size=6, bptt=7, epochs=3, dropout_growth=2.0),
}
NT_ASGD = StreamTrainingConfig(
    batch_size=6,
    bptt=7,
    epochs=3,
    optimizer="nt-asgd",
    lr=5.0,
    clip=0.25,
    schedule="constant",
    nonmonotone=2,
    evaluations_per_epoch=4,
)


@pytest.mark.parametrize("name", list(CONFIGS))
@pytest.mark.parametrize("step", [1, 10, 22, 23, 40])  # an epoch has 22 steps
def test_a_run_stopped_and_resumed_ends_with_the_same_weights_bit_for_bit(tmp_path: Path, name: str, step: int) -> None:
    config = CONFIGS[name]
    finish(make(tmp_path / "whole", config))
    stop = Clock(step, lambda: os.kill(os.getpid(), signal.SIGTERM))
    stopped = finish(make(tmp_path / "parts", config, stop))
    assert stopped.now.step == step
    finish(make(tmp_path / "parts", config), resume=True)
    assert equal(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    logs = [figures(tmp_path / run) for run in ("whole", "parts")]
    assert logs[0] == logs[1]


def nt_asgd(path: Path) -> tuple[Trainer, int]:
    """A run of NT-ASGD, and the step after which it began to average."""
    run = finish(make(path, NT_ASGD))
    assert run.running.average is not None
    return run, run.now.step - run.running.average.steps + 1


@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_a_run_stopped_where_averaging_begins_ends_with_the_same_weights(tmp_path: Path, beside: int) -> None:
    _, began = nt_asgd(tmp_path / "whole")
    stop = Clock(began + beside, lambda: os.kill(os.getpid(), signal.SIGTERM))
    stopped = finish(make(tmp_path / "parts", NT_ASGD, stop))
    assert (stopped.running.average is None) == (beside < 0)
    finish(make(tmp_path / "parts", NT_ASGD), resume=True)
    assert equal(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    assert figures(tmp_path / "whole") == figures(tmp_path / "parts")


def test_nt_asgd_validates_and_keeps_the_mean_of_all_weights_since_validation_stalled(tmp_path: Path) -> None:
    made = make(tmp_path / "run", NT_ASGD)
    seen = []
    made.running.optimizer.register_step_post_hook(
        lambda *_: seen.append([parameter.detach().clone() for parameter in made.running.parameters])
    )
    run = finish(made)
    assert run.running.average is not None
    began = len(seen) - run.running.average.steps + 1
    found = figures(tmp_path / "run")
    steps = [json.loads(line)["step"] for line in (tmp_path / "run" / LOG).read_text(encoding="utf-8").splitlines()]
    place = steps.index(began)
    assert place > 2
    assert found[place] > min(found[: place - 2])
    assert all(found[t] <= min(found[: t - 2]) for t in range(3, place))
    model = LanguageModel(NETWORK, TYPES)

    def figure_of(first: int, last: int) -> float:
        """The validation figure of the mean of the weights after the steps `first` to `last`, counted from 1."""
        with torch.no_grad():
            for index, parameter in enumerate(model.parameters()):
                parameter.copy_(torch.stack([part[index] for part in seen[first - 1 : last]]).double().mean(0))
        return math.exp(stream_nll(model, IDS[:200]) / 200)

    assert found[: place + 1] == pytest.approx([figure_of(step, step) for step in steps[: place + 1]], rel=1e-5)
    assert found[place + 1 :] == pytest.approx([figure_of(began, step) for step in steps[place + 1 :]], rel=1e-5)
    assert run.now.best_step > began
    model.load_state_dict(read_tensors(tmp_path / "run" / WEIGHTS))
    assert math.exp(stream_nll(model, IDS[:200]) / 200) == pytest.approx(min(found), rel=1e-5)


def test_variable_lengths_scale_the_rate_and_the_budget_stays_in_epochs(tmp_path: Path) -> None:
    config = StreamTrainingConfig(
        batch_size=6, bptt=20, epochs=3, variable_bptt=True, optimizer="sgd", lr=2.0, schedule="constant", warmup=0
    )
    made = make(tmp_path / "run", config)
    rates, rows = [], []
    made.running.model.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0].inputs)))
    made.running.optimizer.register_step_post_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
    run = finish(made)
    assert rates == pytest.approx([2.0 * length / 20 for length in rows])
    assert len(set(rows)) > 5
    assert sum(rows) == 3 * 150
    assert (run.now.epoch, run.now.step) == (3, len(rates))
    assert len(figures(tmp_path / "run")) == 3


class KilledError(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = CONFIGS["adamw"]
    finish(make(tmp_path / "whole", config))
    monkeypatch.setattr(trainer, "CHECKPOINT_SECONDS", 0.0)

    def kill() -> None:
        raise KilledError

    killed = make(tmp_path / "parts", config, Clock(37, kill))
    with pytest.raises(KilledError):
        killed.run()
    killed.directory.release()
    finish(make(tmp_path / "parts", config), resume=True)
    assert equal(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_an_interrupted_run_leaves_a_usable_model_even_before_the_first_validation(tmp_path: Path) -> None:
    stop = Clock(3, lambda: os.kill(os.getpid(), signal.SIGINT))
    stopped = make(tmp_path / "run", CONFIGS["adamw"], stop)
    result = stopped.run()
    assert result.interrupted == signal.SIGINT
    assert (tmp_path / "run" / WEIGHTS).is_file()
    assert math.isfinite(result.state.best)


def test_a_loss_that_is_not_finite_goes_back_to_the_last_good_weights(tmp_path: Path) -> None:
    runs = {}

    def poison() -> None:
        with torch.no_grad():
            runs["it"].running.parameters[0].fill_(math.nan)

    runs["it"] = make(tmp_path / "run", CONFIGS["adamw"], Clock(30, poison))
    result = finish(runs["it"])
    assert result.now.recoveries == 1
    assert result.now.scale == 0.5
    assert result.now.finished
    assert all(torch.isfinite(tensor).all() for tensor in weights(tmp_path / "run").values())


def test_after_a_loss_that_is_not_finite_the_mean_of_nt_asgd_starts_anew(tmp_path: Path) -> None:
    _, began = nt_asgd(tmp_path / "healthy")
    runs = {}

    def poison() -> None:
        with torch.no_grad():
            runs["it"].running.parameters[0].fill_(math.nan)

    runs["it"] = make(tmp_path / "run", NT_ASGD, Clock(began + 3, poison))
    run = finish(runs["it"])
    assert run.now.recoveries == 1
    assert run.running.average is not None
    assert run.running.average.steps == run.now.step - (began + 3)
    assert all(torch.isfinite(tensor).all() for tensor in weights(tmp_path / "run").values())


def test_a_loss_that_stays_not_finite_is_told_with_a_remedy(tmp_path: Path) -> None:
    config = StreamTrainingConfig(
        batch_size=6, bptt=7, epochs=3, optimizer="sgd", lr=1e38, clip=0.0, schedule="constant"
    )
    diverging = make(tmp_path / "run", config)
    with pytest.raises(NlprnnError, match=r"not finite .* --lr"):
        diverging.run()


def test_early_stopping_ends_a_run_that_no_longer_improves(tmp_path: Path) -> None:
    config = StreamTrainingConfig(batch_size=6, bptt=7, epochs=50, patience=2, lr=0.05, schedule="constant", warmup=0)
    stopped = finish(make(tmp_path / "run", config))
    assert stopped.now.finished
    assert stopped.now.stale == 2
    assert stopped.now.epoch < 50


def test_a_budget_in_minutes_becomes_a_number_of_steps_that_is_stored(tmp_path: Path) -> None:
    config = StreamTrainingConfig(batch_size=6, bptt=7, max_minutes=0.05)
    run = finish(make(tmp_path / "run", config))
    state = ModelDirectory(tmp_path / "run").load_state()
    assert state is not None
    assert state[1]["now"]["total"] == run.now.total == run.now.step
    assert run.now.total <= MOST_EPOCHS * 22


@pytest.mark.parametrize(("minutes", "step_seconds"), [(10.0, 1.0), (10.0, 0.5), (1.0, 5.0)])
def test_a_machine_that_slows_down_after_the_first_seconds_keeps_to_the_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: float, step_seconds: float
) -> None:
    """By a clock of the test's own: steps take a third less time in the first twentieth, and validation takes none."""
    seconds = 0.0
    monkeypatch.setattr("time.monotonic", lambda: seconds)

    def step() -> None:
        nonlocal seconds
        seconds += step_seconds / (1.5 if seconds < 0.05 * 60 * minutes else 1.0)

    config = StreamTrainingConfig(batch_size=6, bptt=7, max_minutes=minutes, epochs=1000)
    run = finish(make(tmp_path / "run", config, step))
    assert seconds == run.now.seconds == pytest.approx(60 * minutes, abs=step_seconds + 1e-6)


def test_the_best_weights_on_validation_are_the_ones_that_are_kept(tmp_path: Path) -> None:
    config = StreamTrainingConfig(batch_size=6, bptt=7, epochs=4, lr=0.05, schedule="constant", warmup=0)
    run = finish(make(tmp_path / "run", config))
    logged = figures(tmp_path / "run")
    assert run.now.best_record["valid_perplexity"] == min(logged)
    model = LanguageModel(NETWORK, TYPES)
    model.load_state_dict(read_tensors(tmp_path / "run" / WEIGHTS))
    assert math.exp(stream_nll(model, IDS[:200]) / 200) == pytest.approx(min(logged), rel=1e-6)


def test_a_full_disk_keeps_what_was_saved_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = CONFIGS["adamw"]
    stop = Clock(10, lambda: os.kill(os.getpid(), signal.SIGTERM))
    finish(make(tmp_path / "run", config, stop))
    before = (tmp_path / "run" / STATE).read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nlprnn.checkpoint.save_tensors", full)
    resumed = make(tmp_path / "run", config)
    with pytest.raises(ModelDirectoryError, match=r"cannot be written \(No space left on device\)"):
        resumed.run(resume=True)
    assert (tmp_path / "run" / STATE).read_bytes() == before
    assert not list((tmp_path / "run").rglob("*.tmp"))


def test_resuming_a_model_whose_training_state_is_gone_does_not_cost_the_model(tmp_path: Path) -> None:
    finish(make(tmp_path / "run", CONFIGS["adamw"]))
    before = (tmp_path / "run" / WEIGHTS).read_bytes()
    shutil.rmtree(tmp_path / "run" / "training_state")
    resumed = make(tmp_path / "run", CONFIGS["adamw"])
    with pytest.raises(ModelDirectoryError, match="--overwrite"):
        resumed.run(resume=True)
    assert (tmp_path / "run" / WEIGHTS).read_bytes() == before


def test_killed_between_the_checkpoint_and_the_best_weights_a_run_writes_them_when_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CONFIGS["averaged"]
    finish(make(tmp_path / "whole", config))
    killed = make(tmp_path / "parts", config)

    def kill() -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(killed, "_keep_best", kill)
        with pytest.raises(KilledError):
            killed.run()
    killed.directory.release()
    assert not (tmp_path / "parts" / WEIGHTS).exists()
    finish(make(tmp_path / "parts", config), resume=True)
    assert equal(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_a_budget_in_minutes_never_exceeds_the_epochs_asked_for(tmp_path: Path) -> None:
    config = StreamTrainingConfig(batch_size=6, bptt=7, max_minutes=600, epochs=2)
    assert finish(make(tmp_path / "run", config)).now.step == 2 * 22


def test_dropouts_grow_from_zero_all_alike(tmp_path: Path) -> None:
    """Three epochs of 22 steps; one and a half of them are 33."""
    seen: list[list[float]] = []

    def note() -> None:
        model = run.running.model
        seen.append([model.dropout_input, model.dropout_output, model.stack.dropout, 2 * model.stack.weight_drop])

    run = make(tmp_path / "run", StreamTrainingConfig(batch_size=6, bptt=7, epochs=3, dropout_growth=1.5), note)
    finish(run)
    np.testing.assert_allclose(seen, [[0.2 * min(step / 33, 1.0)] * 4 for step in range(66)])
