"""Plots as PNG: what matplotlib was given to draw."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from nlprnn.reports.picture import png_file
from nlprnn.reports.svg_plot import Axis, Plot, Point, Series

POINTS = [Point(0, 0.2, 0.1, 0.4), Point(1, 0.9)]
PLOT = Plot("$A_1", Axis("x"), Axis("y", 0, 1, percent=True, marks=((0.5, "half"),)), [Series("a_b$c", POINTS)])


def pixels(content: bytes) -> np.ndarray:
    import io

    from matplotlib.image import imread

    return imread(io.BytesIO(content))


@pytest.mark.slow
def test_it_is_a_png_the_same_each_time_and_names_are_no_formulas() -> None:
    content = png_file(PLOT)
    assert content.startswith(b"\x89PNG") and struct.unpack(">II", content[16:24]) == (1280, 840)
    assert content == png_file(PLOT)


@pytest.mark.slow
def test_models_are_drawn_in_their_colour_and_references_in_grey() -> None:
    grey = Plot(PLOT.title, PLOT.x, PLOT.y, [Series("r", POINTS, reference=True)])

    def coloured(plot: Plot) -> int:
        shown = pixels(png_file(plot))[..., :3]
        return int((np.ptp(shown, axis=-1) > 0.3).sum())

    assert coloured(PLOT) > 1000 > 10 > coloured(grey)


@pytest.mark.slow
def test_a_logarithmic_axis_and_no_points_at_all_can_be_drawn() -> None:
    y = Axis("norm", log=True)
    for points in ([Point(0, 1e-9), Point(1, 1e3)], []):
        assert png_file(Plot("t", Axis("x"), y, [Series("a", points)], dodge=4)).startswith(b"\x89PNG")
