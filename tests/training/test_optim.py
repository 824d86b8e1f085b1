"""Schedules by hand, clipping, and weight averages."""

from __future__ import annotations

import pytest
import torch

from nlprnn.config import PRESETS, TrainingConfig, build
from nlprnn.training.optim import Average, clip_gradients, has_stalled, learning_rate


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


def test_averaging_starts_with_the_first_figure_worse_than_the_best_of_those_more_than_n_before() -> None:
    """Merity et al. 2018, algorithm 1: t > n and v > the least of logs[0 ... t-n-1]."""
    figures = [10.0, 9.0, 8.0, 8.5, 8.9, 8.1, 7.0, 7.9, 7.5, 7.2]
    #     t =   0    1    2    3    4    5    6    7    8    9
    #         those more than two before:  10   10,9  ..8  ..8  ..8  ..8  ..7
    stalled = [has_stalled(figure, figures[:t], 2) for t, figure in enumerate(figures)]
    assert [t for t, found in enumerate(stalled) if found] == [5, 9]
    assert not has_stalled(11.0, [10.0] * 5, 5)
    assert has_stalled(11.0, [10.0] * 6, 5)
    assert has_stalled(11.0, [10.0], 0)
    assert not has_stalled(10.0, [10.0] * 9, 5)  # as good as the best is not worse


def test_the_arithmetic_mean_is_that_of_torchs_averaged_sgd() -> None:
    """torch's mean starts with the second of its iterates, whatever t0 <= 0 would have it start with."""
    generator = torch.Generator().manual_seed(1)
    inputs, targets = torch.randn(30, 4, generator=generator), torch.randn(30, generator=generator)
    weight = torch.zeros(4, requires_grad=True)
    theirs = torch.optim.ASGD([weight], lr=0.1, lambd=0.0, alpha=0.0, t0=0.0)
    average = Average([weight])
    for step in range(40):
        theirs.zero_grad()
        (inputs @ weight - targets).square().mean().backward()
        theirs.step()
        if step > 0:
            average.update()
    assert torch.allclose(average.tensors[0], theirs.state[weight]["ax"], atol=1e-7)
    assert not torch.allclose(average.tensors[0], weight, atol=1e-3)
