"""What `import nlprnn` offers."""

from __future__ import annotations

import subprocess
import sys

import nlprnn


def test_every_public_name_is_there() -> None:
    for name in nlprnn.__all__:
        assert getattr(nlprnn, name) is not None
    assert set(dir(nlprnn)) == set(nlprnn.__all__)


def test_importing_the_package_imports_nothing_slow() -> None:
    script = "import sys, nlprnn; assert not {'torch', 'numpy', 'click'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
