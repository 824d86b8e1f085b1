from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nlprnn.errors import DataError, NlprnnError
from nlprnn.text import workers
from nlprnn.text.workers import available_processors, run_tasks

COUNT = "nlprnn.text.counting:count_task"


def task(folder: Path, number: int, text: str = "") -> dict[str, Any]:
    path = folder / f"{number}.txt"
    path.write_text(text or f"word{number} " * number)
    status = path.stat()
    source = {"name": str(path), "start": 0, "end": status.st_size, "size": status.st_size}
    source["changed"] = status.st_mtime_ns
    return {"source": source, "index": 0, "selection": None, "unit": "chunks", "lowercase": False}


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_the_order_of_the_tasks(tmp_path: Path, processes: int) -> None:
    tasks = [task(tmp_path, number) for number in range(1, 12)]
    results = list(run_tasks(COUNT, tasks, processes))
    assert [result["types"] for result in results] == [{f"word{number}": number} for number in range(1, 12)]


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_of_a_task_is_raised_here(tmp_path: Path, processes: int) -> None:
    tasks = [task(tmp_path, number) for number in range(1, 5)]
    (tmp_path / "2.txt").write_text("another text")
    with pytest.raises(DataError, match=r"2\.txt: was changed"):
        list(run_tasks(COUNT, tasks, processes))


def test_an_operating_system_error_keeps_its_number(tmp_path: Path) -> None:
    tasks = [{**task(tmp_path, number), "output": str(tmp_path / "no" / "where")} for number in (1, 2)]
    with pytest.raises(FileNotFoundError):
        list(run_tasks("nlprnn.text.store:encode_task", tasks, 2))


def test_a_helper_that_dies_is_a_one_line_error() -> None:
    with pytest.raises(NlprnnError, match="a helper process died"):
        list(run_tasks("os:_exit", [0, 0, 0], 2))  # type: ignore[list-item]


def test_no_helper_is_left_when_the_results_are_not_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(workers.subprocess, "Popen", Recorded)
    results = run_tasks(COUNT, [task(tmp_path, number) for number in range(1, 9)], 2)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(started) == 2 and all(process.poll() is not None for process in started)


def test_a_script_without_a_main_guard_can_use_helpers(tmp_path: Path) -> None:
    tasks = [task(tmp_path, number) for number in (1, 2)]
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(Path(workers.__file__).parents[2])!r})\n"
        "from nlprnn.text.workers import run_tasks\n"
        f"print(sum(found['words'] for found in run_tasks({COUNT!r}, {tasks!r}, 2)))\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("3\n", "")


def test_the_number_of_helpers_is_bounded() -> None:
    assert 1 <= available_processors() <= workers.MOST
