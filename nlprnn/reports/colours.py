"""The scale that weights and shares are shaded on: one hue, from the colour of the paper to a full blue.

Colours between the two ends are mixed in OKLab (Ottosson 2020, "A perceptual color space for image processing"), where
equal steps look equal. Style sheets have it too, as `color-mix(in oklab, ...)`: pages and pictures look the same.
"""

from __future__ import annotations

import numpy as np

NOTHING, ALL = "#ffffff", "#061e80"  # a weight of 0 and of 1, on white paper
DARK_NOTHING, DARK_ALL = "#16191f", "#82b8fa"  # and on a dark screen
DEEP = 0.63  # from this weight on, white stands out more than black on the shade, and black more than white in the dark

CONES = np.array(  # linear sRGB to the cones' answers, and their cube roots to OKLab
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OPPONENTS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def shades(weights: np.ndarray) -> np.ndarray:
    """The colours of weights (N,) between 0 and 1 on white paper: (N, 3), sRGB between 0 and 1."""
    low, high = _oklab(NOTHING), _oklab(ALL)
    mixed = low + weights[:, None] * (high - low)
    linear = np.linalg.solve(CONES, np.linalg.solve(OPPONENTS, mixed.T) ** 3).T.clip(0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _oklab(colour: str) -> np.ndarray:
    """`#rrggbb` in OKLab: lightness, green to red, blue to yellow."""
    coded = np.frombuffer(bytes.fromhex(colour[1:]), dtype=np.uint8) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return OPPONENTS @ np.cbrt(CONES @ linear)
