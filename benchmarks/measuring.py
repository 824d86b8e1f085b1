"""What a worker does in its own process: build a case for one side, and measure it when told to."""

from __future__ import annotations

import functools
import itertools
import math
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import plain
import torch
from cases import Case, smaller
from torch import Tensor

FEW = 3  # steps before anything is measured, unless they are long; and training steps whose memory is measured


class Subject(Protocol):
    """A case on one side: its parameters, and what is measured."""

    parameters: list[Tensor]

    def step(self) -> float: ...


class Measuring:
    """One side: "plain", or nlprnn with its "native" or "torch" kernels; of "classify" also "exact", in float32."""

    def __init__(self, side: str) -> None:
        self.side = side
        self.case: Case | None = None
        self.subject: Subject | None = None
        self.seconds = 0.0  # of a step
        if side != "plain":
            from nlprnn.nn.kernels.process import prepare

            prepare(torch.device("cpu"))

    def about(self) -> dict[str, Any]:
        """The process's settings, of which the plain side's are torch's defaults."""
        return {
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "matmul_precision": torch.get_float32_matmul_precision(),
            "denormals": bool(torch.tensor(1e-40) > 0),
            "knows_nlprnn": "nlprnn" in sys.modules,
        }

    def instructions(self) -> str:
        """What the compiled kernels can use here."""
        from nlprnn.nn.kernels import library

        return library.INSTRUCTIONS[library.instructions()]

    def build(self, case: Case, seconds: float) -> float:
        """Make a case ready, and warm for so many seconds; what its first step returned, the same on all sides."""
        self.case, self.subject = case, self._subject(case)
        started = time.perf_counter()
        check, steps = self._timed(1), 1
        while time.perf_counter() - started < seconds or (steps < FEW and self.seconds < seconds):
            self._timed(1)
            steps += 1
        return check

    def measure(self, seconds: float) -> float:
        """Tokens a second, over as many whole steps as take about `seconds`."""
        steps = math.ceil(seconds / self.seconds)
        self._timed(steps)
        return self.case.tokens / self.seconds

    def drop(self) -> None:
        self.case = self.subject = None

    def limit(self, products: tuple[tuple[int, int, int], ...]) -> float:
        """The best rate of some matrix products, in bfloat16 or, where that is only emulated, float32: operations a
        second."""
        best = 0.0
        for (rows, inner, columns), kind in itertools.product(products, (torch.bfloat16, torch.float32)):
            a, b = _random(rows, inner, kind), _random(inner, columns, kind)
            for _ in range(3):
                started = time.perf_counter()
                torch.mm(a, b)
                best = max(best, 2 * rows * inner * columns / (time.perf_counter() - started))
        return best

    def memory(self, case: Case) -> dict[str, int]:
        """Bytes that training takes beyond parameters and gradients; SGD has no state. For a fresh process only.

        The code of all that runs is in memory before: a network of no size has loaded it.
        """
        small = self._subject(smaller(case))
        for _ in range(FEW):
            small.step()
        before = _resident("VmRSS")
        subject = self._subject(case)
        for _ in range(FEW):
            subject.step()
        peak = _resident("VmHWM")
        held = sum(_size(parameter) + _size(parameter.grad) for parameter in subject.parameters)
        return {"peak": peak - before, "held": held, "working": peak - before - held}

    def gradients(self, case: Case) -> dict[str, dict[str, Any]]:
        """The largest relative error of a parameter's gradient, against plain float32: this side's and autocast's."""
        import ours

        exact, network = plain.network_of(case), ours.network_of(case, self.side)
        inputs, targets = next(plain.batches(case))
        names = [name for name, _ in network.named_parameters()]
        expected = _plain_gradients(exact, inputs, targets, autocast=False)
        loss = network(ours.Batch(inputs, targets.contiguous()))
        (loss.nll / loss.count).backward()
        found = [_dense(parameter.grad) for parameter in network.parameters()]
        autocast = _plain_gradients(exact, inputs, targets, autocast=True)
        return {self.side: _worst(names, found, expected), "autocast": _worst(names, autocast, expected)}

    def _subject(self, case: Case) -> Subject:
        if self.side == "plain":
            return plain.SUBJECTS[case.kind](case)
        import ours

        return ours.SUBJECTS[case.kind](case, self.side)

    def _timed(self, steps: int) -> float:
        """Run steps and note what one took; what the last returned."""
        found, started = 0.0, time.perf_counter()
        for _ in range(steps):
            found = self.subject.step()
        self.seconds = (time.perf_counter() - started) / steps
        return found


@functools.cache
def _random(rows: int, columns: int, kind: torch.dtype) -> Tensor:
    return torch.randn(rows, columns).to(kind)


def _plain_gradients(network: plain.Network, inputs: Tensor, targets: Tensor, autocast: bool) -> list[Tensor]:
    network.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        loss = plain.loss_of(network(inputs)[0], targets)
    loss.backward()
    return [parameter.grad for parameter in network.parameters()]


def _worst(names: list[str], found: list[Tensor], expected: list[Tensor]) -> dict[str, Any]:
    """The parameter whose gradient errs most, and by how much of its norm."""
    errors = {
        name: float((ours - theirs).norm() / theirs.norm())
        for name, ours, theirs in zip(names, found, expected, strict=True)
    }
    parameter = max(errors, key=lambda name: errors[name])
    return {"error": errors[parameter], "parameter": parameter}


def _dense(gradient: Tensor) -> Tensor:
    return gradient.to_dense() if gradient.is_sparse else gradient


def _size(tensor: Tensor | None) -> int:
    """Bytes of a tensor, or of the rows that a sparse one has."""
    if tensor is None:
        return 0
    if tensor.is_sparse:
        return tensor._values().nbytes + tensor._indices().nbytes
    return tensor.nbytes


def _resident(field: str) -> int:
    """Bytes: VmRSS, what is in memory now, or VmHWM, the most that ever was."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {field}")
