"""A program of its own for each side, asked through a socket: the peer's runs in another Python, with other packages.

Nothing of nlprnn may be imported here: both sides use this.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

from workers import Worker


class Program(subprocess.Popen[bytes]):
    """A started program that can be asked what Worker asks of a process."""

    @property
    def exitcode(self) -> int | None:
        return self.poll()

    def is_alive(self) -> bool:
        return self.poll() is None

    def join(self, seconds: float | None = None) -> None:
        self.wait(seconds)


class Side(Worker):
    """A Worker started by a command, whose last argument it is told the socket to answer at."""

    def __init__(self, command: Sequence[str]) -> None:
        mine, theirs = socket.socketpair()
        with theirs:  # closed here, so that the end of the program is the end of what can be read
            self.process = Program(
                [*command, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdout=subprocess.DEVNULL
            )
        self.pipe = Connection(mine.detach())


def answer(make: Callable[[], Any]) -> None:
    """Answer with the methods of what `make` makes until the driver closes the socket: the main function of a side."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver decides when all end
    pipe = Connection(int(sys.argv[-1]))
    subject = None
    while True:
        try:
            order, arguments = pipe.recv()
        except EOFError:
            return
        try:
            subject = subject or make()
            pipe.send((True, getattr(subject, order)(*arguments)))
        except Exception as error:
            reason = (str(error).splitlines() or [""])[0]
            pipe.send((False, f"{type(error).__name__}: {reason}"))
