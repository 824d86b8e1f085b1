"""Translation: a bidirectional encoder, attention, and a decoder whose layers run over whole sequences.

The decoder's first layer reads the words so far and asks; what attention finds is read by the layers above it, and by
the output (as in Wu et al. 2016). Nothing that is computed at one word is needed at the next but through the recurrent
layers themselves, so that in training all words of a sentence go through each layer at once.

    words -> first layer -> attention -> upper layers -> readout -> output
                  |______________^  |________^__________^
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from nlprnn.config.translation import TranslatorConfig
from nlprnn.models.language_model import Loss
from nlprnn.nn.attention import Attention, Memory
from nlprnn.nn.dropout import dropout
from nlprnn.nn.kernels.dispatch import Compute, linear
from nlprnn.nn.kernels.stepping import PackedDecoder
from nlprnn.nn.stack import RecurrentStack, StackState
from nlprnn.nn.vocabulary import WIDE, Vocabulary, embed


class PairBatch(Protocol):
    """What the model reads: token ids (S, B) and (T, B), padded, with their lengths (B,) on the CPU."""

    @property
    def source(self) -> Tensor: ...
    @property
    def source_lengths(self) -> Tensor: ...
    @property
    def target_inputs(self) -> Tensor: ...
    @property
    def targets(self) -> Tensor: ...
    @property
    def target_lengths(self) -> Tensor: ...


class Encoded(NamedTuple):
    """What the encoder made of a batch of sources."""

    memory: Memory | None  # None without attention
    state: tuple[StackState, StackState]  # the decoder's first: of its first layer, and of those above


class Decoded(NamedTuple):
    """What the decoder made of target words."""

    readout: Tensor  # (T, B, E): what the output layer reads
    weights: Tensor | None  # (B, T, S): what each word attended to
    state: tuple[StackState, StackState]


class Translator(nn.Module):
    """Source ids to target ids over `target_types` types, and `source_types` for the source, or 0 for the same."""

    def __init__(self, config: TranslatorConfig, source_types: int, target_types: int, seed: int = 1) -> None:
        super().__init__()
        self.config = config
        generator = torch.Generator().manual_seed(seed)
        half, hidden, size = max(config.hidden // 2, 1), config.hidden, config.embedding

        def stack(inputs: int, sizes: list[int], bidirectional: bool = False) -> RecurrentStack:
            drops = config.dropout, config.weight_drop
            return RecurrentStack(config.cell, inputs, sizes, *drops, generator=generator, bidirectional=bidirectional)

        def weight(rows: int, columns: int, bound: float | None = None) -> nn.Parameter:
            bound = columns**-0.5 if bound is None else bound
            return nn.Parameter(torch.empty(rows, columns).uniform_(-bound, bound, generator=generator))

        context = 0 if config.attention == "none" else 2 * half
        self.vocabulary = Vocabulary(target_types, size, size, config.tied, config.dropout_embedding, WIDE, generator)
        self.source = weight(source_types, size, WIDE) if source_types else None
        self.encoder = stack(size, [half] * config.encoder_layers, bidirectional=True)
        self.bridge = weight(config.decoder_layers * self.encoder.cell.states * hidden, 2 * half)
        self.first = stack(size, [hidden])
        self.attention = Attention(config.attention, hidden, context, generator) if context else None
        above = [hidden] * (config.decoder_layers - 1)
        self.upper = stack(hidden + context, above) if above else None
        self.readout = weight(size, hidden + context)

    def use(self, compute: Compute) -> None:
        """Choose the kernels that compute everything."""
        for part in self.modules():
            if isinstance(part, (RecurrentStack, Vocabulary, Attention)):
                part.compute = compute

    @property
    def compute(self) -> Compute:
        """The kernels in use."""
        return self.first.compute

    @property
    def device(self) -> torch.device:
        return self.readout.device

    def pack(self) -> PackedDecoder | None:
        """The decoder as it is now, packed for steps; None where there are no compiled kernels for it."""
        compiled = self.compute.kernels == "native" and self.device.type == "cpu"
        if not compiled or self.attention is None or self.attention.kind == "additive":
            return None
        layers = [*self.first.weights(), *(self.upper.weights() if self.upper is not None else ())]
        ends, context = self.vocabulary, self.readout.shape[1] - self.config.hidden
        return PackedDecoder(self.first.cell, layers, ends.embedding, self.readout, ends.matrix(), ends.bias, context)

    def encode(self, source: Tensor, lengths: Tensor) -> Encoded:
        """Read sources (S, B) of some lengths (B,), each at least 1."""
        p = self.config.dropout_embedding if self.training else 0.0
        matrix = self.vocabulary.embedding if self.source is None else self.source
        outputs, last = self.encoder(self._drop(embed(source, matrix, p)), lengths=lengths)
        ends = torch.cat([last[-2][0], last[-1][0]], dim=1)  # (B, 2 half): where each direction ended
        bridged = linear(Compute(self.compute.kernels), ends, self.bridge)
        first = torch.tanh(bridged).split(self.config.hidden, dim=1)
        states = self.encoder.cell.states
        layers = tuple(first[index : index + states] for index in range(0, len(first), states))
        memory = None if self.attention is None else self.attention.prepare(self._drop(outputs), lengths)
        return Encoded(memory, (layers[:1], layers[1:]))

    def decode(
        self, inputs: Tensor, memory: Memory | None, state: tuple[StackState, StackState], lengths: Tensor | None = None
    ) -> Decoded:
        """Read target words (T, B) from a state; B may be a multiple of the memory's sources, theirs side by side."""
        x, after_first = self.first(self._drop(self.vocabulary.embed(inputs)), state[0], lengths)
        weights, above = None, state[1]
        if self.attention is not None:
            assert memory is not None
            sources = len(memory.values)
            steps, hypotheses = len(x), x.shape[1] // sources
            queries = x.transpose(0, 1).reshape(sources, hypotheses * steps, -1)  # those of a source side by side
            context, weights = self.attention(queries, memory)
            context = context.view(sources * hypotheses, steps, -1).transpose(0, 1)
            weights = weights.view(sources * hypotheses, steps, -1)
        if self.upper is not None:
            below = self._drop(x)
            x, above = self.upper(below if weights is None else torch.cat([below, context], dim=2), state[1], lengths)
        top = x if weights is None else torch.cat([x, context], dim=2)
        compute = self.compute.when(self.training)
        readout = torch.tanh(linear(compute, self._drop(top), self.readout))
        return Decoded(readout, weights, (after_first, above))

    def forward(self, batch: PairBatch, state: None = None) -> Loss:
        """The summed loss of a batch. Batches have nothing to do with each other: no state is carried."""
        encoded = self.encode(batch.source, batch.source_lengths)
        decoded = self.decode(batch.target_inputs, *encoded, batch.target_lengths)
        mask = torch.arange(len(batch.targets))[:, None] < batch.target_lengths  # (T, B)
        mask = mask.to(batch.targets.device)
        rows, targets = self._drop(decoded.readout)[mask], batch.targets[mask]
        loss, nll = self.vocabulary.objective(rows, targets, self.config.label_smoothing if self.training else 0.0)
        return Loss(nll.sum(), loss.sum() - nll.sum(), len(targets), None)

    def _drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.config.dropout, True, self.training, self.compute)


class TranslatorStepper:
    """A Stepper over some encoded sources; rows of one source stand side by side, each source having as many.

    `packed` is what `pack` made of the translator: steps are then several times as fast, and log-probabilities off by
    some hundredths. Without it they are exact.
    """

    def __init__(self, translator: Translator, encoded: Encoded, packed: PackedDecoder | None = None) -> None:
        self.translator, self.encoded, self.packed = translator.eval(), encoded, packed

    def start(self, batch: int) -> Any:
        """One fresh hypothesis for each source: the decoder's state, and how much each position was looked at."""
        memory = self.encoded.memory
        seen = self.translator.readout.new_zeros(batch, 0 if memory is None else memory.values.shape[1])
        return (*self.encoded.state, seen)

    def step(self, ids: Tensor, state: Any) -> tuple[Tensor, Any]:
        """ids (N,) -> log-probabilities (N, V) of the next token, in nats, and the new state."""
        model, memory = self.translator, self.encoded.memory
        if self.packed is not None and memory is not None:
            layers = (*state[0], *state[1])
            lengths = (~memory.outside).sum(dim=1)
            log_probs, after, looked = self.packed.attend(ids, layers, memory.keys, memory.values, lengths)
            return log_probs, (after[:1], after[1:], state[2] + looked)
        decoded = model.decode(ids[None], memory, state[:2])
        seen = state[2] if decoded.weights is None else state[2] + decoded.weights[:, 0]
        return torch.log_softmax(model.vocabulary.logits(decoded.readout[0]), dim=-1), (*decoded.state, seen)

    def keep(self, sources: Tensor) -> TranslatorStepper:
        """The same for only some of the sources."""
        memory, state = self.encoded
        some = tuple(tuple(tuple(part[sources] for part in layer) for layer in part_of) for part_of in state)
        kept = Encoded(None if memory is None else memory.select(sources), (some[0], some[1]))
        return TranslatorStepper(self.translator, kept, self.packed)

    def coverage(self, state: Any) -> Tensor | None:
        """The sum over source positions of log(min(attention so far, 1)) (Wu et al. 2016, equation 14): (N,)."""
        memory = self.encoded.memory
        if memory is None:
            return None
        outside = memory.outside.repeat_interleave(len(state[2]) // len(memory.values), dim=0)
        return state[2].clamp(1e-9, 1.0).log().masked_fill(outside, 0.0).sum(dim=1)
