"""Schedules by hand, clipping, and weight averages."""

from __future__ import annotations

import pytest
import torch

from nlprnn.config import PRESETS, TrainingConfig, build
from nlprnn.training.optim import Average, clip_gradients, learning_rate


def test_warm_up_rises_linearly_and_the_cosine_falls_to_zero() -> None:
    config = TrainingConfig(lr=1.0, warmup=10)
    rates = [learning_rate(config, step, 110, 0) for step in range(111)]
    assert rates[:10] == pytest.approx([0.1 * (step + 1) for step in range(10)])
    assert rates[60] == pytest.approx(0.5)
    assert rates[110] == pytest.approx(0.0, abs=1e-12)
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_warm_up_takes_at_most_a_tenth_of_a_short_run() -> None:
    assert learning_rate(TrainingConfig(lr=1.0, warmup=200), 4, 50, 0) == 1.0


def test_zarembas_small_schedule_halves_after_the_fourth_epoch() -> None:
    config = build(TrainingConfig, {}, "small")
    assert [learning_rate(config, 1, 10, epoch) / 20 for epoch in range(7)] == [1, 1, 1, 1, 0.5, 0.25, 0.125]


def test_zarembas_sizes_and_dropouts_are_the_published_ones() -> None:
    small, medium = PRESETS["small"], PRESETS["medium"]
    assert [small[key] for key in ("layers", "hidden", "dropout", "init_range", "bptt", "batch_size", "epochs")] == [
        2, 200, 0.0, 0.1, 20, 20, 13,
    ]  # fmt: skip
    assert [medium[key] for key in ("layers", "hidden", "dropout", "init_range", "bptt", "batch_size", "epochs")] == [
        2, 650, 0.5, 0.05, 35, 20, 39,
    ]  # fmt: skip


def test_clipping_scales_the_joint_norm_and_only_when_it_is_too_large() -> None:
    a, b = (torch.zeros(size, requires_grad=True) for size in (2, 3))
    a.grad, b.grad = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0, 0.0])
    assert clip_gradients([a, b], 10.0) == pytest.approx(5.0)
    assert a.grad.tolist() == [3.0, 0.0]
    assert clip_gradients([a, b], 1.0) == pytest.approx(5.0)
    assert torch.cat([a.grad, b.grad]).norm() == pytest.approx(1.0)


def test_the_average_is_the_weighted_mean_of_the_weights_seen() -> None:
    weight = torch.zeros(1, requires_grad=True)
    average = Average([weight], decay=0.5)
    for value in (1.0, 2.0, 4.0):
        with torch.no_grad():
            weight.fill_(value)
        average.update()
    # weights 1/4, 1/2, 1 over their sum 7/4
    assert average.tensors[0].item() == pytest.approx((0.25 * 1 + 0.5 * 2 + 1 * 4) / 1.75)
    average.swap()
    assert weight.item() == pytest.approx((0.25 * 1 + 0.5 * 2 + 1 * 4) / 1.75)
    average.swap()
    assert weight.item() == 4.0
