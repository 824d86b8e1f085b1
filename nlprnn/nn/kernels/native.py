"""Whole recurrent layers and the output layer through the compiled kernels, as functions that autograd knows."""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from nlprnn.nn.cells import Cell, State, Weights
from nlprnn.nn.kernels import library
from nlprnn.nn.steps import Steps

FORWARD, BACKWARD = 0, 1
CELLS = ("lstm", "gru", "rnn-tanh", "rnn-relu")  # as csrc/native.h numbers them


def fields(kind: Any, names: str) -> list[tuple[str, Any]]:
    """Fields of a structure that are all of one kind."""
    return [(name, kind) for name in names.split()]


class Sequence(ctypes.Structure):
    """`struct sequence` of csrc/native.h."""

    _fields_ = fields(ctypes.c_int64, "cell steps rows batch inputs hidden backwards training") + fields(
        ctypes.c_void_p,
        "starts x w_ih w_hh b_ih b_hh h0 c0 out h_last c_last saved packed d_out d_h_last d_c_last "
        "d_x d_w_ih d_w_hh d_b_ih d_b_hh d_h0 d_c0",
    )


class _CrossEntropy(ctypes.Structure):
    """`struct cross_entropy` of csrc/native.h."""

    _fields_ = [
        *fields(ctypes.c_int64, "rows columns types"),
        *fields(ctypes.c_void_p, "x w bias targets"),
        ("smoothing", ctypes.c_double),
        *fields(ctypes.c_void_p, "w_mean subset loss nll subset_nll exponentials scale d_x d_loss d_w d_bias"),
    ]


class _Dropping(ctypes.Structure):
    """`struct dropping` of csrc/native.h."""

    _fields_ = [
        *fields(ctypes.c_int64, "count seed"),
        ("p", ctypes.c_double),
        *fields(ctypes.c_void_p, "x out"),
    ]


class _Linear(ctypes.Structure):
    """`struct linear` of csrc/native.h."""

    _fields_ = [*fields(ctypes.c_int64, "rows inputs outputs"), *fields(ctypes.c_void_p, "x w out")]


class _Largest(ctypes.Structure):
    """`struct largest` of csrc/native.h."""

    _fields_ = [*fields(ctypes.c_int64, "rows columns k"), *fields(ctypes.c_void_p, "x values places")]


def point(work: ctypes.Structure, **tensors: Tensor | None) -> None:
    """Have fields of a structure point to contiguous tensors."""
    for name, tensor in tensors.items():
        assert tensor is None or (tensor.is_contiguous() and tensor.dtype in (torch.float32, torch.int64, torch.uint8))
        setattr(work, name, None if tensor is None else tensor.data_ptr())


def _sequence(work: ctypes.Structure, direction: int, level: int) -> None:
    library.check(library.ready().nlprnn_sequence(ctypes.byref(work), direction, level, torch.get_num_threads()))


def _output(work: ctypes.Structure, direction: int, level: int) -> None:
    library.check(library.ready().nlprnn_output(ctypes.byref(work), direction, level, torch.get_num_threads()))


def _needs_gradient(*tensors: Tensor) -> bool:
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)


def run_sequence(
    level: int, cell: Cell, x: Tensor, steps: Steps, state: State, w: Weights, backwards: bool
) -> tuple[Tensor, State]:
    """One layer in one direction over x (N, I) from a state of (B, H) -> outputs (N, H), the states after the last."""
    keep = _needs_gradient(x, *w, *state)
    out, *last = _RunSequence.apply(cell.name, steps, backwards, level, keep, x, *w, *state)
    return out, tuple(last)


class _RunSequence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, cell: str, steps: Steps, backwards: bool, level: int, keep: bool, *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        x, w_ih, w_hh, b_ih, b_hh, h0, *c0 = (tensor.detach().contiguous() for tensor in tensors)
        hidden, memory = h0.shape[1], c0[0] if c0 else None
        work = Sequence(CELLS.index(cell), steps.count, len(x), len(h0), x.shape[1], hidden, backwards, keep)
        out, h_last, c_last = x.new_empty(len(x), hidden), torch.empty_like(h0), [torch.empty_like(c) for c in c0]
        point(work, starts=steps.starts, x=x, w_ih=w_ih, w_hh=w_hh, b_ih=b_ih, b_hh=b_hh, h0=h0, c0=memory)
        point(work, out=out, h_last=h_last, c_last=c_last[0] if c_last else None)
        if keep:
            saved = torch.empty(library.ready().nlprnn_sequence_saved(ctypes.byref(work), level), dtype=torch.uint8)
            point(work, saved=saved)
            ctx.save_for_backward(saved, steps.starts, w_ih, w_hh)
            ctx.work, ctx.level = work, level
        _sequence(work, FORWARD, level)
        return (out, h_last, *c_last)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        saved, starts, w_ih, w_hh = ctx.saved_tensors
        d_out, d_h_last, *d_c_last = (grad.contiguous() for grad in grads)
        work = ctx.work
        d_x = d_out.new_empty(work.rows, work.inputs) if ctx.needs_input_grad[5] else None
        d_w_ih, d_w_hh, d_h0 = torch.empty_like(w_ih), torch.empty_like(w_hh), torch.empty_like(d_h_last)
        d_b_ih, d_b_hh = w_ih.new_empty(len(w_ih)), w_ih.new_empty(len(w_ih))
        d_c0 = [torch.empty_like(d_c) for d_c in d_c_last]
        point(work, saved=saved, starts=starts, w_ih=w_ih, w_hh=w_hh, d_out=d_out, d_h_last=d_h_last, d_x=d_x)
        point(work, d_w_ih=d_w_ih, d_w_hh=d_w_hh, d_b_ih=d_b_ih, d_b_hh=d_b_hh, d_h0=d_h0)
        if d_c0:
            point(work, d_c_last=d_c_last[0], d_c0=d_c0[0])
        _sequence(work, BACKWARD, ctx.level)
        return (None, None, None, None, None, d_x, d_w_ih, d_w_hh, d_b_ih, d_b_hh, d_h0, *d_c0)


def linear_cross_entropy(
    level: int, x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float
) -> tuple[Tensor, Tensor]:
    """See dispatch.linear_cross_entropy."""
    keep = _needs_gradient(x, weight, bias)
    loss, nll = _LinearCrossEntropy.apply(level, smoothing, keep, targets, x, weight, bias)
    return loss, nll


def log_mass(
    level: int, x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, subset: Tensor
) -> tuple[Tensor, Tensor]:
    """See dispatch.log_mass."""
    x, weight, bias, targets = (tensor.detach().contiguous() for tensor in (x, weight, bias, targets))
    members, loss, nll, mass = subset.float(), *(x.new_empty(len(x)) for _ in range(3))
    work = _CrossEntropy(len(x), x.shape[1], len(weight))
    point(work, x=x, w=weight, bias=bias, targets=targets, subset=members, loss=loss, nll=nll, subset_nll=mass)
    _output(work, FORWARD, level)
    return nll.neg_(), mass.neg_()


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, level: int, smoothing: float, keep: bool, targets: Tensor, *tensors: Tensor
    ) -> tuple[Tensor, Tensor]:
        x, w, bias = (tensor.detach().contiguous() for tensor in tensors)
        assert int(targets.min()) >= 0 and int(targets.max()) < len(w)  # the library does not look
        targets, loss, nll = targets.contiguous(), x.new_empty(len(x)), x.new_empty(len(x))
        w_mean = torch.cat([w.mean(0), bias.mean()[None]]) if smoothing else None
        work = _CrossEntropy(len(x), x.shape[1], len(w), smoothing=smoothing)
        point(work, x=x, w=w, bias=bias, targets=targets, w_mean=w_mean, loss=loss, nll=nll)
        if keep:
            size = library.ready().nlprnn_output_saved(ctypes.byref(work), level)
            exponentials = torch.empty(size, dtype=torch.uint8)
            d_x, scale = torch.empty_like(x), torch.empty_like(loss)
            point(work, exponentials=exponentials, d_x=d_x, scale=scale)
            ctx.save_for_backward(x, targets, w_mean, exponentials, d_x, scale)
            ctx.work, ctx.level = work, level
        _output(work, FORWARD, level)
        ctx.mark_non_differentiable(nll)
        return loss, nll

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_loss: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        x, targets, w_mean, exponentials, d_x, scale = ctx.saved_tensors
        work, d_loss = ctx.work, d_loss.contiguous()
        d_w, d_bias = x.new_empty(work.types, work.columns), x.new_empty(work.types)
        point(work, x=x, targets=targets, w_mean=w_mean, exponentials=exponentials, scale=scale)
        point(work, d_loss=d_loss, d_w=d_w, d_bias=d_bias)
        _output(work, BACKWARD, ctx.level)
        return None, None, None, None, d_x * d_loss[:, None], d_w, d_bias


def linear(level: int, x: Tensor, weight: Tensor) -> Tensor:
    """x W^T without a gradient: x (..., I), weight (O, I) -> (..., O); each row the same whatever stands beside it."""
    x, weight = x.detach().contiguous(), weight.detach().contiguous()
    out = x.new_empty(*x.shape[:-1], len(weight))
    work = _Linear(x.numel() // x.shape[-1], x.shape[-1], len(weight))
    point(work, x=x, w=weight, out=out)
    library.check(library.ready().nlprnn_linear(ctypes.byref(work), level, torch.get_num_threads()))
    return out


def largest(level: int, x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """See dispatch.largest; 0 < k <= V."""
    x = x.detach().contiguous()
    values, places = x.new_empty(len(x), k), torch.empty(len(x), k, dtype=torch.int64)
    work = _Largest(len(x), x.shape[1], k)
    point(work, x=x, values=values, places=places)
    library.check(library.ready().nlprnn_largest(ctypes.byref(work), level, torch.get_num_threads()))
    return values, places


def drop(level: int, x: Tensor, p: float) -> Tensor:
    """See dispatch.drop."""
    seed = int(torch.randint(-(2**63), 2**63 - 1, (1,), dtype=torch.int64))
    dropped: Tensor = _Drop.apply(level, seed, p, x)
    return dropped


class _Drop(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, level: int, seed: int, p: float, x: Tensor) -> Tensor:
        ctx.settings = level, seed, p
        return _drop(level, seed, p, x.detach().contiguous())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[None, None, None, Tensor]:
        level, seed, p = ctx.settings
        return None, None, None, _drop(level, seed, p, d_out.contiguous())


def _drop(level: int, seed: int, p: float, x: Tensor) -> Tensor:
    out = torch.empty_like(x)
    work = _Dropping(x.numel(), seed, p)
    point(work, x=x, out=out)
    library.check(library.ready().nlprnn_drop(ctypes.byref(work), level, torch.get_num_threads()))
    return out
