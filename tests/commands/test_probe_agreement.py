"""probe-agreement on suites in published formats, from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nlprnn.cli import main

ITEMS = [
    {
        "item_number": number,
        "conditions": [
            {
                "condition_name": name,
                "regions": [
                    {"region_number": 1, "content": f"the {subject} near the house"},
                    {"region_number": 2, "content": verb},
                    {"region_number": 3, "content": "old ."},
                ],
            }
            for name, verb in (("match", "is"), ("mismatch", "are"))
        ],
    }
    for number, subject in enumerate(("writer", "book"), start=1)
]
SUITE = {"meta": {"name": "hand", "metric": "sum"}, "region_meta": {"1": "a", "2": "b", "3": "c"}, "items": ITEMS}
FORMULA = "(2;%match%) < (2;%mismatch%)"


class Printed(NamedTuple):
    status: int
    out: str
    err: str

    def suite(self) -> dict[str, Any]:
        """The first suite of the first model of what --json printed."""
        assert self.status == 0, self.err
        return json.loads(self.out)["models"][0]["suites"][0]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def call(*arguments: object) -> Printed:
        status = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        return Printed(status, *capsys.readouterr())

    return call


def write_gym(folder: Path, *formulas: str) -> Path:
    path = folder / "hand.json"
    predictions = [{"type": "formula", "formula": formula} for formula in formulas]
    path.write_text(json.dumps(SUITE | {"predictions": predictions}), encoding="utf-8")
    return path


def surprisals(run, model: Path, sentences: list[str], folder: Path) -> list[list[float]]:
    """The words' surprisals in bits, of each sentence, as the surprisal command prints them."""
    text = folder / "sentences.txt"
    text.write_text("\n".join(sentences) + "\n", encoding="utf-8")
    found: list[list[float]] = []
    for row in csv.DictReader(run("surprisal", model, text).out.splitlines(), dialect="excel-tab"):
        if row["word_id"] == "1":
            found.append([])
        found[-1].append(float(row["surprisal"]))
    return found


def test_predictions_about_regions_agree_with_the_surprisal_command(run, small_model: Path, tmp_path: Path) -> None:
    formulas = FORMULA, "(3;%match%) < (3;%mismatch%)", "(*;%match%) < (*;%mismatch%)"
    items = tmp_path / "items.tsv"
    report = run("probe-agreement", small_model, "--suite", write_gym(tmp_path, *formulas), "--items", items, "--json")
    suite = report.suite()
    assert (suite["name"], suite["n"], suite["counted"], suite["scoring"]) == ("hand", 2, "items", "region")
    conditions = [condition for item in ITEMS for condition in item["conditions"]]
    sentences = [" ".join(region["content"] for region in condition["regions"]) for condition in conditions]
    bits = surprisals(run, small_model, sentences, tmp_path)
    expected = []
    for good, bad in zip(bits[::2], bits[1::2], strict=True):
        parts = [slice(5, 6), slice(6, None), slice(None)]  # the end belongs to the last region
        expected += [str(int(sum(good[part]) < sum(bad[part]))) for part in parts]
    rows = list(csv.DictReader(items.read_text(encoding="utf-8").splitlines(), dialect="excel-tab"))
    assert [row["correct"] for row in rows] == expected
    assert [part["accuracy"] for part in suite["constructions"]] == [
        sum(int(answer) for answer in expected[place::3]) / 2 for place in range(3)
    ]
    printed = run("probe-agreement", small_model, "--suite", write_gym(tmp_path, FORMULA)).out
    assert "2 of 2 items scored (by region)" in printed and f"prediction 1: {FORMULA}" in printed


def test_the_way_of_scoring_can_be_chosen_and_is_told(run, small_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("right,wrong\nthe book is old.,the book are old.\n", encoding="utf-8")
    asked = ("probe-agreement", small_model, "--suite", path, "--columns", "good=right,bad=wrong", "--json")
    told = {}
    for options in ([], ["--mean"], ["--no-end"], ["--scoring", "region"], ["--scoring", "target", "--mean"]):
        suite = run(*asked, *options).suite()
        assert suite["n"] == 1
        told[" ".join(options)] = suite["scoring"]
    assert told == {
        "": "sentence",
        "--mean": "sentence, mean of the tokens",
        "--no-end": "sentence, end not counted",
        "--scoring region": "region",
        "--scoring target --mean": "target, mean of the tokens",
    }


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (["--scoring", "target"], 2, "the suite hand has regions and no target words"),
        (["--columns", "good"], 2, "--columns 'good': write good=NAME,bad=NAME"),
        (["--columns", "right=x"], 2, "column 'right': choose among good, bad"),
        (["--columns", "good=x"], 1, "hand.json:1: lacks one of the columns x, bad"),
        (["--sentence", "it is/are", "--mean"], 2, "--sentence stands alone"),
    ],
)
def test_what_does_not_fit_a_suite_is_told_in_one_line(run, small_model, tmp_path, options, status, told) -> None:
    result = run("probe-agreement", small_model, "--suite", write_gym(tmp_path, FORMULA), *options)
    assert result.status == status and told in result.err and "Traceback" not in result.err


def test_an_unknown_condition_of_a_formula_is_told_before_anything_is_scored(run, small_model, tmp_path) -> None:
    result = run("probe-agreement", small_model, "--suite", write_gym(tmp_path, "(2;%mach%) < 1"))
    assert result.status == 1 and not result.out
    assert "hand.json: a formula asks for the condition 'mach', item 1 has match, mismatch" in result.err
