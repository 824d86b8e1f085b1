"""The language model's loss: penalties beside it and never in it; how its weights begin."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor

from nlprnn.config.language_model import LanguageModelConfig
from nlprnn.models.language_model import LanguageModel
from nlprnn.text.batching import Batch

TYPES = 9
PLAIN = LanguageModelConfig(
    hidden=6,
    layers=2,
    dropout=0.0,
    dropout_embedding=0.0,
    weight_drop=0.0,
    activation_penalty=0.0,
    slowness_penalty=0.0,
)


def block(steps: int) -> Batch:
    ids = torch.randint(0, TYPES, (steps + 1, 3), generator=torch.Generator().manual_seed(4))
    return Batch(ids[:-1], ids[1:])


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 0.0), (0.0, 1.0), (2.0, 1.0)])
def test_penalties_of_activations_are_means_times_targets_and_not_in_the_nll(alpha: float, beta: float) -> None:
    config = dataclasses.replace(PLAIN, dropout_output=0.5, activation_penalty=alpha, slowness_penalty=beta)
    model, plain = LanguageModel(config, TYPES).train(), LanguageModel(PLAIN, TYPES)
    plain.dropout_output = 0.5
    raw: list[Tensor] = []
    model.stack.register_forward_hook(lambda module, inputs, found: raw.append(found[0]))
    torch.manual_seed(7)
    loss = model(block(5))
    torch.manual_seed(7)
    without = plain(block(5))
    torch.manual_seed(7)
    hidden = raw[0].detach()
    dropped = hidden * torch.empty(1, 3, 6).bernoulli_(0.5) * 2  # the locked mask that the loss was computed with
    assert 0 < int((dropped[0] == 0).sum()) < dropped[0].numel()
    parts = (dropped, hidden[1:] - hidden[:-1])
    means = [sum(x**2 for x in part.flatten().tolist()) / part.numel() for part in parts]
    assert loss.count == 15
    assert loss.penalty.item() == pytest.approx(15 * (alpha * means[0] + beta * means[1]), rel=1e-5)
    assert loss.nll.item() == without.nll.item()
    assert without.penalty.item() == 0.0


def test_there_are_no_penalties_outside_training() -> None:
    config = dataclasses.replace(PLAIN, activation_penalty=2.0, slowness_penalty=1.0)
    assert LanguageModel(config, TYPES).eval()(block(5)).penalty.item() == 0.0


def test_a_batch_of_a_single_step_has_no_slowness_to_punish() -> None:
    config = dataclasses.replace(PLAIN, slowness_penalty=1.0)
    loss = LanguageModel(config, TYPES).train()(block(1))
    loss.nll.add(loss.penalty).backward()
    assert loss.penalty.item() == 0.0


def test_uniform_recurrent_weights_are_those_of_torchs_own_layers() -> None:
    model = LanguageModel(LanguageModelConfig(hidden=64, recurrent_init="uniform", embedding_range=0.2), TYPES)
    theirs = torch.nn.LSTM(64, 64, num_layers=2)
    largest = max(float(weight.detach().abs().max()) for weight in theirs.parameters())
    for layer in model.stack.layers:
        for weight in layer.parameters():
            assert float(weight.detach().abs().max()) == pytest.approx(largest, rel=0.03)
    assert float(model.vocabulary.embedding.detach().abs().max()) == pytest.approx(0.2, rel=0.03)
