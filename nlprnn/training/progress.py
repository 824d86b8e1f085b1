"""What a person sees while a model trains: a bar with loss, perplexity, speed and time left, and a line an epoch."""

from __future__ import annotations

import sys
from typing import Any

FORMAT = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"


class Progress:
    """On a terminal a progress bar; elsewhere the lines alone. Everything goes to standard error."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self._bar: Any = None

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

    def step(self, loss: float, perplexity: float, tokens_per_second: float) -> None:
        """One update: this epoch's mean loss in nats a token, its perplexity, and the speed of training steps alone."""
        if self._bar is None or self._bar.disable:
            return
        self._bar.set_postfix_str(f"loss {loss:.3f} ppl {perplexity:.1f} {tokens_per_second:,.0f} tok/s", refresh=False)
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
