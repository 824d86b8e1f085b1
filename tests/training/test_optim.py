"""Schedules by hand, clipping, and weight averages."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from nlprnn.config.language_model import StreamTrainingConfig
from nlprnn.config.training import TrainingConfig
from nlprnn.presets import PRESETS
from nlprnn.settings import build
from nlprnn.training.optim import Average, clipped_step, gradient_norm, has_stalled, learning_rate, make_optimizer


def test_warm_up_rises_linearly_and_the_cosine_falls_to_zero() -> None:
    config = TrainingConfig(lr=1.0, warmup=10)
    rates = [learning_rate(config, step, 110, 0) for step in range(111)]
    assert rates[:10] == pytest.approx([0.1 * (step + 1) for step in range(10)])
    assert rates[60] == pytest.approx(0.5)
    assert rates[110] == pytest.approx(0.0, abs=1e-12)
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_warm_up_takes_at_most_a_tenth_of_a_short_run() -> None:
    assert learning_rate(TrainingConfig(lr=1.0, warmup=200), 4, 50, 0) == 1.0


def test_the_slanted_triangle_is_howard_and_ruders_equation_3() -> None:
    steps, cut_frac, ratio = 200, 0.1, 32
    cut = int(steps * cut_frac)
    expected = []
    for t in range(steps):
        p = t / cut if t < cut else 1 - (t - cut) / (cut * (1 / cut_frac - 1))
        expected.append(0.01 * (1 + p * (ratio - 1)) / ratio)
    config = TrainingConfig(lr=0.01, schedule="triangular", warmup=150)
    assert [learning_rate(config, t, steps, 0) for t in range(steps)] == pytest.approx(expected)
    assert learning_rate(config, 0, 3, 0) == pytest.approx(0.01 / 32)
    assert learning_rate(config, 1, 3, 0) == pytest.approx(0.01)


def test_groups_of_parameters_have_their_share_of_the_rate() -> None:
    low, high = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    config = TrainingConfig(optimizer="sgd", weight_decay=0.0)
    optimizer = make_optimizer([low, high], config, [[low], [high]])
    low.grad, high.grad = torch.ones(2), torch.ones(2)
    clipped_step(optimizer, gradient_norm([low, high]), 1.0, 0.5, [0.1, 1.0])  # the joint norm is 2
    torch.testing.assert_close(high.detach(), torch.full((2,), -0.25))
    torch.testing.assert_close(low.detach(), torch.full((2,), -0.025))


def test_zarembas_small_schedule_halves_after_the_fourth_epoch() -> None:
    config = build(StreamTrainingConfig, {}, "small")
    assert [learning_rate(config, 1, 10, epoch) / 20 for epoch in range(7)] == [1, 1, 1, 1, 0.5, 0.25, 0.125]


def test_zarembas_sizes_and_dropouts_are_the_published_ones() -> None:
    small, medium = PRESETS["small"], PRESETS["medium"]
    assert [small[key] for key in ("layers", "hidden", "dropout", "init_range", "bptt", "batch_size", "epochs")] == [
        2, 200, 0.0, 0.1, 20, 20, 13,
    ]  # fmt: skip
    assert [medium[key] for key in ("layers", "hidden", "dropout", "init_range", "bptt", "batch_size", "epochs")] == [
        2, 650, 0.5, 0.05, 35, 20, 39,
    ]  # fmt: skip


@pytest.mark.parametrize("largest", [0.0, 1.0, 1000.0])
@pytest.mark.parametrize(("optimizer", "decay"), [("adamw", 0.01), ("sgd", 0.01), ("sgd", 0.0)])
def test_clipped_steps_equal_torchs_clipping_before_its_own_steps(optimizer: str, decay: float, largest: float) -> None:
    torch.manual_seed(1)
    config = TrainingConfig(lr=0.1, clip=largest, optimizer=optimizer, weight_decay=decay)
    first = [torch.randn(4, 3), torch.randn(7)]
    ours, theirs = ([tensor.clone().requires_grad_() for tensor in first] for _ in range(2))
    mine, own = make_optimizer(ours, config), make_optimizer(theirs, config)
    for step in range(5):
        for a, b in zip(ours, theirs, strict=True):
            a.grad = torch.randn_like(a) * step
            b.grad = a.grad.clone()
        norm = gradient_norm(ours)
        wanted = torch.nn.utils.clip_grad_norm_(theirs, largest or float("inf"))
        assert norm == pytest.approx(float(wanted))
        clipped_step(mine, norm, largest, 0.05)
        for group in own.param_groups:
            group["lr"] = 0.05
        own.step()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_gradients_of_rows_count_and_step_like_whole_ones() -> None:
    torch.manual_seed(2)
    weight, ids = torch.randn(6, 3), torch.tensor([1, 4, 1])
    found = []
    for sparse in (False, True):
        leaf = weight.clone().requires_grad_()
        optimizer = make_optimizer([leaf], TrainingConfig(optimizer="sgd", weight_decay=0.0))
        F.embedding(ids, leaf, sparse=sparse).square().sum().backward()
        assert leaf.grad.is_sparse == sparse
        norm = gradient_norm([leaf])
        clipped_step(optimizer, norm, 1.0, 0.5)
        found.append((norm, leaf.detach()))
    assert found[0][0] == pytest.approx(found[1][0])
    torch.testing.assert_close(found[0][1], found[1][1])


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
