"""How long training will take, before it begins."""

from __future__ import annotations

import itertools
import statistics
import time

import torch

from nlprnn.training.optim import gradient_norm
from nlprnn.training.run_state import Batches

WARM, TIMED = 3, 7  # steps: the first ones are slower than the others


def seconds_of_an_epoch(model: torch.nn.Module, batches: Batches, device: torch.device) -> float:
    """About how long an epoch of `batches` takes to train on: forward and backward passes of its first few, all taken.

    The model is left with gradients, and the weights it had.
    """
    steps, parameters, times, carried = batches.length(0), list(model.parameters()), [], None
    model.train()
    for batch in itertools.islice(batches, WARM + TIMED):
        started = time.monotonic()
        loss = model(batch.to(device), carried)
        (loss.nll / loss.count).backward()
        gradient_norm(parameters)  # a number of Python's, for which a GPU has to be done
        times.append(time.monotonic() - started)
        carried = loss.state
    return steps * statistics.median(times[WARM:] or times)
