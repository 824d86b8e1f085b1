"""The compiled kernels, an optional extension; everything else stands in setup.cfg."""

import platform
import sys
from pathlib import Path

from setuptools import Extension, setup

SOURCES = Path("nlprnn/nn/kernels/csrc")
# Without a C compiler, or where it fails, the package is installed without the extension and works all the same. The
# library has no function for Python to import: it is opened with ctypes.
KERNELS = Extension(
    "nlprnn.nn.kernels._native",
    sorted(path.as_posix() for path in SOURCES.glob("*.c")),
    depends=sorted(path.as_posix() for path in SOURCES.glob("*.h")),
    extra_compile_args=["-O3", "-std=gnu11", "-fno-strict-aliasing"],
    libraries=["m", "pthread"],
    optional=True,
)
HERE = sys.platform.startswith("linux") and platform.machine() in ("x86_64", "AMD64")

setup(ext_modules=[KERNELS] if HERE else [])
