"""Where and with what a training run computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

from nlprnn.config.training import TrainingConfig
from nlprnn.errors import ConfigError
from nlprnn.nn.kernels.dispatch import has_native, why_not_native
from nlprnn.nn.kernels.process import prepare
from nlprnn.tasks.notes import Note

Network = TypeVar("Network", bound=torch.nn.Module)


def torch_device(name: str) -> torch.device:
    """The device of that name; ConfigError where this machine does not have it."""
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"--device {name}: not usable here ({reason}); use --device cpu") from None
    return device


def start_computing(training: TrainingConfig, note: Note) -> torch.device:
    """Take as many threads as asked for, prepare the device and return it; a note where kernels are slow ones."""
    if training.threads:
        torch.set_num_threads(training.threads)
    device = torch_device(training.device)
    prepare(device)
    if training.kernels == "auto" and device.type == "cpu" and not has_native(device):
        note(f"training with torch's kernels, about half as fast: {why_not_native(device)}")
    return device


def place(make: Callable[[], Network], device: torch.device) -> Network:
    """A new network on a device. Raises ConfigError where it does not fit into memory."""
    try:
        return make().to(device)
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"a network of this size cannot be made ({reason}); lower --hidden") from None
