"""Which implementation runs: the one place that knows all of them.

`reference` is the readable loop over cells; `torch` uses torch's own fused sequences and bfloat16 products; `native` is
compiled C, for CPUs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nlprnn.errors import ConfigError
from nlprnn.nn import cells
from nlprnn.nn.kernels import library, native, output, ranking, sequence
from nlprnn.nn.steps import Steps

FEW = 64  # numbers of a row that are found one by one; more are found by sorting


@dataclass(frozen=True)
class Compute:
    """How to compute: with which kernels, and whether large products are in bfloat16: of training alone, or always."""

    kernels: str = "torch"
    bf16: bool = False
    always: bool = False

    def when(self, training: bool) -> Compute:
        """How to compute in training, or out of it."""
        return self if training or self.always else Compute(self.kernels)


def choose(kernels: str, precision: str, device: torch.device) -> Compute:
    """Resolve the settings `--kernels` and `--precision` for a device; `auto` takes what is fastest there.

    Raises ConfigError where compiled kernels are asked for and cannot run.
    """
    if kernels == "native" and not has_native(device):
        raise ConfigError(f"--kernels native: {why_not_native(device)}; use --kernels torch")
    if kernels == "auto":
        kernels = "native" if has_native(device) else "torch"
    can = library.instructions() == library.BF16 if kernels == "native" else has_bf16(device)
    fast = can if precision == "auto" else precision == "bf16"
    return Compute(kernels, bf16=fast and kernels != "reference")


def has_native(device: torch.device) -> bool:
    """Whether the compiled kernels can run on a device."""
    return device.type == "cpu" and library.instructions() > 0


def why_not_native(device: torch.device) -> str:
    """Why the compiled kernels cannot run, in a few words."""
    if device.type != "cpu":
        return f"the compiled kernels are for the CPU, not for {device.type}"
    return library.why_not()


def has_bf16(device: torch.device) -> bool:
    """Whether torch's products in bfloat16 are faster than in float32 on a device."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.backends.mkldnn.is_available() and _cpu_has("avx512_bf16", "amx_bf16")


def _cpu_has(*features: str) -> bool:
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(feature, False) for feature in features)


def run_sequence(
    compute: Compute,
    cell: cells.Cell,
    x: Tensor,
    steps: Steps,
    state: cells.State,
    w: cells.Weights,
    backwards: bool = False,
) -> tuple[Tensor, cells.State]:
    """One recurrent layer in one direction over x (N, I) from a state of (B, H) -> outputs (N, H), last state."""
    if compute.kernels == "reference":
        return cells.unroll(cell, x, steps, state, w, backwards)
    if compute.kernels == "native":
        return native.run_sequence(library.for_precision(compute.bf16), cell, x, steps, state, w, backwards)
    return sequence.run(cell, x, steps, state, w, backwards, compute.bf16)


def linear_cross_entropy(
    compute: Compute, x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Losses of logits x W^T + b, row by row: x (N, H), weight (V, H), bias (V,), targets (N,) -> two (N,), in nats.

    The first is what to train on: with label smoothing s (Szegedy et al. 2016) (1 - s) times -log p(target) plus s
    times the mean of -log p over all types. The second is -log p(target) itself, without a gradient.
    """
    if compute.kernels == "native" and len(x):
        level = library.for_precision(compute.bf16)
        return native.linear_cross_entropy(level, x, weight, bias, targets, smoothing)
    if compute.kernels != "reference":
        return output.linear_cross_entropy(x, weight, bias, targets, smoothing, compute.bf16)
    log_probs = F.linear(x, weight, bias).log_softmax(dim=-1)
    nll = F.nll_loss(log_probs, targets, reduction="none")
    return (1 - smoothing) * nll - smoothing * log_probs.mean(dim=-1), nll.detach()


def log_mass(
    compute: Compute, x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, subset: Tensor
) -> tuple[Tensor, Tensor]:
    """log p(target), and the log of the mass on a subset (V,) bool of all types, row by row, without gradients."""
    if compute.kernels == "native":
        return native.log_mass(library.for_precision(compute.bf16), x, weight, bias, targets, subset)
    log_probs = F.linear(x, weight, bias).log_softmax(dim=-1)
    return log_probs.gather(1, targets[:, None])[:, 0], log_probs[:, subset].logsumexp(dim=-1)


def linear(compute: Compute, x: Tensor, weight: Tensor) -> Tensor:
    """x W^T in float32, the product in bfloat16 where asked for: x (..., I), weight (O, I) -> (..., O).

    Without a gradient the compiled kernels compute it, whose rows do not depend on how many there are, as those of
    torch's products do in their last bits: steps in bfloat16 would make much of that.
    """
    if compute.kernels == "native" and not torch.is_grad_enabled():
        return native.linear(library.for_precision(compute.bf16), x, weight)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=compute.bf16):
        return F.linear(x, weight).float()


def drop(compute: Compute, x: Tensor, p: float) -> Tensor:
    """Dropout of single numbers: each of x is 0 with probability p, else divided by 1 - p; p is below 1."""
    if compute.kernels == "native":
        return native.drop(library.for_precision(compute.bf16), x, p)
    return F.dropout(x, p)


def largest(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest numbers of each row (N, V), or all, and their places, (N, k) each; of equal ones the first first.

    Whatever finds them finds the same, so that there is nothing to choose.
    """
    if has_native(x.device) and x.dtype == torch.float32 and 0 < k <= min(FEW, x.shape[1]):
        return native.largest(library.instructions(), x, k)
    return ranking.largest(x, k)
