"""Which kernels are chosen."""

from __future__ import annotations

import pytest
import torch

from nlprnn.errors import ConfigError
from nlprnn.nn.kernels import library
from nlprnn.nn.kernels.dispatch import Compute, choose

CPU = torch.device("cpu")


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without a compiler."""
    monkeypatch.setattr(library, "load", lambda: None)
    monkeypatch.setattr(library, "instructions", lambda: 0)


def test_reference_kernels_never_compute_in_bfloat16() -> None:
    assert choose("reference", "bf16", CPU) == Compute("reference", bf16=False)


def test_a_kernel_and_a_precision_asked_for_are_taken() -> None:
    assert choose("torch", "fp32", CPU) == Compute("torch", bf16=False)
    assert choose("torch", "bf16", CPU) == Compute("torch", bf16=True)


@pytest.mark.skipif(library.instructions() == 0, reason="no compiled kernels here")
def test_compiled_kernels_are_the_first_choice_on_a_cpu() -> None:
    assert choose("auto", "fp32", CPU) == Compute("native", bf16=False)
    assert choose("auto", "auto", CPU) == Compute("native", bf16=library.instructions() == library.BF16)


@pytest.mark.skipif(library.instructions() == 0, reason="no compiled kernels here")
def test_without_the_instructions_compiled_kernels_use_bfloat16_only_if_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "instructions", lambda: library.INSTRUCTIONS.index("avx2"))
    assert choose("native", "auto", CPU) == Compute("native", bf16=False)
    assert choose("native", "bf16", CPU) == Compute("native", bf16=True)


@pytest.mark.usefixtures("no_library")
def test_without_a_compiler_torch_computes() -> None:
    assert choose("auto", "fp32", CPU) == Compute("torch", bf16=False)
    with pytest.raises(ConfigError, match="no C compiler that can at installation"):
        choose("native", "auto", CPU)


def test_compiled_kernels_are_for_the_cpu() -> None:
    with pytest.raises(ConfigError, match="for the CPU, not for cuda"):
        choose("native", "auto", torch.device("cuda"))
