"""Workers: processes that each hold one side, and sleep on a pipe while another is measured."""

from __future__ import annotations

import multiprocessing
import signal
from multiprocessing.connection import Connection
from typing import Any

PATIENCE = 600.0  # seconds for one answer


class Failed(Exception):
    """What went wrong, in one line."""


class Worker:
    """A process of its own for a side; see measuring.py for what it may be asked."""

    def __init__(self, side: str) -> None:
        context = multiprocessing.get_context("spawn")  # a fresh interpreter, with the settings of nobody else
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(side, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def ask(self, order: str, *arguments: Any) -> Any:
        """The answer of a method of Measuring. Raises Failed where that raises, or the process dies or hangs."""
        try:
            self.pipe.send((order, arguments))
            if not self.pipe.poll(PATIENCE):
                self.close()
                raise Failed(f"gave no answer for {PATIENCE:.0f} s and was stopped")
            good, answer = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(PATIENCE)
            raise Failed(f"its process died with status {self.process.exitcode} (-9: it was killed)") from None
        if not good:
            raise Failed(answer)
        return answer

    def close(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


def serve(side: str, pipe: Connection) -> None:
    """Answer until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver decides when all end
    measuring = None
    while True:
        try:
            order, arguments = pipe.recv()
        except EOFError:
            return
        try:
            if measuring is None:
                from measuring import Measuring

                measuring = Measuring(side)
            pipe.send((True, getattr(measuring, order)(*arguments)))
        except Exception as error:
            reason = (str(error).splitlines() or [""])[0]
            pipe.send((False, f"{type(error).__name__}: {reason}"))
