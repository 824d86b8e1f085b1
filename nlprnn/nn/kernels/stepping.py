"""One token at a time through a whole network, with weights packed once: what sampling and beam search run on."""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from nlprnn.nn.cells import Cell, State, Weights
from nlprnn.nn.kernels import library
from nlprnn.nn.kernels.native import CELLS, Sequence, fields, point
from nlprnn.nn.steps import even_steps


class _Step(ctypes.Structure):
    """`struct step` of csrc/native.h."""

    _fields_ = [
        *fields(ctypes.c_int64, "layers batch types inputs columns"),
        *fields(ctypes.c_void_p, "sequences embedding w bias projection ids x log_probs packed"),
        *fields(ctypes.c_int64, "squash below sources positions values_size"),
        *fields(ctypes.c_void_p, "keys values lengths weights context joined"),
    ]


class PackedNetwork:
    """Embedding (V, I), recurrent layers, perhaps a projection (C, H), and output layer (V, C).

    They must not change as long as it is in use: some are packed here, and some read where they are.

    Weights are in bfloat16: a step of one sequence reads all of them once and does little else, so that its time is
    that of reading. Of many sequences they are in bfloat16 where the processor can multiply it. Log-probabilities are
    then off by some hundredths; for figures to report there are others.
    """

    def __init__(
        self,
        cell: Cell,
        layers: list[Weights],
        embedding: Tensor,
        projection: Tensor | None,
        weight: Tensor,
        bias: Tensor,
        many: bool = False,
        attended: int = 0,
    ) -> None:
        """`many`: sequences at a time, rather than one. `attended`: numbers that attention below adds to what the
        second layer and the projection read; see PackedDecoder."""
        self.level = library.instructions() if many else library.for_precision(bf16=True)
        self.cell, self.ready = cell, library.ready()
        self.sizes = [w.w_hh.shape[1] for w in layers]
        self._batch, self._attended = 0, attended
        self._sequences = (Sequence * len(layers))()
        self._work = _Step(len(layers), 1, len(weight), embedding.shape[1], weight.shape[1])
        self._work.sequences = ctypes.addressof(self._sequences)
        self._embedding = embedding.detach().float().contiguous()
        weights = [Weights(*(tensor.detach().contiguous() for tensor in w)) for w in layers]
        output = [None if tensor is None else tensor.detach().contiguous() for tensor in (weight, bias, projection)]
        self._bias = output[1]
        self._packed: list[Tensor] = []
        self._fit(1)
        for work, w in zip(self._sequences, weights, strict=True):
            room = self._room(self.ready.nlprnn_sequence_packed(ctypes.byref(work), self.level))
            point(work, w_ih=w.w_ih, w_hh=w.w_hh, b_ih=w.b_ih, b_hh=w.b_hh, packed=room)
        self._work.values_size, self._work.below = attended, 1
        self._work.keys = self._packed[0].data_ptr() if attended else None  # not read, but tells that there are some
        room = self._room(self.ready.nlprnn_step_packed(ctypes.byref(self._work), self.level))
        point(self._work, embedding=self._embedding, w=output[0], bias=output[1], projection=output[2], packed=room)
        self._run(self.ready.nlprnn_step_pack)

    def start(self, batch: int) -> tuple[State, ...]:
        """The state before the first token: zeros, (B, H) each."""
        return tuple(tuple(torch.zeros(batch, size) for _ in range(self.cell.states)) for size in self.sizes)

    def step(self, ids: Tensor, state: tuple[State, ...]) -> tuple[Tensor, tuple[State, ...]]:
        """ids (B,) -> log-probabilities of the next token (B, V), in nats, and the new state."""
        if len(ids) != self._batch:
            self._fit(len(ids))
        ids, log_probs = ids.contiguous(), torch.empty(len(ids), self._work.types)
        after = []
        for work, before in zip(self._sequences, state, strict=True):
            old = [part.contiguous() for part in before]
            new = tuple(torch.empty_like(part) for part in old)
            work.h0, work.h_last = old[0].data_ptr(), new[0].data_ptr()
            if len(new) > 1:
                work.c0, work.c_last = old[1].data_ptr(), new[1].data_ptr()
            after.append((old, new))
        self._work.ids, self._work.log_probs = ids.data_ptr(), log_probs.data_ptr()
        self._run(self.ready.nlprnn_step)
        return log_probs, tuple(new for _, new in after)

    def _fit(self, batch: int) -> None:
        """Have room for the rows of so many sequences."""
        self._batch, self._work.batch = batch, batch
        self._starts = even_steps(1, batch).starts
        below = [self._work.inputs, *self.sizes[:-1]]
        inputs = [size + self._attended * (depth == 1) for depth, size in enumerate(below)]
        outputs = [torch.empty(batch, size) for size in self.sizes]
        reads = [
            torch.empty(batch, size) if depth == 0 or size != below[depth] else outputs[depth - 1]
            for depth, size in enumerate(inputs)
        ]
        self._rows = outputs, reads
        point(self._work, x=reads[0])
        for depth, work in enumerate(self._sequences):
            work.cell, work.steps, work.rows, work.batch = CELLS.index(self.cell.name), 1, batch, batch
            work.inputs, work.hidden = inputs[depth], self.sizes[depth]
            point(work, starts=self._starts, x=reads[depth], out=outputs[depth])

    def _room(self, size: int) -> Tensor:
        self._packed.append(torch.empty(size, dtype=torch.uint8))
        return self._packed[-1]

    def _run(self, function: ctypes._FuncPointer) -> None:
        library.check(function(ctypes.byref(self._work), self.level, torch.get_num_threads()))


class PackedDecoder(PackedNetwork):
    """The same with attention between the first layer and the others: a query of the first layer's size is multiplied
    with the keys (see `nn.attention`), and what comes of it is read by the second layer, beside the first's output, and
    by a projection, beside the last's, whose result goes through tanh."""

    def __init__(
        self,
        cell: Cell,
        layers: list[Weights],
        embedding: Tensor,
        projection: Tensor,
        weight: Tensor,
        bias: Tensor,
        attended: int,
    ) -> None:
        super().__init__(cell, layers, embedding, projection, weight, bias, many=True, attended=attended)
        self._work.squash = 1

    def attend(
        self, ids: Tensor, state: tuple[State, ...], keys: Tensor, values: Tensor, lengths: Tensor
    ) -> tuple[Tensor, tuple[State, ...], Tensor]:
        """As `step`, with keys (S, P, H) and values (S, P, K) of some sources, of which `lengths` (S,) positions are
        there -> log-probabilities (B, V), the new state and weights (B, P); rows of a source stand side by side."""
        batch, (sources, positions, size) = len(ids), values.shape
        weights, context = torch.empty(batch, positions), torch.empty(batch, size)
        joined = torch.empty(batch, self.sizes[-1] + size)
        self._work.sources, self._work.positions = sources, positions
        given = {"keys": keys.contiguous(), "values": values.contiguous(), "lengths": lengths.contiguous()}
        point(self._work, **given, weights=weights, context=context, joined=joined)
        log_probs, after = self.step(ids, state)
        return log_probs, after, weights
