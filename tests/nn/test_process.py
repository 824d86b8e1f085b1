"""Setting a process up changes speed, not results."""

from __future__ import annotations

import torch

from nlprnn.nn.kernels.process import prepare


def test_products_of_float32_stay_float32() -> None:
    prepare(torch.device("cpu"))
    generator = torch.Generator().manual_seed(1)
    a, b = (torch.randn(300, 400, generator=generator) for _ in range(2))
    exact = a.double() @ b.double().T
    assert float(((a @ b.T).double() - exact).norm() / exact.norm()) < 1e-6
