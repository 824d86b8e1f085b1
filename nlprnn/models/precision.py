"""Reading in bfloat16 for a while, with models that otherwise compute exactly outside of training."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Protocol

from nlprnn.nn.kernels.dispatch import Compute


class Computing(Protocol):
    """A model whose kernels can be chosen."""

    @property
    def compute(self) -> Compute: ...
    def use(self, compute: Compute) -> None: ...


@contextlib.contextmanager
def computing(models: Sequence[Computing], fast: bool) -> Iterator[None]:
    """`fast`: inside the block the models' products are in bfloat16 where training has them there."""
    before = [model.compute for model in models]
    for model, compute in zip(models, before, strict=True):
        model.use(dataclasses.replace(compute, always=fast))
    try:
        yield
    finally:
        for model, compute in zip(models, before, strict=True):
            model.use(compute)
