"""probe-agreement on suites in published formats, from the command line."""

from __future__ import annotations

import csv
import json
import shutil
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


def write_pairs(folder: Path) -> Path:
    """Subjects in both numbers, alone and before a noun of the other number."""
    lines = ["good\tbad\tattractors\tmatch"]
    for noun in ("book", "writer", "key", "letter"):
        for subject, other, forms in ((noun, "houses", ("is", "are")), (f"{noun}s", "house", ("are", "is"))):
            for phrase, told in ((f"the {subject}", "0\tyes"), (f"the {subject} near the {other}", "1\tno")):
                lines.append("\t".join([*(f"{phrase} {form} old ." for form in forms), told]))
    path = folder / "pairs.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_models_are_compared_and_reported_side_by_side(run, small_model, small_ngram, tmp_path) -> None:
    page, plot, items = tmp_path / "r.html", tmp_path / "p.svg", tmp_path / "i.tsv"
    suite = write_pairs(tmp_path)
    twin = shutil.copytree(small_ngram, tmp_path / "twin")
    asked = ("probe-agreement", small_model, small_ngram, "--suite", suite, "--baseline", twin, "--json")
    result = run(*asked, "--report", page, "--plot", plot, "--items", items)
    found = json.loads(result.out)
    whole = found["comparisons"][0]
    assert (whole["first"], whole["second"], whole["part"]) == (str(small_model), str(small_ngram), "all")
    assert whole["n"] == found["models"][0]["suites"][0]["n"] and found["recipes"] == []
    same = [one for one in found["comparisons"] if (one["first"], one["second"]) == (str(small_ngram), str(twin))]
    assert same and all(one["difference"] == 0 and one["p"] == 1 for one in same), "an n-gram model beside its copy"
    rows = list(csv.DictReader(items.read_text(encoding="utf-8").splitlines(), dialect="excel-tab"))
    assert {row["model"] for row in rows} == {str(small_model), str(small_ngram)}
    right = sum(row["correct"] == "1" for row in rows if row["model"] == str(small_model))
    assert right / whole["n"] == pytest.approx(whole["accuracy_first"])
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>") and "nearest noun" in plot.read_text()
    assert f"report: {page}" in result.err and f"plot: {plot}" in result.err


def test_a_table_of_ones_own_can_tell_groups_and_distances(run, small_model, tmp_path) -> None:
    path = tmp_path / "own.tsv"
    lines = [f"the book is old .\tthe book are old .\tno\t{i % 3}\titem {i // 2}" for i in range(6)]
    path.write_text("good\tbad\tmatch\tfar\tgroup\n" + "\n".join(lines) + "\n", encoding="utf-8")
    suite = run("probe-agreement", small_model, "--suite", path, "--columns", "distance=far", "--json").suite()
    assert suite["groups"] == 3 and [part["distance"] for part in suite["by_distance"]] == [0, 1, 2]


def test_a_vocabulary_is_checked_without_a_model(run, small_model, tmp_path) -> None:
    path, types = tmp_path / "own.tsv", tmp_path / "types.txt"
    path.write_text("good\tbad\nthe key is\tthe key are\nthe key is\tthe key zzz\n", encoding="utf-8")
    types.write_text("the\nis\nare\n", encoding="utf-8")
    result = run("probe-agreement", "--vocab-only", types, "--suite", path)
    assert "types.txt: a list of types, 5 types" in result.out and "50.0 %" in result.out
    assert "zzz 1" in result.out and "1 more share an unknown word" in result.out
    found = json.loads(run("probe-agreement", "--vocab-only", small_model, "--suite", path, "--json").out)
    probed = run("probe-agreement", small_model, "--suite", path, "--json").suite()
    assert {name: found["suites"][0][name] for name in ("n", "skipped", "unknown_counts")} == {
        name: probed[name] for name in ("n", "skipped", "unknown_counts")
    }


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (["--vocab-only", "x", "--items", "y"], 2, "--vocab-only asks no model"),
        (["--plot", "p.jpg"], 2, "p.jpg: plots are drawn into files ending in .png or .svg"),
        (["--report", "no/such/r.html"], 1, "r.html: cannot be written"),
        (["--sentence", "it is/are", "--report", "r.html"], 2, "--sentence stands alone"),
        (["--vocab-only", "no-such-file"], 1, "no-such-file"),
    ],
)
def test_files_and_options_that_cannot_work_are_told_before_a_model_is_asked(run, options, status, told) -> None:
    result = run("probe-agreement", *options)
    assert result.status == status and told in result.err and "Traceback" not in result.err and not result.out


def test_a_suite_without_attractors_has_no_plot(run, small_model, tmp_path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("good\tbad\nthe book is old .\tthe book are old .\n", encoding="utf-8")
    result = run("probe-agreement", small_model, "--suite", path, "--plot", tmp_path / "p.svg")
    assert result.status == 1 and "nothing to draw" in result.err and "1 of 1 pairs scored" in result.out
