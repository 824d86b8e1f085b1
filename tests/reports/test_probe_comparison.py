"""Comparisons in words and in a table."""

from __future__ import annotations

import pytest

from nlprnn.reports.probe_comparison import comparison_lines, interval_of, seeds, told_p, too_few
from tests.reports.probe_sample import sample

REPORT = sample()
FOUND = REPORT["comparisons"]


def test_every_two_models_get_a_section_and_every_part_a_row() -> None:
    lines = list(comparison_lines(FOUND))
    heads = [line for line in lines if line.endswith(" p")]
    assert len(heads) == 3 and heads[0].startswith("a − ") and heads[1].startswith("a − ngram")
    row = next(line for line in lines if line.startswith("  conflict"))
    one = next(one for one in FOUND if one["part"] == "conflict")
    assert row.split()[1:3] == [str(one["n"]), f"{100 * one['difference']:+.1f}"]
    assert f"{one['only_first']} : {one['only_second']}" in row
    assert sum(line.startswith("  recency index") for line in lines) == 3
    assert max(map(len, lines)) <= 100


def test_the_nearest_noun_is_told_from_an_oracle_and_small_parts_are_warned_of() -> None:
    whole = next(one for one in FOUND if one["second"] == "models/ngram")
    assert whole["p_corrected"] < 0.001 and whole["recency_index"]["difference"] < -0.5
    small = [FOUND[0] | {"too_few": True, "power": 0.36, "n": 40, "part": "construction", "construction": "c"}]
    ((who, told),) = too_few(small)
    assert "true difference of ten points" in told and "c (n 40: 36 %)" in told and who.startswith("a − ")
    assert list(too_few([one | {"too_few": False} for one in FOUND])) == []


@pytest.mark.parametrize(("p", "told"), [(0.0004, "< 0.001"), (0.001, "0.001"), (0.0499, "0.050"), (1.0, "1.000")])
def test_p_values_are_never_nothing(p: float, told: str) -> None:
    assert told_p(p) == told


def test_seeds_are_told_with_their_deviation() -> None:
    suite = REPORT["recipes"][0]["suites"][0]
    accuracies = [model["suites"][0]["accuracy"] for model in REPORT["models"]]
    mean, deviation = sum(accuracies) / 2, abs(accuracies[0] - accuracies[1]) / 2**0.5
    told = seeds(suite)
    assert told.startswith("2 seeds of one recipe") and f"accuracy {100 * mean:.1f} ± {100 * deviation:.1f}" in told
    assert seeds(dict.fromkeys(("accuracy", "match", "conflict", "recency_index"))) == ""
    assert interval_of((-0.012, 0.5), "+.1f") == "[-1.2, +50.0]"
