"""The translator: whole sentences equal their steps, padding and neighbours change nothing."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from nlprnn.config import TranslatorConfig
from nlprnn.models.translator import Translator, TranslatorStepper
from nlprnn.nn.kernels.dispatch import Compute, has_native

TYPES, SOURCE_TYPES = 23, 19
PLAIN = {"hidden": 12, "embedding": 10, "dropout": 0.0, "dropout_embedding": 0.0}
KINDS = [
    {"attention": "bilinear"},
    {"attention": "dot", "cell": "gru", "decoder_layers": 3},
    {"attention": "additive", "decoder_layers": 1, "encoder_layers": 1},
    {"attention": "none", "tied": False},
]


class Pairs(NamedTuple):
    source: Tensor
    source_lengths: Tensor
    target_inputs: Tensor
    targets: Tensor
    target_lengths: Tensor


def pairs() -> Pairs:
    torch.manual_seed(3)
    source, target = torch.randint(2, SOURCE_TYPES, (6, 3)), torch.randint(2, SOURCE_TYPES, (5, 3))
    inputs = torch.cat([torch.zeros(1, 3, dtype=torch.long), target[:-1]])
    return Pairs(source, torch.tensor([4, 6, 1]), inputs, target, torch.tensor([5, 2, 4]))


@pytest.fixture(params=["torch", "native"])
def compute(request: pytest.FixtureRequest) -> Compute:
    if request.param == "native" and not has_native(torch.device("cpu")):
        pytest.skip("no compiled kernels here")
    return Compute(request.param)


def translator(kind: dict, compute: Compute, joint: bool = False) -> Translator:
    model = Translator(TranslatorConfig(**PLAIN | kind), 0 if joint else SOURCE_TYPES, TYPES).eval()
    model.use(compute)
    return model


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_sentence_is_the_sum_of_its_steps(kind: dict, joint: bool, compute: Compute) -> None:
    model, batch = translator(kind, compute, joint), pairs()
    with torch.no_grad():
        loss = model(batch)
        stepper = TranslatorStepper(model, model.encode(batch.source, batch.source_lengths))
        state, total = stepper.start(3), 0.0
        for step, ids in enumerate(batch.target_inputs):
            log_probs, state = stepper.step(ids, state)
            wanted = log_probs.gather(1, batch.targets[step][:, None])[:, 0]
            total -= float((wanted * (step < batch.target_lengths)).sum())
    assert loss.count == 11
    assert float(loss.nll) == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_and_neighbours_change_nothing(kind: dict, compute: Compute) -> None:
    model, batch = translator(kind, compute), pairs()
    with torch.no_grad():
        together = float(model(batch).nll)
        alone = 0.0
        for b in range(3):
            s, t = int(batch.source_lengths[b]), int(batch.target_lengths[b])
            one = Pairs(
                batch.source[:s, b : b + 1],
                batch.source_lengths[b : b + 1],
                batch.target_inputs[:t, b : b + 1],
                batch.targets[:t, b : b + 1],
                batch.target_lengths[b : b + 1],
            )
            alone += float(model(one).nll)
    assert together == pytest.approx(alone, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_hypotheses_of_a_source_step_as_if_alone(kind: dict, compute: Compute) -> None:
    model, batch = translator(kind, compute), pairs()
    with torch.no_grad():
        stepper = TranslatorStepper(model, model.encode(batch.source, batch.source_lengths))
        _, state = stepper.step(torch.zeros(3, dtype=torch.long), stepper.start(3))
        words = torch.tensor([5, 7, 9, 2, 4, 8])  # two hypotheses for each source
        twice = tuple(_rows(part, torch.tensor([0, 0, 1, 1, 2, 2])) for part in state)
        found, after = stepper.step(words, twice)
        for row in range(6):
            kept = stepper.keep(torch.tensor([row // 2]))
            alone, _ = kept.step(words[row : row + 1], tuple(_rows(part, torch.tensor([row])) for part in twice))
            torch.testing.assert_close(found[row], alone[0], rtol=1e-4, atol=1e-5)
        coverage = stepper.coverage(after)
        if kind["attention"] == "none":
            assert coverage is None
        else:
            seen = after[2]
            torch.testing.assert_close(seen.sum(1), torch.full((6,), 2.0))  # two words, each with one whole attention
            wanted = [float(seen[row, : batch.source_lengths[row // 2]].clamp(max=1).log().sum()) for row in range(6)]
            torch.testing.assert_close(coverage, torch.tensor(wanted), rtol=1e-3, atol=1e-3)


def _rows(part: object, rows: Tensor) -> object:
    return part[rows] if isinstance(part, Tensor) else tuple(_rows(each, rows) for each in part)  # type: ignore


def test_label_smoothing_is_trained_on_and_not_reported(compute: Compute) -> None:
    model, batch = translator({"label_smoothing": 0.2}, compute), pairs()
    plain = model(batch)
    model.train()
    loss = model(batch)
    assert float(loss.nll) == pytest.approx(float(plain.nll), rel=1e-4)
    decoded = model.decode(batch.target_inputs, *model.encode(batch.source, batch.source_lengths), batch.target_lengths)
    mask = torch.arange(5)[:, None] < batch.target_lengths
    logits = model.vocabulary.logits(decoded.readout)[mask]
    wanted = F.cross_entropy(logits, batch.targets[mask], reduction="sum", label_smoothing=0.2)
    assert (loss.nll + loss.penalty).item() == pytest.approx(wanted.item(), rel=1e-4)
    (loss.nll + loss.penalty).backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in model.parameters())
