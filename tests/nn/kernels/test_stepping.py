"""One token at a time with packed weights, against the model's own steps."""

from __future__ import annotations

import pytest
import torch

from nlprnn.config.language_model import LanguageModelConfig
from nlprnn.models.language_model import LanguageModel
from nlprnn.nn.cells import CELLS
from nlprnn.nn.kernels import library
from nlprnn.nn.kernels.dispatch import Compute
from nlprnn.nn.kernels.stepping import PackedNetwork

TYPES = 71
SHAPES = {
    "tied": {"hidden": 24},
    "untied": {"hidden": 33, "embedding": 10, "tied": False},
    "projected": {"hidden": 40, "embedding": 17},
    "narrow at the top": {"hidden": 40, "last_hidden": 9, "embedding": 9, "layers": 3},
}

pytestmark = pytest.mark.skipif(library.instructions() == 0, reason="no compiled kernels here")


def network(
    cell: str, shape: str, monkeypatch: pytest.MonkeyPatch, level: int, many: bool = False
) -> tuple[LanguageModel, PackedNetwork]:
    """A model, and its stepper, or one for many sequences at a time, with the instructions of a level."""
    model = LanguageModel(LanguageModelConfig(cell=cell, **SHAPES[shape]), TYPES).eval()
    torch.manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.5, 0.5)
    model.use(Compute("native"))
    with monkeypatch.context() as patch:
        patch.setattr(library, "instructions", lambda: level)
        ends = model.vocabulary
        weights = model.stack.weights(), ends.embedding, ends.projection, ends.matrix(), ends.bias
        packed = PackedNetwork(model.stack.cell, *weights, many=True) if many else model.stepper()
    assert isinstance(packed, PackedNetwork)
    model.use(Compute("reference"))
    return model, packed


@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("level", range(1, library.instructions() + 1))
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_packed_steps_are_the_models_own(
    level: int, cell: str, shape: str, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, packed = network(cell, shape, monkeypatch, level, many)
    exact = many and level != library.BF16
    tolerance = {"rtol": 0.0, "atol": 1e-4} if exact else {"rtol": 0.02, "atol": 0.05}
    with torch.inference_mode():
        state, own = packed.start(3), model.start(3)
        for step in range(6):
            ids = torch.randint(0, TYPES, (len(own[0][0]),))
            found, state = packed.step(ids, state)
            wanted, own = model.step(ids, own)
            torch.testing.assert_close(found, wanted, **tolerance)
            torch.testing.assert_close(found.exp().sum(1), torch.ones(len(ids)), rtol=0, atol=1e-4)
            if step == 2:  # as beam search goes on with some hypotheses, twice with one of them
                kept = torch.tensor([2, 0, 2, 1])
                state, own = (tuple(tuple(part[kept] for part in layer) for layer in each) for each in (state, own))


def test_a_step_does_not_depend_on_the_sequences_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _, packed = network("lstm", "tied", monkeypatch, library.instructions())
    ids = torch.arange(13)
    together, _ = packed.step(ids, packed.start(13))
    for place in (0, 7, 12):
        alone, _ = packed.step(ids[place : place + 1], packed.start(1))
        assert torch.equal(alone[0], together[place])


def test_without_compiled_kernels_the_model_steps_itself() -> None:
    model = LanguageModel(LanguageModelConfig(hidden=4), TYPES)
    model.use(Compute("torch"))
    assert model.stepper() is model


@pytest.mark.parametrize("level", range(1, library.instructions() + 1))
def test_a_weight_that_is_not_a_number_is_not_hidden(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = network("lstm", "untied", monkeypatch, level)
    with torch.no_grad():
        model.vocabulary.matrix()[7, 3] = torch.nan
    model.use(Compute("native"))
    monkeypatch.setattr(library, "instructions", lambda: level)
    with torch.inference_mode():
        packed = model.stepper()
        assert packed.step(torch.tensor([1]), packed.start(1))[0].isnan().all()
