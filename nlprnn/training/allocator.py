"""The C library's allocator, told to keep the memory that training frees and asks for again at every step."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt
LARGE = 1 << 30


def keep_memory() -> None:
    """Serve blocks of up to 1 GiB from the heap and do not give the heap back: it ends page faults at every step.

    Where the C library is not glibc, nothing happens.
    """
    if sys.platform.startswith("linux"):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(M_MMAP_THRESHOLD, LARGE)
            mallopt(M_TRIM_THRESHOLD, 2 * LARGE - 1)
