"""What makes a whole process faster: the allocator, denormal numbers, and which library multiplies float32 matrices."""

from __future__ import annotations

import ctypes
import platform
import sys
from pathlib import Path

import torch

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt
LARGE = 1 << 30
MOST_OF_OLDER = 1 << 25  # what versions before 2.35 take; asked for more they change nothing
FLOAT32_ERROR = 1e-5  # of a product of unit-variance rows of 64: bfloat16's is a thousand times that


def prepare(device: torch.device) -> None:
    """Set this process up for computing on a device; on anything but a CPU there is nothing to do."""
    if device.type == "cpu":
        torch.set_flush_denormal(True)
        _keep_memory()
        _use_onednn()


def _keep_memory() -> None:
    """Serve blocks of up to 1 GiB (32 MiB with an older glibc) from the heap and do not give the heap back.

    It ends page faults at every step. Where the C library is not glibc, nothing happens.
    """
    if sys.platform.startswith("linux"):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            if not mallopt(M_MMAP_THRESHOLD, LARGE):
                mallopt(M_MMAP_THRESHOLD, MOST_OF_OLDER)
            mallopt(M_TRIM_THRESHOLD, 2 * LARGE - 1)


def _use_onednn() -> None:
    """Let oneDNN multiply float32 matrices where it does so in float32; torch calls that setting "medium".

    It is up to twice as fast as MKL on processors that are not Intel's, and little more than half as fast on those that
    are and lack bfloat16. Where there is bfloat16 "medium" may mean that, which a small product tells.
    """
    if made_by_intel():
        return
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(32, 64, generator=generator) for _ in range(2))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    error = (a @ b.T).double() - a.double() @ b.double().T
    if float(error.abs().max()) > 64 * FLOAT32_ERROR:
        torch.set_float32_matmul_precision(before)


def made_by_intel() -> bool:
    """Whether Intel made this processor, and MKL is at its best."""
    told = Path("/proc/cpuinfo")
    return "GenuineIntel" in (told.read_text() if told.is_file() else platform.processor())
