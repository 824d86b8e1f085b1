"""Both ends of the vocabulary, and the fused loss against torch's cross entropy."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from nlprnn.nn.kernels.dispatch import Compute, linear_cross_entropy
from nlprnn.nn.vocabulary import Vocabulary


def gradients(compute: Compute | None, smoothing: float, n: int = 150, v: int = 301, h: int = 24) -> list[torch.Tensor]:
    """Losses, the bare -log p, and gradients of x, weight and bias under a weighted sum; None: torch's, in float64."""
    torch.manual_seed(4)
    kind = torch.float64 if compute is None else torch.float32
    x, weight, bias = (torch.randn(shape).to(kind).requires_grad_() for shape in ((n, h), (v, h), (v,)))
    targets, scale = torch.randint(0, v, (n,)), torch.rand(n).to(kind)
    if compute is None:
        logits = F.linear(x, weight, bias)
        losses = F.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)
        nll = F.cross_entropy(logits, targets, reduction="none")
    else:
        losses, nll = linear_cross_entropy(compute, x, weight, bias, targets, smoothing)
    (losses * scale).sum().backward()
    return [losses.detach(), nll.detach(), x.grad, weight.grad, bias.grad]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(
    ("compute", "tolerance"),
    [(Compute("reference"), 1e-5), (Compute("torch"), 1e-5), (Compute("torch", bf16=True), 1e-2)],
)
def test_the_fused_loss_and_its_gradients_are_torchs(compute: Compute, tolerance: float, smoothing: float) -> None:
    for found, wanted in zip(gradients(compute, smoothing), gradients(None, smoothing), strict=True):
        distance = (found.double() - wanted).norm() / wanted.norm()
        assert distance < tolerance


def test_a_probability_that_underflows_still_has_a_finite_loss() -> None:
    x, weight = torch.tensor([[1.0], [1.0]]), torch.tensor([[200.0], [-200.0], [0.0]])
    losses, _ = linear_cross_entropy(Compute(bf16=True), x, weight, torch.zeros(3), torch.tensor([1, 0]))
    assert losses.tolist() == pytest.approx([400.0, 0.0])


@pytest.mark.parametrize(("tied", "embedding", "hidden"), [(True, 6, 6), (True, 4, 6), (False, 6, 6), (False, 4, 6)])
def test_losses_are_the_log_softmax_of_the_logits(tied: bool, embedding: int, hidden: int) -> None:
    torch.manual_seed(1)
    vocabulary = Vocabulary(11, embedding, hidden, tied).eval()
    x, targets = torch.randn(3, 2, hidden), torch.randint(0, 11, (3, 2))
    logits = vocabulary.logits(x)
    assert logits.shape == (3, 2, 11)
    wanted = -torch.log_softmax(logits, -1).gather(-1, targets[..., None])[..., 0]
    torch.testing.assert_close(vocabulary.losses(x, targets), wanted)
    assert (vocabulary.output is None) == tied
    assert (vocabulary.projection is not None) == (tied and embedding != hidden)


def test_biases_that_start_at_counts_make_a_unigram_model_with_one_more_of_each_type() -> None:
    vocabulary = Vocabulary(3, 4, 4, tied=True)
    vocabulary.start_at(torch.tensor([6, 0, 1]))
    found = torch.softmax(vocabulary.logits(torch.zeros(4)), dim=-1)
    torch.testing.assert_close(found, torch.tensor([0.7, 0.1, 0.2]))


def test_embeddings_that_start_near_vectors_are_as_long_as_uniform_ones_and_the_others_stay() -> None:
    vocabulary = Vocabulary(5000, 48, 48, tied=True, embedding_range=0.3)
    drawn = vocabulary.embedding.detach().clone()
    vectors = torch.nn.functional.normalize(torch.randn(5000, 48), dim=1)
    vectors[7] = 0
    vocabulary.start_near(vectors, 0.3)
    found = vocabulary.embedding.detach()
    torch.testing.assert_close(found[7], drawn[7])
    assert float(found.norm(dim=1).mean()) == pytest.approx(float(drawn.norm(dim=1).mean()), rel=0.01)
    torch.testing.assert_close(torch.nn.functional.normalize(found[8:], dim=1), vectors[8:])
