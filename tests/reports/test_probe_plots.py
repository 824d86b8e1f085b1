"""What is plotted of a probe is what its JSON says."""

from __future__ import annotations

import pytest

from nlprnn.reports.probe_plots import attractor_plot, distance_plot, number_plot, plots, words_of
from tests.probes.fake_scorers import nearest_noun, oracle
from tests.reports.probe_sample import NASTY, sample

REPORT = sample()
ASKED = [(model["model"], model["suites"][0]) for model in REPORT["models"]]


def test_accuracy_on_conflicts_stands_over_the_number_of_attractors() -> None:
    plot = attractor_plot(ASKED)
    assert plot is not None
    assert [(one.name, one.reference) for one in plot.series] == [
        ("a", False), (NASTY.split("/", 1)[1].split("/")[-1], False), ("n-gram", True), ("nearest noun", True),
    ]  # fmt: skip
    parts = ASKED[0][1]["by_attractors"]
    assert [point.x for point in plot.series[0].points] == [0, 1, 2, 3]
    expected = [parts[0]["match"], *(part["conflict"] for part in parts[1:])]
    assert [point.y for point in plot.series[0].points] == [cell["accuracy"] for cell in expected]
    assert [(point.low, point.high) for point in plot.series[0].points] == [
        tuple(cell["interval"]) for cell in expected
    ]
    nearest = plot.series[3].points
    assert [point.y for point in nearest] == [1.0, 0.0, 0.0, 0.0] and [one.y for one in plot.series[2].points] == [
        1,
        0,
        0,
        0,
    ]
    assert nearest[1].title.startswith("nearest noun: 1 attractor, conflict: 0.0 % of 5")


def test_distances_are_told_in_words_and_numbers_of_subjects_beside_each_other() -> None:
    plot = distance_plot(ASKED)
    assert plot is not None and plot.x.ticks is not None
    assert [told for _, told in plot.x.ticks] == ["3", "6", "7", "9", "10–14", "15–19"]
    assert [words_of({"distance": 20, "up_to": None}), words_of({"distance": 4, "up_to": 4})] == ["20+", "4"]
    plot = number_plot(ASKED)
    assert plot is not None and not plot.series[0].line
    subjects = ASKED[0][1]["by_subject_number"]
    expected = [
        subjects[number][kind]["accuracy"] for kind in ("match", "conflict") for number in ("singular", "plural")
    ]
    assert [point.y for point in plot.series[0].points] == expected


def test_the_oracle_and_the_nearest_noun_part_at_the_first_attractor() -> None:
    report = sample(o=oracle(), n=nearest_noun())
    plot = attractor_plot([(model["model"], model["suites"][0]) for model in report["models"]])
    assert plot is not None
    assert [[point.y for point in one.points] for one in plot.series[:2]] == [[1, 1, 1, 1], [1, 0, 0, 0]]


@pytest.mark.parametrize("kept", [0, 1])
def test_what_is_not_annotated_is_not_plotted(kept: int) -> None:
    suite = ASKED[0][1]
    empty = {"n": 0, "accuracy": None, "interval": None}
    nothing = {number: {"match": empty, "conflict": empty} for number in ("singular", "plural")}
    bare = suite | {"by_attractors": suite["by_attractors"][:kept], "by_distance": [], "by_subject_number": nothing}
    assert plots([("a", bare)]) == []
