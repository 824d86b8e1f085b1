from __future__ import annotations

import numpy as np
import pytest

from nlprnn.reports import colours
from nlprnn.reports.colours import shades


def luminance(colour: np.ndarray) -> np.ndarray:
    """Relative luminance as the Web Content Accessibility Guidelines define it."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def contrast(one: np.ndarray, other: float) -> np.ndarray:
    return (np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05)


def test_nothing_is_white_and_all_is_the_full_colour() -> None:
    ends = np.round(255 * shades(np.array([0.0, 1.0]))).astype(int)
    assert ends.tolist() == [[255, 255, 255], [0x06, 0x1E, 0x80]]


def test_more_weight_is_always_darker() -> None:
    assert (np.diff(luminance(shades(np.linspace(0, 1, 257)))) < 0).all()


def test_half_way_is_what_a_browser_mixes() -> None:
    """Chromium's color-mix(in oklab, #061e80 50%, #fff)."""
    assert np.round(255 * shades(np.array([0.5])))[0].tolist() == [120, 144, 195]


@pytest.mark.parametrize(("low", "high", "text"), [("NOTHING", "ALL", 0.0), ("DARK_NOTHING", "DARK_ALL", 1.0)])
def test_text_on_every_shade_can_be_read(low: str, high: str, text: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """4.5 to 1 is what the guidelines ask for (WCAG 2, level AA); text is black or white, and changes at DEEP."""
    ends = getattr(colours, low), getattr(colours, high)
    monkeypatch.setattr(colours, "NOTHING", ends[0])
    monkeypatch.setattr(colours, "ALL", ends[1])
    weights = np.linspace(0, 1, 1001)
    light = luminance(shades(weights))
    assert (contrast(light[weights < colours.DEEP], text) >= 4.5).all()
    assert (contrast(light[weights >= colours.DEEP], 1 - text) >= 4.5).all()
