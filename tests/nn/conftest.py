"""The kernels that can run here."""

from __future__ import annotations

import pytest
import torch

from nlprnn.nn.kernels.dispatch import has_native

KERNELS = ("reference", "torch", "native")


@pytest.fixture(params=KERNELS)
def kernels(request: pytest.FixtureRequest) -> str:
    """Each implementation in turn; the compiled one where it was built and can run."""
    if request.param == "native" and not has_native(torch.device("cpu")):
        pytest.skip("no compiled kernels here")
    name: str = request.param
    return name
