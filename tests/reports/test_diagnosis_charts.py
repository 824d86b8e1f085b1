"""Plots of a diagnosis hold its numbers."""

from __future__ import annotations

import re

import pytest

from nlprnn.reports.diagnosis_charts import charts, state_name
from nlprnn.reports.heat import Heat
from nlprnn.reports.svg_plot import Plot, figure
from tests.reports.diagnosis_sample import SAMPLE, curve

DRAWN = charts(SAMPLE)


def test_every_part_that_was_measured_is_drawn_under_its_own_name() -> None:
    assert set(DRAWN) == set(SAMPLE) - {"settings", "rates"}
    assert all(name.split("-")[0] == part for part, drawn in DRAWN.items() for name in drawn)
    assert set(charts({"settings": {}, "recall": SAMPLE["recall"]})) == {"recall"}


def test_an_lstm_has_a_name_for_each_of_its_states() -> None:
    assert [state_name(curve("lstm", "1", [1.0, 1.0], part=part)) for part in "hc"] == ["lstm h", "lstm c"]
    assert state_name(curve("gru", "1", [1.0, 1.0])) == "gru"


def test_all_untrained_networks_share_an_axis_that_holds_the_smallest_and_the_largest_norm() -> None:
    plots = [plot for name, plot in DRAWN["gains"].items() if name != "gains"]
    axes = {(plot.y.low, plot.y.high) for plot in plots if isinstance(plot, Plot)}
    assert len(plots) == 3 and len(axes) == 1
    low, high = axes.pop()
    assert low is not None and high is not None and low <= 1e-8 and high >= 1e6


def test_ticks_lie_on_the_axis() -> None:
    for drawn in DRAWN.values():
        for plot in drawn.values():
            for axis in (plot.x, plot.y) if isinstance(plot, Plot) else ():
                if axis.ticks is not None and axis.low is not None and axis.high is not None:
                    assert all(axis.low <= value <= axis.high for value, _ in axis.ticks), plot.title


def test_a_recall_curve_is_the_mean_of_the_seeds_and_its_interval_their_range() -> None:
    runs = [
        {"cell": "gru", "delay": delay, "accuracy": accuracy, "seed": seed}
        for delay, accuracies in {10: (1.0, 0.5), 5: (0.2, 0.4)}.items()
        for seed, accuracy in enumerate(accuracies)
    ]
    plot = charts({"recall": {"runs": runs, "chance": 0.125}})["recall"]["recall"]
    assert isinstance(plot, Plot)
    points = [(point.x, point.y, point.low, point.high) for point in plot.series[0].points]
    assert points == [(5.0, pytest.approx(0.3), 0.2, 0.4), (10.0, 0.75, 0.5, 1.0)]


def test_a_learnt_gradient_is_drawn_as_a_share_of_its_first() -> None:
    plot = DRAWN["learnt"]["learnt-after"]
    assert isinstance(plot, Plot)
    assert {one.name: one.points[-1].y for one in plot.series} == {"rnn-tanh": 0.5, "lstm c": 0.8}


def test_truncated_runs_are_a_table_of_lengths_and_delays_with_those_framed_that_a_gradient_reaches() -> None:
    heat = DRAWN["bptt"]["bptt-gru"]
    assert isinstance(heat, Heat)
    assert (heat.rows, heat.columns) == (["2", "5"], ["0", "3"])
    assert heat.shares == [[1.0, 0.2], [1.0, 0.7]] and heat.framed == [[True, False], [True, True]]


def test_a_curve_of_gradients_is_a_line_between_its_quartiles_without_points() -> None:
    plot = DRAWN["reach"]["reach"]
    assert isinstance(plot, Plot)
    shown = figure(plot)
    assert shown.count('class="stroke"') == 2 * 2 and 'class="point"' not in shown  # in the drawing and the legend
    bands = re.findall(r'class="band" d="M([^"]*)z"', shown)
    assert len(bands) == 2
    for band in bands:
        heights = [float(corner.split(",")[1]) for corner in band.split("L")]
        high, low = heights[:3], heights[:2:-1]
        assert all(above < below for above, below in zip(high, low, strict=True))  # y grows downwards
        assert len({round(below - above) for above, below in zip(high, low, strict=True)}) == 1  # four times, always


def test_axes_have_few_numbers_however_far_they_reach() -> None:
    for smallest in (1e-3, 1e-12, 1e-45, 1e-300):
        plot = charts({"reach": {"curves": [curve("model", "as trained", [1.0, smallest])]}})["reach"]["reach"]
        assert isinstance(plot, Plot) and plot.y.ticks is not None
        assert 3 <= len(plot.y.ticks) <= 9 and (1.0, "1") in plot.y.ticks
