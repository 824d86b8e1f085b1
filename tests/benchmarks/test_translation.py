"""benchmarks/translation.py: that all sides are given the same, and that figures follow from what was timed."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nlprnn.text.sentencepiece_tokenizers import BpeTokenizer

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"
WORDS = ["ein", "alter", "Mann", "sieht", "zwei", "kleine", "Hunde", "im", "Park", "spielen"]


@pytest.fixture
def translation(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import translation

    return translation


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Pairs of 1 to 10 words, one with an empty side, and one with a line separator and a space of another kind."""
    texts = [" ".join(WORDS[start:stop]) for start in range(10) for stop in range(start + 1, 11)]
    pairs = [*((text, text[::-1]) for text in texts), ("", "nichts"), ("eine\u2028Zeile", "die\xa0Zeile")]
    folder = tmp_path / "data"
    folder.mkdir()
    for part in ("train", "val"):
        for side, language in enumerate(("en", "de")):
            lines = "".join(pair[side] + "\n" for pair in pairs)
            (folder / f"{part}.{language}").write_text(lines, encoding="utf-8")
    return folder


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


class Fake:
    """A side that says how long it took: `speed` times as fast in the first round, twice that in the second."""

    def __init__(self, speed: float, tokens: int = 12) -> None:
        self.speed, self.tokens, self.closed = speed, tokens, False
        self.orders: list[tuple[str, tuple[Any, ...]]] = []

    def ask(self, order: str, *arguments: Any) -> dict[str, Any]:
        self.orders.append((order, arguments))
        if order == "start":
            return {"software": "fake"}
        times = sum(1 for known in self.orders if known == (order, arguments))
        found = {"seconds": 1 / self.speed / times, "tokens": self.tokens}
        return found if order == "train" else found | {"sentences": 3, "read": 9}

    def close(self) -> None:
        self.closed = True


class Broken(Fake):
    """A side whose search fails."""

    def ask(self, order: str, *arguments: Any) -> dict[str, Any]:
        import workers

        if order == "translate":
            raise workers.Failed("IndexError: no such batch")
        return super().ask(order, *arguments)


def run(translation: ModuleType, sides: dict[str, Fake]) -> dict[str, Any]:
    import translation_data

    sources = translation_data.Sources(longest=[9, 7, 5, 3], references=[8, 8, 4, 2])
    return translation.Bench(translation_data.toy(), sources, sides).run(Path("folder"))


def test_ratios_are_those_within_a_round_and_their_medians(translation: ModuleType) -> None:
    sides = {"peer": Fake(1.0), "nlprnn": Fake(5.0), "nlprnn, 2 layers": Fake(3.0)}
    found = run(translation, sides)
    assert found["failures"] == []
    assert len(found["timed"]) == 6
    for result in found["timed"]:
        ours, deep = result["sides"]["nlprnn"], result["sides"]["nlprnn, 2 layers"]
        assert ours["ratio"] == pytest.approx({"median": 5, "low": 5, "high": 5})
        assert deep["ratio"] == pytest.approx({"median": 3, "low": 3, "high": 3})
        count = {"tokens": 12, "sentences": 3}[result["counted"]]
        assert ours["rate"] == pytest.approx(count * (5 + 10) / 2)
        assert ours["tokens"] == pytest.approx(12 * (5 + 10) / 2)
        assert "ratio" not in result["sides"]["peer"]
    text = translation.as_text(found)
    assert "5.00x" in text and "[3.00-3.00]" in text


def test_all_sides_are_asked_the_same_in_the_same_order(translation: ModuleType) -> None:
    sides = {"peer": Fake(1.0), "nlprnn": Fake(5.0)}
    run(translation, sides)
    peer, ours = (side.orders[1:] for side in sides.values())  # but for the start, where ours is told its layers
    assert peer == ours
    forced, free = ([8, 2], True), ([10, 4], False)  # the longest reference; half as much again as the longest source
    searches = [arguments for order, arguments in peer if order == "translate" and arguments[0] == [1, 3]]
    assert searches[::2] == [([1, 3], beam, *how) for how in (forced, free) for beam in (1, 5)]


def test_without_a_peer_ours_is_measured_alone_and_that_is_said(translation: ModuleType) -> None:
    found = run(translation, {"nlprnn": Fake(5.0)})
    assert "No --peer was given" in translation.as_text(found)
    assert all("ratio" not in result["sides"]["nlprnn"] for result in found["timed"])
    assert set(translation.commands(None)) == {"nlprnn", "nlprnn, 2 layers"}
    assert translation.commands("/other/python")["peer"][0] == "/other/python"


def test_sides_that_did_not_do_the_same_work_are_told(translation: ModuleType) -> None:
    found = run(translation, {"peer": Fake(1.0), "nlprnn": Fake(5.0, tokens=13)})
    told = [line.split(":")[0] for line in found["failures"]]
    assert told == ["train, same batches", "greedy, forced", "beam 5, forced"]  # free ones may well be of other lengths


def test_a_side_that_fails_is_told_in_one_line_and_the_others_go_on(translation: ModuleType) -> None:
    broken = Broken(1.0)
    found = run(translation, {"peer": broken, "nlprnn": Fake(5.0)})
    assert found["failures"] == ["peer: translate: IndexError: no such batch"]
    assert broken.closed
    assert [list(result["sides"]) for result in found["timed"]] == [["nlprnn"]] * 6
    assert "Failed: peer: translate" in translation.as_text(found)


def test_all_sides_read_files_of_one_vocabulary_in_one_order(translation: ModuleType, data: Path) -> None:
    import translation_data

    folder = data.parent / "read"
    folder.mkdir()
    plan = translation_data.toy()
    sources = translation_data.prepare(data, folder, plan.sizes)
    read = {name: lines(folder / name) for name in ("train.source", "train.target", "valid.source", "valid.target")}
    pairs = list(zip(read["train.source"], read["train.target"], strict=True))
    assert len(pairs) == 56  # all but the empty one
    assert [pair for pair in pairs if pair[1] != pair[0][::-1]] == [("eine Zeile", "die Zeile")]
    assert [source for source, _ in pairs] != lines(data / "train.en")[:56]
    tokenizer = BpeTokenizer((folder / "tokenizer.model").read_bytes())
    assert lines(folder / "vocabulary.txt") == [tokenizer.token(id) for id in range(2, len(tokenizer))]
    lengths = [[len(tokenizer.encode(line)) + 1 for line in read[name]] for name in ("valid.source", "valid.target")]
    assert lengths[0] == sorted(lengths[0], reverse=True)
    for side, longest in zip(lengths, (sources.longest, sources.references), strict=True):
        assert longest == [max(side[start : start + 4]) for start in range(0, 56, 4)]


def test_the_peer_and_what_it_reads_know_nothing_of_nlprnn() -> None:
    for name in ("translation_peer", "translation_workers", "workers"):
        tree = ast.parse((BENCHMARKS / f"{name}.py").read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert not [module for module in imported if module and module.split(".")[0] == "nlprnn"]


def test_a_program_that_ends_is_told_in_one_line(translation: ModuleType) -> None:
    import translation_workers
    import workers

    side = translation_workers.Side([sys.executable, "-c", "import sys; sys.exit(3)"])
    with pytest.raises(workers.Failed, match=r"^its process died with status 3 .*$"):
        side.ask("start")
    side.close()


@pytest.mark.slow
def test_ours_trains_and_translates_in_processes_of_its_own(
    translation: ModuleType, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import translation_data

    monkeypatch.setitem(os.environ, "OMP_NUM_THREADS", "1")
    found = translation.bench(data, translation_data.toy(), None)
    assert found["failures"] == []
    for about in found["sides"].values():
        assert about["threads"] == 1
    for result in found["timed"]:
        assert list(result["sides"]) == list(translation.OURS)
        for of in result["sides"].values():
            assert len(of["found"]) == 2
            assert of["rate"] > 0
    by_name = {result["measure"]: result["sides"]["nlprnn"] for result in found["timed"]}
    assert by_name["beam 5, forced"]["found"][0]["tokens"] == by_name["greedy, forced"]["found"][0]["tokens"]
    assert by_name["greedy, forced"]["length"] > by_name["greedy, free"]["length"] / 2
