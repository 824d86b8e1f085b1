"""Which implementation runs: the one place that knows all of them.

`reference` is the readable loop over cells; `torch` uses torch's own fused sequences and bfloat16 products.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nlprnn.nn import cells
from nlprnn.nn.kernels import output, sequence


@dataclass(frozen=True)
class Compute:
    """How to compute: `kernels` is "torch" or "reference", `bf16` whether training's large products are in bfloat16."""

    kernels: str = "torch"
    bf16: bool = False


def choose(kernels: str, precision: str, device: torch.device) -> Compute:
    """Resolve the settings `--kernels` and `--precision` for a device; `auto` takes what is fastest there."""
    fast = has_bf16(device) if precision == "auto" else precision == "bf16"
    return Compute("torch" if kernels == "auto" else kernels, bf16=fast and kernels != "reference")


def has_bf16(device: torch.device) -> bool:
    """Whether products in bfloat16 are faster than in float32 on a device."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.backends.mkldnn.is_available() and _cpu_has("avx512_bf16", "amx_bf16")


def _cpu_has(*features: str) -> bool:
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(feature, False) for feature in features)


def run_sequence(
    compute: Compute, cell: cells.Cell, x: Tensor, state: cells.State, w: cells.Weights
) -> tuple[Tensor, cells.State]:
    """One recurrent layer over x (T, B, I) from a state of (B, H) tensors -> outputs (T, B, H), last state."""
    if compute.kernels == "reference":
        return cells.unroll(cell, x, state, w)
    return sequence.run(cell, x, state, w, compute.bf16)


def linear_cross_entropy(compute: Compute, x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """-log softmax(x W^T + b)[target] of each row: x (N, H), weight (V, H), bias (V,), targets (N,) -> (N,) float32."""
    if compute.bf16:
        return output.linear_cross_entropy_bf16(x, weight, bias, targets)
    return torch.nn.functional.cross_entropy(torch.nn.functional.linear(x, weight, bias), targets, reduction="none")
