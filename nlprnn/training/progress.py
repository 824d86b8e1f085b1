"""What a person sees while a model trains: a bar with loss, speed and time left, and a line an epoch."""

from __future__ import annotations

import sys
from typing import Any

from nlprnn.metrics.likelihood import perplexity

FORMAT = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"


class Progress:
    """On a terminal a progress bar; elsewhere the lines alone. Everything goes to standard error.

    `unit` is what the loss is a mean over: tokens, of which the perplexity is told, or texts, of which the loss is.
    """

    def __init__(self, quiet: bool = False, unit: str = "tok") -> None:
        self.quiet, self.unit = quiet, unit
        self._bar: Any = None

    def loss(self, mean: float) -> str:
        """The mean loss in nats as it is told: "ppl    12.34", or "loss  0.123"."""
        return f"ppl {perplexity(mean, 1):8.2f}" if self.unit == "tok" else f"loss {mean:6.3f}"

    def speed(self, per_second: float) -> str:
        """How many units a second, of training steps alone."""
        return f"{per_second:,.0f} {self.unit}/s"

    def start(self, done: int, total: int | None) -> None:
        """Show the bar; called again when the number of steps becomes known."""
        from tqdm import tqdm

        if self._bar is not None:
            self._bar.total = total
            self._bar.refresh()
            return
        off = True if self.quiet else None  # None: shown on a terminal only
        self._bar = tqdm(
            total=total, initial=done, desc="training", unit="step", disable=off, bar_format=FORMAT, leave=False
        )

    def step(self, loss: float, per_second: float) -> None:
        """One update: this epoch's mean loss in nats, and the speed of training steps alone."""
        if self._bar is None or self._bar.disable:
            return
        self._bar.set_postfix_str(f"{self.loss(loss)} {self.speed(per_second)}", refresh=False)
        self._bar.update()

    def line(self, text: str) -> None:
        """A line that stays."""
        if self.quiet:
            return
        from tqdm import tqdm

        tqdm.write(text, file=sys.stderr)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
