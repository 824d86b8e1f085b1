"""Layers that learn at rates of their own, thaw one after the other, and go on exactly where they were."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nlprnn.checkpoint import STATE, WEIGHTS, ModelDirectory, read_tensors
from nlprnn.config.classification import ClassifierConfig, ClassifierTrainingConfig
from nlprnn.models.classifier import Classifier
from nlprnn.text.bucketing import ragged
from nlprnn.text.labelled_batches import TextBatches
from nlprnn.training.progress import Progress
from nlprnn.training.trainer import Trainer, Validation

RNG = np.random.default_rng(2)
TEXTS = ragged((RNG.integers(2, 12, length) for length in RNG.integers(1, 9, 40)), 12)
LABELS = RNG.integers(0, 3, 40)
NETWORK = ClassifierConfig(hidden=4, embedding=4, layers=2, head_hidden=0, dropout=0.2)
ULMFIT = ClassifierTrainingConfig(
    batch_size=8, epochs=5, layer_decay=2.6, unfreezing=True, schedule="triangular", averaging=0.9, lr=0.01
)  # five batches an epoch; in the fourth all of the four groups learn


def make(path: Path, config: ClassifierTrainingConfig, at_step: Callable[[Trainer], None]) -> Trainer:
    class Watched(Classifier):
        def forward(self, batch: Any, state: None = None) -> Any:
            at_step(made)
            return super().forward(batch, state)

    model = Watched(NETWORK, 12, 3)
    directory = ModelDirectory(path)
    directory.claim(overwrite=False, resume=path.is_dir())
    if not (path / "config.json").is_file():
        directory.write_config("classifier")

    def validate() -> Validation:
        figure = float(model.output.detach().norm())
        return Validation(figure, {"figure": figure}, "")

    batches = TextBatches(TEXTS, LABELS, config.batch_size, config.seed)
    made = Trainer(model, batches, validate, config, directory, Progress(quiet=True))
    return made


def run(
    path: Path, config: ClassifierTrainingConfig, at_step: Callable[[Trainer], None], resume: bool = False
) -> Trainer:
    made = make(path, config, at_step)
    made.run(resume)
    made.directory.release()
    return made


def test_a_group_is_frozen_until_its_epoch_and_rates_fall_downward(tmp_path: Path) -> None:
    rates: list[list[float]] = []
    weights: list[list[torch.Tensor]] = []

    def watch(made: Trainer) -> None:
        weights.append([torch.cat([part.detach().flatten() for part in group]) for group in made.groups])

    made = make(tmp_path / "run", ULMFIT, watch)
    made.running.optimizer.register_step_post_hook(
        lambda optimizer, *_: rates.append([group["lr"] for group in optimizer.param_groups])
    )
    made.run()
    made.directory.release()
    assert len(rates) == 25
    for step in range(24):
        above_frozen = step // 5 + 1  # groups that learn, from the top
        moved = [not torch.equal(*pair) for pair in zip(weights[step], weights[step + 1], strict=True)]
        assert moved == [4 - index <= above_frozen for index in range(4)]
        top = rates[step][-1]
        for above, rate in enumerate(reversed(rates[step])):
            assert rate == pytest.approx(0.0 if above >= above_frozen else top / 2.6**above)
    assert all(parameter.requires_grad for parameter in made.running.parameters)


@pytest.mark.parametrize("step", [1, 5, 14])
def test_a_run_that_thaws_and_is_stopped_and_resumed_ends_with_the_same_weights(tmp_path: Path, step: int) -> None:
    seen = 0

    def stop(made: Trainer) -> None:
        nonlocal seen
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGTERM)

    run(tmp_path / "whole", ULMFIT, lambda made: None)
    assert run(tmp_path / "parts", ULMFIT, stop).now.step == step
    run(tmp_path / "parts", ULMFIT, lambda made: None, resume=True)
    for name in (STATE, WEIGHTS):
        one, other = read_tensors(tmp_path / "whole" / name), read_tensors(tmp_path / "parts" / name)
        assert one.keys() == other.keys()
        assert [key for key in one if not torch.equal(one[key], other[key])] == []


def test_while_a_budget_is_measured_frozen_groups_cost_what_thawed_ones_do(tmp_path: Path) -> None:
    measured: list[tuple[bool, bool]] = []

    def watch(made: Trainer) -> None:
        frozen = made.groups[0][0]
        measured.append((made.now.total is None, frozen.requires_grad))

    config = ClassifierTrainingConfig(batch_size=8, epochs=3, max_minutes=5, unfreezing=True, averaging=0.0)
    made = make(tmp_path / "run", config, watch)
    before = made.groups[0][0].detach().clone()
    made.run()
    made.directory.release()
    assert set(measured[:10]) == {(True, True), (False, False)}  # only the top learns until the 11th
    assert torch.equal(before, made.groups[0][0].detach())  # three epochs do not reach the fourth group
