"""Made-up tasks that need nothing but memory: something is shown, time passes, and it is asked for.

    delayed recall   c . . . . . ?          answer c at the ?         items 1, delay 5
    copying          c a b . . . ? _ _      answer c a b from the ?   items 3, delay 3

With `noise` each dot of the delay is one of several symbols drawn at random, which a network has to keep apart from
those it is to remember, as in task 2c of Hochreiter and Schmidhuber 1997 (Long short-term memory). Without, it is
always the same blank, as in the copying task of Arjovsky, Shah and Bengio 2016 (Unitary evolution recurrent neural
networks, section 5.1). They have 10 items of 8 symbols, ask for blanks at all other places, too, and write T for
delay + 1; here the items' places alone count, so that guessing is right once in `symbols` times.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Exercise:
    """Symbols to read, and what is to be answered at some of the places."""

    inputs: Tensor  # (T, B) ids
    targets: Tensor  # (T, B) ids; what stands where nothing is asked means nothing
    asked: Tensor  # (T, B) bool: where an answer is wanted

    def split(self, steps: int) -> list[Exercise]:
        """Pieces of `steps` time steps and a shorter last."""
        parts = (part.split(steps) for part in (self.inputs, self.targets, self.asked))
        return [Exercise(*pieces) for pieces in zip(*parts, strict=True)]


@dataclass(frozen=True)
class MemoryTask:
    """What is to be remembered, and what stands between it and the question.

    Ids 0 to `symbols` - 1 are items, then come the question and the blank, then, with noise, `symbols` distractors.
    """

    delay: int  # steps between the last item and the question
    items: int = 1
    symbols: int = 8
    noise: bool = True

    @property
    def question(self) -> int:
        return self.symbols

    @property
    def blank(self) -> int:
        return self.symbols + 1

    @property
    def alphabet(self) -> int:
        """How many ids there are."""
        return self.symbols + 2 + (self.symbols if self.noise else 0)

    @property
    def span(self) -> int:
        """The steps from an item to its answer."""
        return self.items + self.delay

    @property
    def steps(self) -> int:
        """The length of a trial."""
        return 2 * self.items + self.delay

    def trials(self, batch: int, generator: torch.Generator) -> Exercise:
        """Trials side by side, (`steps`, `batch`)."""
        items = torch.randint(self.symbols, (self.items, batch), generator=generator)
        answers = torch.full((self.items, batch), self.blank)
        answers[0] = self.question
        inputs = torch.cat([items, self._between(batch, generator), answers])
        targets, asked = torch.zeros_like(inputs), torch.zeros_like(inputs, dtype=torch.bool)
        targets[-self.items :] = items
        asked[-self.items :] = True
        return Exercise(inputs, targets, asked)

    def stream(self, steps: int, batch: int, generator: torch.Generator) -> Exercise:
        """Trial after trial in (`steps`, `batch`), each column begun at a random place of a trial.

        In a trial that is not seen from its beginning nothing is asked, because its items were not shown.
        """
        count = -(-steps // self.steps) + 1
        many = [self.trials(batch, generator) for _ in range(count)]
        begin = torch.randint(self.steps, (batch,), generator=generator)
        place = torch.arange(steps)[:, None] + begin  # (T, B)
        whole = (torch.cat([getattr(one, name) for one in many]) for name in ("inputs", "targets", "asked"))
        inputs, targets, asked = (part.gather(0, place) for part in whole)
        return Exercise(inputs, targets, asked & ((place >= self.steps) | (begin == 0)))

    def _between(self, batch: int, generator: torch.Generator) -> Tensor:
        """What fills the delay, (`delay`, `batch`)."""
        if not self.noise:
            return torch.full((self.delay, batch), self.blank)
        return self.blank + 1 + torch.randint(self.symbols, (self.delay, batch), generator=generator)
