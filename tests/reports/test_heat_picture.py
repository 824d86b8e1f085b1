"""Pictures of tables of shares."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from nlprnn.reports.colours import shades
from nlprnn.reports.heat import Heat
from nlprnn.reports.heat_picture import heat_file


def test_every_share_is_seen_in_its_colour() -> None:
    made = heat_file(Heat("t", "row", "column", ["a", "b"], ["1", "2"], [[0.0, 1.0], [0.25, 0.5]]))
    pixels = np.asarray(Image.open(io.BytesIO(made)).convert("RGB"))[::5, ::5].reshape(-1, 3).astype(int)
    for colour in shades(np.array([1.0, 0.25, 0.5])):
        assert (np.abs(pixels - np.rint(255 * colour)).max(1) <= 1).mean() > 0.05
