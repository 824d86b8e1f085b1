"""Places in a text, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nlprnn.diagnostics.windows import spread_places, tokens_at, tokens_before
from nlprnn.errors import DataError

IDS = np.arange(100, 111).astype(np.uint16)


def test_places_are_spread_from_the_first_with_enough_before_it_to_the_last() -> None:
    assert spread_places(IDS, 4, 4).tolist() == [4, 6, 8, 10]
    assert spread_places(IDS, 8, 50).tolist() == [8, 9, 10]
    assert spread_places(IDS, 10, 3).tolist() == [10]


def test_what_stands_before_a_place_ends_with_its_neighbour() -> None:
    places = spread_places(IDS, 4, 4)
    assert tokens_before(IDS, places, 3)[:, 1].tolist() == [103, 104, 105]
    assert tokens_at(IDS, places).tolist() == [104, 106, 108, 110]


def test_a_text_without_any_such_place_is_refused() -> None:
    with pytest.raises(DataError, match=r"11 tokens.*at least 12"):
        spread_places(IDS, 11, 3)
