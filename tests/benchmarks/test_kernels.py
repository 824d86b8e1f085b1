"""benchmarks/kernels.py at toy sizes: that both sides compute the same, and that figures follow from what was timed."""

from __future__ import annotations

import json
import math
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nlprnn.nn.kernels import library

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"
ROUNDS = 2
OURS = ["native", "torch"] if library.instructions() else ["torch"]
FLOAT32, BFLOAT16 = 1e-5, 5e-3  # what sums of many numbers may differ by, relatively


def run(only: str, folder: Path) -> dict[str, Any]:
    """The JSON of a run of cases whose names match, and "text" and "page", what it printed and wrote."""
    files = {name: folder / name for name in ("json", "markdown")}
    arguments = ["--toy", "--rounds", str(ROUNDS), "--only", only]
    arguments += [part for name, path in files.items() for part in (f"--{name}", str(path))]
    command = [sys.executable, str(BENCHMARKS / "kernels.py"), *arguments]
    done = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = files["markdown"].read_text(encoding="utf-8")
    return {**json.loads(files["json"].read_text(encoding="utf-8")), "text": done.stdout, "page": page}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run("^(train|encode|score|step|gradients)", tmp_path_factory.mktemp("bench"))


def checks(found: dict[str, Any], kind: str) -> list[tuple[dict[str, Any], float, list[float]]]:
    """Of each case of a kind: itself, what plain's first step returned, and what ours returned."""
    results = [result for result in found["timed"] if result["kind"] == kind]
    assert results
    sides = [[result["sides"][side]["check"] for side in OURS] for result in results]
    plain = [result["sides"]["plain"]["check"] for result in results]
    return list(zip(results, plain, sides, strict=True))


@pytest.mark.slow
def test_both_sides_start_training_from_the_same_loss(found: dict[str, Any]) -> None:
    for result, plain, ours in checks(found, "train"):
        learnt = abs(plain - math.log(result["vocabulary"]))  # how far the weights have it from knowing nothing
        assert learnt > 1e-3
        assert ours == pytest.approx([plain] * len(ours), abs=0.05 * learnt)


@pytest.mark.slow
def test_both_sides_encode_to_the_same_outputs(found: dict[str, Any]) -> None:
    for _, plain, ours in checks(found, "encode"):
        assert plain > 0
        assert ours == pytest.approx([plain] * len(ours), rel=BFLOAT16)


@pytest.mark.slow
def test_both_sides_give_sentences_and_tokens_the_same_probability(found: dict[str, Any]) -> None:
    for kind in ("score", "step"):
        for result, plain, ours in checks(found, kind):
            assert abs(plain / result["tokens"] + math.log(result["vocabulary"])) > 100 * FLOAT32
            assert ours == pytest.approx([plain] * len(ours), rel=FLOAT32)


@pytest.mark.slow
def test_gradients_are_near_those_of_plain_float32_and_not_the_same(found: dict[str, Any]) -> None:
    assert {result["cell"] for result in found["gradients"]} == {"lstm", "gru", "rnn-tanh"}
    for result in found["gradients"]:
        assert set(result["sides"]) == {OURS[0], "autocast"}
        assert 0 < result["sides"][OURS[0]]["error"] < 0.02
        assert 1e-4 < result["sides"]["autocast"]["error"] < 0.03


@pytest.mark.slow
def test_the_plain_process_has_torchs_own_settings_and_never_saw_nlprnn(found: dict[str, Any]) -> None:
    machine = found["machine"]
    assert (machine["matmul_precision"], machine["denormals"], machine["knows_nlprnn"]) == ("highest", True, False)
    assert machine["threads"] == 1
    assert machine["instructions"] == library.INSTRUCTIONS[library.instructions()]


@pytest.mark.slow
def test_ratios_and_shares_follow_from_the_rates_round_by_round(found: dict[str, Any]) -> None:
    assert found["failures"] == []
    for result in found["timed"]:
        assert list(result["sides"]) == ["plain", *OURS]
        plain = result["sides"]["plain"]["rates"]
        assert len(plain) == ROUNDS
        for side in OURS:
            of = result["sides"][side]
            ratios = [rate / base for rate, base in zip(of["rates"], plain, strict=True)]
            expected = {"median": statistics.median(ratios), "low": min(ratios), "high": max(ratios)}
            assert of["ratio"] == pytest.approx(expected)
            assert of["rate"] == statistics.median(of["rates"])
            if result["kind"] in ("train", "encode"):
                assert of["share"] == pytest.approx(6 * result["weights"] * of["rate"] / found["limit"])
    train = {result["cell"]: result["sides"] for result in found["timed"] if result["kind"] == "train"}
    for cell, sides in train.items():
        expected = {side: sides[side]["ratio"]["median"] for side in OURS}
        assert found["medians"][f"train {cell}"] == {"cases": 1, **expected}


@pytest.mark.slow
def test_the_table_and_the_page_have_a_line_for_every_case(found: dict[str, Any]) -> None:
    for result in [*found["timed"], *found["gradients"]]:
        assert re.search(rf"^{re.escape(result['case'])}  +", found["text"], re.MULTILINE)
        assert f"\n| {result['case']} |" in found["page"]
    assert found["date"][:10] in found["page"]


@pytest.mark.slow
def test_memory_and_cold_start_are_measured(tmp_path: Path) -> None:
    found = run("^(memory|cold)", tmp_path)
    (memory,), (cold,) = found["memory"], found["cold"]
    logits = 4 * memory["steps"] * memory["batch"] * memory["vocabulary"]
    for side in memory["sides"].values():
        assert side["working"] == side["peak"] - side["held"]
    # Two matrices and their gradients; and cross entropy in float32 keeps logits and log-probabilities.
    matrices = 2 * 4 * memory["vocabulary"] * memory["hidden"]
    assert 2 * matrices < memory["sides"]["plain"]["held"] < 3 * matrices
    assert memory["sides"]["plain"]["working"] > 2 * logits
    assert memory["sides"][OURS[0]]["ratio"] < 1
    assert set(cold["seconds"]) == {"predict", "import_torch", "ratio"} and min(cold["seconds"].values()) > 0


class TestPieces:
    """What cannot be seen from outside."""

    @pytest.fixture(autouse=True)
    def _modules(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(str(BENCHMARKS))

    def test_weights_are_those_of_torchs_layers_without_biases_and_embedding(self) -> None:
        import cases
        import plain

        for case in cases.toy().cases:
            if case.kind in ("train", "encode", "gradients"):
                subject = plain.Encoding(case) if case.kind == "encode" else plain.Training(case)
                matrices = [parameter.numel() for parameter in subject.parameters if parameter.dim() == 2]
                assert case.weights == sum(matrices) - case.vocabulary * (case.embedding or case.hidden)

    def test_names_tell_all_cases_apart_and_quick_leaves_out_the_largest(self) -> None:
        import cases

        plan = cases.full()
        assert len({case.name for case in plan.cases}) == len(plan.cases)
        large = [case.name for case in plan.cases if case.large]
        sizes = ("2x650/50k B64", "3x1150/33k B64")
        assert large == [f"train {cell} {size}" for cell in ("lstm", "gru") for size in sizes]

    def test_a_worker_that_dies_is_told_in_one_line(self) -> None:
        import workers

        worker = workers.Worker("plain")
        worker.process.kill()
        with pytest.raises(workers.Failed, match=r"^its process died with status -9 .*$"):
            worker.ask("about")
        worker.close()
