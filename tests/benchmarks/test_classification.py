"""benchmarks/classification.py at a size of no interest: that both sides tell the same, and how ratios come about."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nlprnn.nn.kernels import library

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import classification

    return classification


class Fake:
    """A side that reads so many tokens a second: each time it is measured, the next number."""

    def __init__(self, check: float, *rates: float) -> None:
        self.check, self.rates = check, iter(rates)

    def ask(self, order: str, *_: Any) -> float:
        return self.check if order == "build" else next(self.rates)


def test_ratios_are_those_of_each_round(bench: ModuleType) -> None:
    case = bench.Case("classify", cell="lstm", layers=1, hidden=8, vocabulary=50, batch=10)
    each = case.tokens / 10
    rates = {"plain": (10, 20, 40), "native": (30, 50, 40), "exact": (10, 30, 20)}
    sides = {side: Fake(5.0, *(rate * each for rate in found)) for side, found in rates.items()}
    found = bench.measured(case, sides, 3, 0.1)
    assert found["ratios"]["native"] == {"median": 2.5, "low": 1.0, "high": 3.0}
    assert found["ratios"]["exact"] == {"median": 1.0, "low": 0.5, "high": 1.5}
    assert found["texts_per_second"] == pytest.approx({"plain": 20, "native": 40, "exact": 20})


def test_sides_that_do_not_tell_the_same_are_not_compared(bench: ModuleType) -> None:
    case = bench.Case("classify", cell="lstm", layers=1, hidden=8, vocabulary=50, batch=10)
    with pytest.raises(ValueError, match="the sides tell other labels"):
        bench.measured(case, {"plain": Fake(5.0), "native": Fake(5.0), "exact": Fake(5.001)}, 3, 0.1)


@pytest.mark.slow
@pytest.mark.skipif(not library.instructions(), reason="there are no compiled kernels here")
def test_the_benchmark_runs_and_both_sides_agree(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "classification.py"), "--toy", "--json", str(tmp_path / "found.json")]
    done = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert not found["sides"]["plain"]["knows_nlprnn"]
    checks = found["timed"][0]["check"]
    assert checks["plain"] == pytest.approx(checks["exact"], rel=1e-5)
    assert found["timed"][0]["case"] in done.stdout
