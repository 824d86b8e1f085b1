"""What a network makes of vectors: texts searched for or drawn, and how well it predicts given ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from nlprnn.config.decoding import Sampling, Search
from nlprnn.inference.beam import Hypothesis, search
from nlprnn.inference.drawing import draw_sequences
from nlprnn.models.vec2seq import Vec2Seq, Vec2SeqStepper
from nlprnn.text.vector_batches import VectorBatch

TEXTS = 128  # searched for or drawn side by side


@torch.inference_mode()
def search_texts(network: Vec2Seq, vectors: Tensor, how: Search, never: Sequence[int] = ()) -> list[Hypothesis]:
    """The best text found for each of the vectors (S, D), of at most as many tokens as trained on; see `search`."""
    found: list[Hypothesis] = []
    for some in vectors.split(TEXTS):
        most = [network.config.max_length + 1] * len(some)
        found += [best for best, *_ in search(Vec2SeqStepper(network, some), len(some), how, most, never)]
    return found


@torch.inference_mode()
def draw_texts(
    network: Vec2Seq, vectors: Tensor, sampling: Sampling, seeds: Sequence[int], never: Sequence[int] = ()
) -> list[Hypothesis]:
    """A text drawn for each of the vectors (S, D), with a seed of its own; see `draw_sequences`."""
    found: list[Hypothesis] = []
    for start in range(0, len(vectors), TEXTS):
        some, own = vectors[start : start + TEXTS], seeds[start : start + TEXTS]
        most = [network.config.max_length + 1] * len(some)
        found += draw_sequences(Vec2SeqStepper(network, some), most, sampling, own, never)
    return found


@torch.inference_mode()
def predict_texts(network: Vec2Seq, batches: Iterable[VectorBatch]) -> tuple[float, int]:
    """-log p of given texts, their ends included, in nats, and how many tokens that are."""
    network.eval()
    nll, tokens = 0.0, 0
    for batch in batches:
        loss = network(batch.to(network.device))
        nll, tokens = nll + float(loss.nll), tokens + loss.count
    return nll, tokens
