"""Work on parts of a corpus in other processes: plain subprocesses that take tasks and give results as JSON lines.

Unlike multiprocessing's, these neither fork a process that has threads nor run the user's main module again, so a
library user needs no `if __name__ == "__main__"`; they end by themselves when the parent is gone.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from nlprnn.errors import DataError, NlprnnError

MOST = 8  # processes: more wait for the one that puts the results together
AHEAD = 3  # tasks given out a process before the first of them is taken

Task = dict[str, Any]


def available_processors() -> int:
    """The processors that this process may use, at most MOST."""
    affinity = getattr(os, "sched_getaffinity", None)
    return min(MOST, len(affinity(0)) if affinity else os.cpu_count() or 1)


def run_tasks(function: str, tasks: Sequence[Task], processes: int) -> Generator[Task, None, None]:
    """The results of `function` ("module:name", Task -> Task) for every task, in the order of the tasks.

    With one process the function runs here. No more than AHEAD results a process wait to be taken. Close the
    generator if not all of them are taken: that ends the processes.
    """
    if processes <= 1 or len(tasks) <= 1 or not sys.executable:
        call = _resolve(function)
        for task in tasks:
            yield call(task)
        return
    pool = _Pool(function, min(processes, len(tasks)))
    try:
        yield from pool.map(tasks)
    finally:
        pool.close()


class _Pool:
    """Subprocesses, each fed by a thread of its own that waits for the answer to one task at a time."""

    def __init__(self, function: str, size: int) -> None:
        package_root = str(Path(__file__).resolve().parents[2])
        code = f"import sys; sys.path.insert(0, {package_root!r}); from nlprnn.text.workers import serve; serve()"
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self._tasks: queue.SimpleQueue[tuple[int, Task] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-c", code, function],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
            for _ in range(size)
        ]
        self._threads = [
            threading.Thread(target=self._feed, args=(process,), daemon=True) for process in self._processes
        ]
        for thread in self._threads:
            thread.start()

    def map(self, tasks: Sequence[Task]) -> Iterator[Task]:
        waiting: dict[int, bytes] = {}  # unparsed, a tenth of the size
        sent = 0
        for wanted in range(len(tasks)):
            while sent < min(len(tasks), wanted + AHEAD * len(self._processes)):
                self._tasks.put((sent, tasks[sent]))
                sent += 1
            while wanted not in waiting:
                number, line = self._answers.get()
                waiting[number] = line
            answer = _parse(waiting.pop(wanted))
            if "error" in answer:
                raise _error(answer)
            yield answer["result"]

    def _feed(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None
        while (item := self._tasks.get()) is not None:
            number, task = item
            try:
                process.stdin.write(json.dumps(task).encode() + b"\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError:
                line = b""
            self._answers.put((number, line))

    def close(self) -> None:
        """End the processes, at once if they are still at work."""
        for process in self._processes:
            process.terminate()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _parse(line: bytes) -> Task:
    try:
        answer: Task = json.loads(line)
    except ValueError:  # cut short
        return {"error": "a helper process died; was the machine out of memory?", "kind": "lost"}
    return answer


def _error(answer: Task) -> Exception:
    if answer["kind"] == "OSError":
        return OSError(answer["errno"], answer["error"])
    return DataError(answer["error"]) if answer["kind"] == "DataError" else NlprnnError(answer["error"])


def _resolve(function: str) -> Callable[[Task], Task]:
    module, name = function.split(":")
    resolved: Callable[[Task], Task] = getattr(importlib.import_module(module), name)
    return resolved


def serve() -> None:
    """The loop of a subprocess: a task a line from stdin, an answer a line to stdout, until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends us
    answers, sys.stdout = sys.stdout, sys.stderr  # a stray print must not look like an answer
    call = _resolve(sys.argv[1])
    for line in sys.stdin:
        try:
            answer: Task = {"result": call(json.loads(line))}
        except DataError as error:
            answer = {"error": str(error), "kind": "DataError"}
        except OSError as error:
            answer = {"error": error.strerror, "errno": error.errno, "kind": "OSError"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
