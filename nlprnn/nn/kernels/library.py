"""The compiled kernels as a library of C functions: whether there is one, what this processor lets it do, and calls.

It is built from csrc/ when the package is installed and a C compiler is there, and never at import. It is plain C and
knows neither Python nor torch, as this file knows no torch: tensors go over as addresses.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

from nlprnn.errors import NlprnnError

INSTRUCTIONS = ("none", "avx2", "avx512", "avx512-bf16")  # as csrc/native.c numbers them
BF16 = INSTRUCTIONS.index("avx512-bf16")


@functools.cache
def load() -> ctypes.CDLL | None:
    """The library, or None where it was not built."""
    for suffix in EXTENSION_SUFFIXES:
        path = Path(__file__).parent / f"_native{suffix}"
        if path.is_file():
            library = ctypes.CDLL(str(path))
            for name in ("sequence_saved", "output_saved", "sequence_packed", "step_packed"):
                getattr(library, f"nlprnn_{name}").restype = ctypes.c_int64
            return library
    return None


@functools.cache
def instructions() -> int:
    """The place in INSTRUCTIONS of the best set that library and processor have; 0 without either."""
    library = load()
    return 0 if library is None else int(library.nlprnn_instructions())


def describe() -> str:
    """Which kernels run on this CPU, and why not the compiled ones."""
    return f"native ({INSTRUCTIONS[instructions()]})" if instructions() else f"torch ({why_not()})"


def why_not() -> str:
    """Why the compiled kernels cannot run, in a few words."""
    if load() is None:
        return "compiled kernels were not built: no C compiler that can at installation, or not Linux on x86-64"
    return "this processor has neither AVX2 nor AVX-512"


def for_precision(bf16: bool) -> int:
    """The instruction set for products in bfloat16 or in float32, as csrc/native.c numbers them.

    A processor that cannot multiply bfloat16 multiplies the same numbers in float32: no faster, but read from half the
    memory.
    """
    best = instructions()
    if not bf16:
        return min(best, BF16 - 1)
    return best if best == BF16 else best + BF16


def _openmp() -> Sequence[Any]:
    """The functions of the OpenMP library in this process with which torch makes its threads; nulls where none is."""
    nothing = [ctypes.c_void_p()] * 3
    try:
        files = mapped(Path("/proc/self/maps").read_text())
    except OSError:
        return nothing
    # Torch's own first: others may have brought one of theirs.
    for path in sorted(files, key=lambda path: ("/torch/" not in path, path)):
        if Path(path).name.startswith(("libgomp", "libiomp", "libomp")):
            with contextlib.suppress(OSError):  # replaced since it was loaded
                library = ctypes.CDLL(path)
                names = ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads")
                if all(hasattr(library, name) for name in names):
                    return [ctypes.cast(getattr(library, name), ctypes.c_void_p) for name in names]
    return nothing


def mapped(maps: str) -> set[str]:
    """The files of /proc/PID/maps: what follows five columns, spaces included; anonymous memory has nothing there."""
    columns = (line.split(maxsplit=5) for line in maps.splitlines())
    return {line[5] for line in columns if len(line) == 6}


@functools.cache
def ready() -> ctypes.CDLL:
    """The library, with threads: those of the OpenMP library that torch has brought into the process."""
    library = load()
    assert library is not None
    library.nlprnn_use_openmp(*_openmp())
    return library


def check(failed: int) -> None:
    """Raise NlprnnError where a pass ran out of memory."""
    if failed:
        raise NlprnnError("out of memory; lower --batch-size, --bptt or --hidden")
