"""What translators make of sentences: their translations, and how well they predict given ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nlprnn.config.decoding import Sampling, Search
from nlprnn.inference.beam import Hypothesis, SourceStepper, search
from nlprnn.inference.drawing import draw_sequences
from nlprnn.inference.ensemble import Ensemble
from nlprnn.models.precision import computing
from nlprnn.models.translator import Translator, TranslatorStepper
from nlprnn.nn.kernels.stepping import PackedDecoder
from nlprnn.text.bucketing import PairBatch, Ragged, SourceBatch, buckets, in_order, pair_batch, pair_lengths, restored

SENTENCES = 64  # translated side by side
TOKENS = 8000  # of source and target, padding included, read side by side
ROWS = 2048  # whose probabilities of all types are held at a time

Decode = Callable[[SourceStepper, SourceBatch, list[int]], list[list[Hypothesis]]]


def longest_target(source_tokens: int) -> int:
    """How long a translation may become before it is cut off: far beyond what is sensible, so that all end."""
    return 2 * source_tokens + 20


def translate_ids(
    members: Sequence[Translator], sources: Ragged, how: Search, never: Sequence[int] = ()
) -> list[list[Hypothesis]]:
    """The best translations of each source, best first; several translators decide together. See `search`."""

    def decode(stepper: SourceStepper, batch: SourceBatch, most: list[int]) -> list[list[Hypothesis]]:
        return search(stepper, len(most), how, most, never)

    return _decoded(members, sources, decode)


def sample_ids(
    members: Sequence[Translator],
    sources: Ragged,
    sampling: Sampling,
    seeds: Sequence[int],
    draws: int = 1,
    never: Sequence[int] = (),
) -> list[list[Hypothesis]]:
    """So many translations drawn for each source, which has a seed of its own; likeliest first."""

    def decode(stepper: SourceStepper, batch: SourceBatch, most: list[int]) -> list[list[Hypothesis]]:
        own = [seeds[index] * draws for index in batch.indices]
        drawn = [draw_sequences(stepper, most, sampling, [seed + n for seed in own], never) for n in range(draws)]
        return [sorted(several, key=lambda one: -one.score) for several in zip(*drawn, strict=True)]

    return _decoded(members, sources, decode)


@torch.inference_mode()
def _decoded(members: Sequence[Translator], sources: Ragged, decode: Decode) -> list[list[Hypothesis]]:
    """What `decode` makes of the sources, some of like length at a time, in their order."""
    packed = [member.pack() for member in members]

    def results() -> Iterator[tuple[np.ndarray, list[list[Hypothesis]]]]:
        for batch in in_order(sources, SENTENCES):
            stepper = source_stepper(members, packed, batch.source, batch.source_lengths)
            most = [longest_target(length) for length in batch.source_lengths.tolist()]
            yield batch.indices, decode(stepper, batch, most)

    return restored(results())


def source_stepper(
    members: Sequence[Translator], packed: Sequence[PackedDecoder | None], source: Tensor, lengths: Tensor
) -> SourceStepper:
    """What searches and draws step through: sources (S, B) of some lengths (B,), read as precisely as steps will be.

    `packed` is what each translator's `pack` made; several translators decide together.
    """
    with computing(members, fast=None not in packed):
        encoded = [member.eval().encode(source.to(member.device), lengths) for member in members]
    steppers = [TranslatorStepper(*each) for each in zip(members, encoded, packed, strict=True)]
    return steppers[0] if len(steppers) == 1 else Ensemble(steppers)


class Predicted(NamedTuple):
    """How well given translations were predicted, word after word of the translation itself (teacher forcing)."""

    nll: float  # nats, summed
    tokens: int  # the end of each translation included
    correct: int  # of them the likeliest token


@torch.inference_mode()
def predict_targets(translator: Translator, source: Ragged, target: Ragged) -> Predicted:
    """Read pairs and predict each token of the target."""
    nll, tokens, correct = 0.0, 0, 0
    for _, batch in _pair_batches(source, target):
        rows, targets = _rows(translator, batch)
        for some, wanted in zip(rows.split(ROWS), targets.split(ROWS), strict=True):
            log_probs = torch.log_softmax(translator.vocabulary.logits(some), dim=1)
            nll -= float(log_probs.gather(1, wanted[:, None]).sum(dtype=torch.float64))
            correct += int((log_probs.argmax(1) == wanted).sum())
        tokens += len(targets)
    return Predicted(nll, tokens, correct)


@torch.inference_mode()
def attended(members: Sequence[Translator], source: Ragged, target: Ragged) -> list[np.ndarray] | None:
    """For each pair what each target token, `<eos>` included, attended to: (T + 1, S), the mean over several members.

    None where a member has no attention.
    """
    found: list[np.ndarray] = [np.empty((0, 0))] * len(source)
    for indices, batch in _pair_batches(source, target):
        weights = [_decoded_pairs(member, batch) for member in members]
        if any(each is None for each in weights):
            return None
        mean = torch.stack([each for each in weights if each is not None]).mean(0).cpu().numpy()
        for row, index in enumerate(indices):
            found[index] = mean[row, : batch.target_lengths[row], : batch.source_lengths[row]]
    return found


def _decoded_pairs(translator: Translator, batch: PairBatch) -> Tensor | None:
    here = batch.to(translator.device)
    encoded = translator.eval().encode(here.source, batch.source_lengths)
    return translator.decode(here.target_inputs, *encoded).weights


def _rows(translator: Translator, batch: PairBatch) -> tuple[Tensor, Tensor]:
    """What the output layer reads for each target token of a batch (N, E), and these tokens (N,)."""
    here = batch.to(translator.device)
    encoded = translator.eval().encode(here.source, batch.source_lengths)
    decoded = translator.decode(here.target_inputs, *encoded, batch.target_lengths)
    mask = (torch.arange(len(batch.targets))[:, None] < batch.target_lengths).to(translator.device)
    return decoded.readout[mask], here.targets[mask]


def _pair_batches(source: Ragged, target: Ragged) -> Iterator[tuple[np.ndarray, PairBatch]]:
    for indices in buckets(pair_lengths(source, target), TOKENS):
        yield indices, pair_batch(source, target, indices)
