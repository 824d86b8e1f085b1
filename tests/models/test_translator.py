"""The translator: whole sentences equal their steps, padding and neighbours change nothing."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from nlprnn.config.translation import TranslatorConfig
from nlprnn.inference.beam import select
from nlprnn.models.translator import Translator, TranslatorStepper
from nlprnn.nn.cells import CELLS
from nlprnn.nn.kernels import library
from nlprnn.nn.kernels.dispatch import Compute, has_native

TYPES, SOURCE_TYPES = 23, 19
PLAIN = {"hidden": 12, "embedding": 10, "dropout": 0.0, "dropout_embedding": 0.0}
KINDS = [
    {"attention": "bilinear", "decoder_layers": 2, "encoder_layers": 2},
    {"attention": "dot", "cell": "gru", "decoder_layers": 3},
    {"attention": "additive", "decoder_layers": 1, "encoder_layers": 1},
    {"attention": "none", "tied": False, "decoder_layers": 2},
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


@pytest.mark.parametrize("attention", ["dot", "bilinear"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("level", range(1, library.instructions() + 1))
def test_packed_steps_are_the_decoders_own(
    level: int, cell: str, layers: int, attention: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(3)
    config = TranslatorConfig(
        cell=cell, hidden=34, embedding=19, encoder_layers=1, decoder_layers=layers, attention=attention
    )
    model = Translator(config, 0, 53).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.4, 0.4)
    model.use(Compute("native"))
    with monkeypatch.context() as patch:
        patch.setattr(library, "instructions", lambda: level)
        packed = model.pack()
    assert packed is not None
    model.use(Compute("reference"))
    tolerance = {"rtol": 0.02, "atol": 0.05} if level == library.BF16 else {"rtol": 0.0, "atol": 1e-4}
    with torch.inference_mode():
        encoded = model.encode(torch.randint(2, 53, (7, 4)), torch.tensor([7, 5, 1, 3]))
        exact, fast = TranslatorStepper(model, encoded), TranslatorStepper(model, encoded, packed)
        own, state = exact.start(4), fast.start(4)
        for step in range(5):
            ids = torch.randint(0, 53, (len(own[2]),))
            wanted, own = exact.step(ids, own)
            found, state = fast.step(ids, state)
            torch.testing.assert_close(found, wanted, **tolerance)
            torch.testing.assert_close(state[2], own[2], **tolerance)
            if step == 1:  # two hypotheses of each source
                own, state = (select(each, torch.arange(4).repeat_interleave(2)) for each in (own, state))
            if step == 2:  # two of the sources are done
                stay, rows = torch.tensor([0, 3]), torch.tensor([0, 1, 6, 7])
                exact, fast = exact.keep(stay), fast.keep(stay)
                own, state = select(own, rows), select(state, rows)


@pytest.mark.skipif(not library.instructions(), reason="no compiled kernels here")
def test_a_packed_step_does_not_depend_on_the_sentences_beside_it() -> None:
    model = Translator(TranslatorConfig(hidden=40, embedding=24), 0, 61).eval()
    model.use(Compute("native"))
    packed = model.pack()
    source, lengths = torch.randint(2, 61, (9, 6)), torch.tensor([9, 4, 6, 2, 7, 1])
    ids = torch.randint(0, 61, (6,))
    with torch.inference_mode():
        encoded = model.encode(source, lengths)
        together = TranslatorStepper(model, encoded, packed)
        found, _ = together.step(ids, together.start(6))
        for row in (1, 3, 5):
            alone = together.keep(torch.tensor([row]))
            single, _ = alone.step(ids[row : row + 1], alone.start(1))
            assert torch.equal(single[0], found[row])
