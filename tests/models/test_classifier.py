"""The classifier, against torch's own layers on packed sequences, and its losses, against formulas and scipy."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from nlprnn.config.classification import POOLINGS, ClassifierConfig
from nlprnn.models.classifier import Classifier, ordinal_log_probs
from nlprnn.nn.kernels.dispatch import Compute, choose

TYPES, CLASSES = 20, 4
UNDROPPED: dict[str, Any] = {"dropout": 0.0, "dropout_embedding": 0.0, "weight_drop": 0.0}
PLAIN = ClassifierConfig(hidden=6, embedding=5, layers=2, head_hidden=7, **UNDROPPED)


class Batch(NamedTuple):
    text: Tensor
    lengths: Tensor
    labels: Tensor


def batch(seed: int = 1) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    text, lengths = torch.randint(TYPES, (9, 5), generator=generator), torch.tensor([9, 2, 1, 6, 4])
    return Batch(text, lengths, torch.tensor([0, 3, 1, 1, 2]))


def plain_scores(model: Classifier, text: Tensor, lengths: Tensor) -> Tensor:
    """The same from torch.nn and nothing of ours but the weights."""
    config = model.config
    kind = {"lstm": nn.LSTM, "gru": nn.GRU}[config.cell]
    rnn = kind(config.embedding, config.hidden, config.layers, bidirectional=config.bidirectional)
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    for index, layer in enumerate(model.stack.layers):
        end = f"_l{index // model.stack.directions}" + ("_reverse" if index % model.stack.directions else "")
        for name, weight in zip(names, layer.undropped(), strict=True):
            getattr(rnn, name + end).data = weight.data
    packed = pack_padded_sequence(model.embedding[text], lengths, enforce_sorted=False)
    found, last = rnn(packed)
    h = last[0] if config.cell == "lstm" else last
    outputs, _ = pad_packed_sequence(found)
    rows = []
    for row, length in enumerate(lengths.tolist()):
        ends = torch.cat([h[-2, row], h[-1, row]]) if config.bidirectional else h[-1, row]
        own = outputs[:length, row]
        if config.pooling == "attention":
            score = torch.tanh(own @ model.pooling.w.T + model.pooling.b) @ model.pooling.v
            rows.append(score.softmax(0) @ own)
        else:
            one = {"last": ends, "mean": own.mean(0), "max": own.max(0).values}
            one["concatenated"] = torch.cat([ends, one["max"], one["mean"]])
            rows.append(one[config.pooling])
    pooled = torch.stack(rows)
    hidden = torch.relu(pooled @ model.hidden.T + model.hidden_bias) if model.hidden is not None else pooled
    return hidden @ model.output.T + model.bias


@pytest.mark.parametrize("kernels", ["torch", "auto"])
@pytest.mark.parametrize(
    "change",
    [
        *({"pooling": kind} for kind in POOLINGS),
        {"cell": "gru"},
        {"bidirectional": False, "pooling": "last"},
        {"head_hidden": 0, "layers": 1},
    ],
)
def test_scores_are_those_of_torchs_layers_on_packed_sequences(change: dict[str, Any], kernels: str) -> None:
    model = Classifier(dataclasses.replace(PLAIN, **change), TYPES, CLASSES).eval()
    model.use(choose(kernels, "fp32", torch.device("cpu")))
    text, lengths, _ = batch()
    with torch.no_grad():
        torch.testing.assert_close(
            model.scores(text, lengths), plain_scores(model, text, lengths), rtol=1e-4, atol=1e-5
        )


def test_what_stands_behind_a_texts_end_is_not_read() -> None:
    model = Classifier(PLAIN, TYPES, CLASSES).eval()
    text, lengths, _ = batch()
    other = text.clone()
    other[torch.arange(9)[:, None] >= lengths] = 7
    with torch.no_grad():
        torch.testing.assert_close(model.scores(text, lengths), model.scores(other, lengths), rtol=0, atol=0)


def test_ordinal_log_probabilities_are_differences_of_logistic_curves() -> None:
    score, thresholds = torch.tensor([-2.0, 0.0, 0.7, 5.0]), torch.tensor([-1.5, 0.3, -0.4])
    t = np.array([-1.5, -1.5 + np.exp(0.3), -1.5 + np.exp(0.3) + np.exp(-0.4)])
    below = expit(t[None, :] - score.numpy()[:, None])  # P(class <= k)
    expected = np.diff(np.concatenate([np.zeros((4, 1)), below, np.ones((4, 1))], axis=1), axis=1)
    np.testing.assert_allclose(ordinal_log_probs(score, thresholds).exp().numpy(), expected, rtol=2e-5)


def test_ordinal_log_probabilities_stay_finite_far_out_and_where_thresholds_meet() -> None:
    score = torch.tensor([-80.0, -1.0, 80.0], requires_grad=True)
    thresholds = torch.tensor([-1.0, -12.0, -12.0], requires_grad=True)
    found = ordinal_log_probs(score, thresholds)
    assert torch.isfinite(found).all()
    # between thresholds that are a small d apart: d times the density of the logistic distribution
    density = expit(0.0) * (1 - expit(0.0))
    np.testing.assert_allclose(found[1, 1].item(), np.log(np.exp(-12.0) * density), rtol=1e-4)
    found.sum().backward()
    assert torch.isfinite(score.grad).all() and torch.isfinite(thresholds.grad).all()


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_an_ordinal_model_begins_with_classes_equally_likely_at_a_score_of_zero(classes: int) -> None:
    model = Classifier(dataclasses.replace(PLAIN, ordinal=True), TYPES, classes)
    found = model.log_probs(torch.zeros(1, 1)).exp()
    torch.testing.assert_close(found, torch.full((1, classes), 1 / classes))


def test_the_loss_is_the_sum_of_minus_log_p_and_class_weights_are_a_penalty_of_training_alone() -> None:
    model = Classifier(PLAIN, TYPES, CLASSES)
    weights = torch.tensor([0.5, 2.0, 1.0, 3.0])
    model.class_weights.copy_(weights)
    given = batch()
    own = nn.functional.cross_entropy(plain_scores(model, given.text, given.lengths), given.labels, reduction="none")
    trained, judged = model(given), model.eval()(given)
    for loss in (trained, judged):
        torch.testing.assert_close(loss.nll, own.sum(), rtol=1e-4, atol=1e-4)
        assert loss.count == 5
    torch.testing.assert_close(trained.nll + trained.penalty, (weights[given.labels] * own).sum(), rtol=1e-4, atol=1e-4)
    assert float(judged.penalty.detach()) == 0.0


def test_the_loss_of_regression_is_half_the_squares() -> None:
    model = Classifier(dataclasses.replace(PLAIN, regression=True), TYPES, 3)
    given = batch()._replace(labels=torch.tensor([0.5, -1.0, 2.0, 0.0, 1.5]))
    told = plain_scores(model, given.text, given.lengths).detach()
    assert told.shape == (5, 1)
    expected = sum((float(one) - float(label)) ** 2 / 2 for one, label in zip(told[:, 0], given.labels, strict=True))
    assert float(model(given).nll.detach()) == pytest.approx(expected, rel=1e-4)


def test_layer_groups_hold_every_parameter_once_from_the_bottom_to_the_top() -> None:
    model = Classifier(dataclasses.replace(PLAIN, pooling="attention", ordinal=True), TYPES, CLASSES)
    groups = model.layer_groups()
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    found = [sorted({names[id(parameter)].rsplit(".", 1)[0] for parameter in group}) for group in groups]
    assert found == [
        ["embedding"],
        ["stack.layers.0", "stack.layers.1"],
        ["stack.layers.2", "stack.layers.3"],
        ["bias", "hidden", "hidden_bias", "output", "pooling", "thresholds"],
    ]
    assert sorted(id(parameter) for group in groups for parameter in group) == sorted(map(id, model.parameters()))


def test_dropout_is_for_training_alone() -> None:
    model = Classifier(dataclasses.replace(PLAIN, dropout=0.5, weight_drop=0.5, dropout_embedding=0.5), TYPES, CLASSES)
    model.use(Compute("torch"))
    text, lengths, _ = batch()
    torch.manual_seed(1)
    assert not torch.equal(model.scores(text, lengths), model.scores(text, lengths))
    model.eval()
    with torch.no_grad():
        torch.testing.assert_close(
            model.scores(text, lengths), plain_scores(model, text, lengths), rtol=1e-4, atol=1e-5
        )
