"""The network that makes texts from vectors against torch's own layers, and where the vector is fed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nlprnn.config.vec2seq import Vec2SeqConfig
from nlprnn.models.vec2seq import Vec2Seq, Vec2SeqStepper
from nlprnn.nn.kernels.dispatch import Compute, has_native

SIZE, TYPES = 3, 17
PLAIN = {"hidden": 8, "embedding": 6, "dropout": 0.0}
KINDS = [
    {"feed": "both", "layers": 2, "tied": True},
    {"feed": "state", "cell": "gru", "layers": 2, "tied": True, "embedding": 8},
    {"feed": "input"},
    {"feed": "both", "cell": "rnn-tanh"},
]


class Batch(NamedTuple):
    vectors: Tensor
    inputs: Tensor
    targets: Tensor
    lengths: Tensor


@pytest.fixture
def batch() -> Batch:
    torch.manual_seed(5)
    targets, lengths = torch.randint(1, TYPES, (5, 4)), torch.tensor([3, 5, 1, 4])
    for column, length in enumerate(lengths):
        targets[length - 1 :, column] = 0
    inputs = torch.cat([torch.zeros(1, 4, dtype=torch.long), targets[:-1]])
    return Batch(torch.randn(4, SIZE) * 3 + 100, inputs, targets, lengths)


@pytest.fixture(params=["torch", "native"])
def compute(request: pytest.FixtureRequest) -> Compute:
    if request.param == "native" and not has_native(torch.device("cpu")):
        pytest.skip("no compiled kernels here")
    return Compute(request.param)


def network(kind: dict, compute: Compute | None = None) -> Vec2Seq:
    made = Vec2Seq(Vec2SeqConfig(**PLAIN | kind), SIZE, TYPES, seed=2).eval()
    made.use(compute or Compute())
    rng = np.random.default_rng(1)
    made.standardise_by((rng.standard_normal((50, SIZE)) * [1, 3, 9] + [100, 99, 98]).astype(np.float32))
    with torch.no_grad():
        for bias in (made.vocabulary.bias, made.first_bias):
            if bias is not None:
                bias.uniform_(-1, 1)
    return made


def plainly(made: Vec2Seq, kind: dict, batch: Batch) -> Tensor:
    """-log p of all targets, by torch.nn alone and one text after the other."""
    layer = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn-tanh": nn.RNN}[kind.get("cell", "lstm")]
    layers, hidden, feed = kind.get("layers", 1), made.config.hidden, kind["feed"]
    own = layer(made.config.embedding + (SIZE if feed != "state" else 0), hidden, layers)
    weights = dict(made.named_parameters())
    names = {"w_ih": "weight_ih_l", "w_hh": "weight_hh_l", "b_ih": "bias_ih_l", "b_hh": "bias_hh_l"}
    filled = {
        theirs + str(i): weights[f"stack.layers.{i}.{name}"] for i in range(layers) for name, theirs in names.items()
    }
    parts = 2 if layer is nn.LSTM else 1
    total = torch.zeros(())
    for column, length in enumerate(batch.lengths.tolist()):
        z = (batch.vectors[column] - made.mean) / made.deviation
        x = weights["vocabulary.embedding"][batch.inputs[:length, column]]
        if feed != "state":
            x = torch.cat([x, z.repeat(length, 1)], dim=1)
        first = torch.zeros(layers, parts, hidden)
        if feed != "input":
            first = torch.tanh(weights["first"] @ z + weights["first_bias"]).view(layers, parts, hidden)
        state = (first[:, 0].contiguous(), first[:, 1].contiguous()) if parts == 2 else first[:, 0].contiguous()
        outputs, _ = torch.func.functional_call(own, filled, (x, state))
        if "vocabulary.projection" in weights:
            outputs = outputs @ weights["vocabulary.projection"].T
        logits = outputs @ weights.get("vocabulary.output", weights["vocabulary.embedding"]).T
        logits = logits + weights["vocabulary.bias"]
        total = total + F.cross_entropy(logits, batch.targets[:length, column], reduction="sum")
    return total


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_and_its_gradient_are_those_of_torchs_own_layers(kind: dict, compute: Compute, batch: Batch) -> None:
    made = network(kind, compute)
    loss, plain = made(batch), plainly(made, kind, batch)
    assert (loss.count, loss.state, float(loss.penalty)) == (13, None, 0.0)
    assert loss.nll.item() == pytest.approx(plain.item(), rel=1e-5)
    names, parameters = zip(*made.named_parameters(), strict=True)
    ours, theirs = torch.autograd.grad(loss.nll, parameters), torch.autograd.grad(plain, parameters)
    for name, one, other in zip(names, ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4, msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_text_is_the_sum_of_its_steps(kind: dict, compute: Compute, batch: Batch) -> None:
    made = network(kind, compute)
    with torch.no_grad():
        stepper, total = Vec2SeqStepper(made, batch.vectors), 0.0
        state = stepper.start(4)
        for step, ids in enumerate(batch.inputs):
            log_probs, state = stepper.step(ids, state)
            wanted = log_probs.gather(1, batch.targets[step][:, None])[:, 0]
            total -= float((wanted * (step < batch.lengths)).sum())
        assert float(made(batch).nll) == pytest.approx(total, rel=1e-4)


def test_the_vector_goes_where_feed_says(batch: Batch) -> None:
    other = batch.vectors + torch.tensor([1.0, -2.0, 3.0])
    for feed in ("state", "input", "both"):
        made = network({"feed": feed})
        (_, first), (_, second) = made.start(batch.vectors), made.start(other)
        assert (first[0][0].abs().max() > 0) == (feed != "input")
        assert torch.equal(first[0][0], second[0][0]) == (feed == "input")
        # What stands beside the words is all that differs where both start from the same state.
        one, two = (
            made.read(batch.inputs, (made.standardised(vectors), first))[0] for vectors in (batch.vectors, other)
        )
        assert torch.equal(one, two) == (feed == "state")
        assert (made.first is None) == (feed == "input")


def test_vectors_are_standardised_by_mean_and_deviation_of_the_training_vectors() -> None:
    made = Vec2Seq(Vec2SeqConfig(**PLAIN), SIZE, TYPES)
    made.standardise_by(np.array([[1, 0.1, -4], [3, 0.1, -4], [5, 0.1, 8], [7, 0.1, 0]], dtype=np.float32))
    assert made.mean.tolist() == pytest.approx([4, 0.1, 0])
    assert made.deviation.tolist() == pytest.approx([5**0.5, 1, 24**0.5])  # squares 9+1+1+9 and 16+16+64+0, over 4
    found = made.standardised(torch.tensor([[4.0, 0.1, 12.0], [4 + 2 * 5**0.5, 1.1, 0]]))
    torch.testing.assert_close(found, torch.tensor([[0.0, 0.0, 12 / 24**0.5], [2.0, 1.0, 0.0]]))


def test_mean_and_deviation_are_kept_with_the_weights_and_never_trained() -> None:
    made = network({"feed": "both"})
    again = Vec2Seq(made.config, SIZE, TYPES)
    again.load_state_dict(made.state_dict())
    assert torch.equal(again.mean, made.mean) and torch.equal(again.deviation, made.deviation)
    assert {"mean", "deviation"}.isdisjoint(name for name, _ in made.named_parameters())


def test_dropout_acts_on_words_and_outputs_and_never_on_the_vector(batch: Batch) -> None:
    made = Vec2Seq(Vec2SeqConfig(**PLAIN | {"dropout": 0.5, "feed": "input"}), SIZE, TYPES).train()
    seen: list[Tensor] = []
    made.stack.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    losses = {made(batch).nll.item() for _ in range(4)}
    assert len(losses) == 4
    words = made.config.embedding
    for x in seen:
        assert (x[..., :words] == 0).any()
        assert torch.equal(x[..., words:], made.standardised(batch.vectors).expand(5, 4, SIZE))
    assert made.eval()(batch).nll.item() == made(batch).nll.item()
