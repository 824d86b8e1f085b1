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
    ]


class PackedNetwork:
    """Embedding (V, I), recurrent layers, perhaps a projection (C, H), and output layer (V, C), as they are now.

    Products are in bfloat16 where the processor has it: a step reads all weights once and does little else, so that its
    time is that of reading. Log-probabilities are then off by some hundredths; for figures to report there are others.
    """

    def __init__(
        self,
        cell: Cell,
        layers: list[Weights],
        embedding: Tensor,
        projection: Tensor | None,
        weight: Tensor,
        bias: Tensor,
    ) -> None:
        self.cell, self.level, self.ready = cell, library.instructions(), library.ready()
        self.sizes = [w.w_hh.shape[1] for w in layers]
        self._batch = 0
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
        sizes = [self._work.inputs, *self.sizes]
        self._rows = [torch.empty(batch, size) for size in sizes]
        point(self._work, x=self._rows[0])
        for depth, work in enumerate(self._sequences):
            work.cell, work.steps, work.rows, work.batch = CELLS.index(self.cell.name), 1, batch, batch
            work.inputs, work.hidden = sizes[depth], sizes[depth + 1]
            point(work, starts=self._starts, x=self._rows[depth], out=self._rows[depth + 1])

    def _room(self, size: int) -> Tensor:
        self._packed.append(torch.empty(size, dtype=torch.uint8))
        return self._packed[-1]

    def _run(self, function: ctypes._FuncPointer) -> None:
        library.check(function(ctypes.byref(self._work), self.level, torch.get_num_threads()))
