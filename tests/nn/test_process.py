"""Setting a process up changes speed, not results."""

from __future__ import annotations

import pytest
import torch

from nlprnn.nn.kernels import process
from nlprnn.nn.kernels.process import prepare


def test_products_of_float32_stay_float32() -> None:
    prepare(torch.device("cpu"))
    generator = torch.Generator().manual_seed(1)
    a, b = (torch.randn(300, 400, generator=generator) for _ in range(2))
    exact = a.double() @ b.double().T
    assert float(((a @ b.T).double() - exact).norm() / exact.norm()) < 1e-6


def test_on_intels_processors_intels_library_goes_on_multiplying(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    monkeypatch.setattr(process, "made_by_intel", lambda: True)
    prepare(torch.device("cpu"))
    assert torch.get_float32_matmul_precision() == "highest"
    torch.set_float32_matmul_precision(before)
