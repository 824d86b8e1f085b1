"""The time of an epoch, told from its first steps, by a clock that a model moves."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from nlprnn.text.batching import StreamBatches
from nlprnn.training import timing


class Slow(torch.nn.Module):
    """A model whose first steps take ten seconds, and all others one; but for one of them, which takes a minute."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(3))
        self.now, self.steps = 0.0, 0
        self.states: list[int | None] = []

    def monotonic(self) -> float:
        return self.now

    def forward(self, batch, state):
        self.steps += 1
        self.states.append(state)
        self.now += 10.0 if self.steps <= timing.WARM else 60.0 if self.steps == timing.WARM + 2 else 1.0
        return SimpleNamespace(nll=self.weight.sum(), count=batch.targets.numel(), state=self.steps)


@pytest.mark.parametrize(("tokens", "seconds"), [(2001, 50), (400, 10), (80, 20)])
def test_an_epoch_takes_as_long_as_its_steps_without_the_slow_ones(monkeypatch, tokens: int, seconds: int) -> None:
    """500 rows of 10 steps are 50 batches; 100 rows 10; 20 rows 2, of which there are only slow ones."""
    model = Slow()
    monkeypatch.setattr(timing, "time", model)
    assert timing.seconds_of_an_epoch(model, StreamBatches(np.arange(tokens), 4, 10), torch.device("cpu")) == seconds
    assert model.states == [None, *range(1, model.steps)]
    assert torch.equal(model.weight, torch.ones(3))
