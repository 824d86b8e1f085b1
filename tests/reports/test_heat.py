"""Tables of shares."""

from __future__ import annotations

from nlprnn.reports.heat import Heat, heat_table

HEAT = Heat("<t>", "row", "column", ["a", "b"], ["1", "2"], [[0.0, 1.0], [0.456, None]], [[False, True], [False, True]])


def test_each_share_stands_in_its_cell_shaded_by_it() -> None:
    made = heat_table(HEAT)
    assert '<td class="heat" style="--share:0.000">0</td><td class="heat deep framed" style="--share:1.000">100' in made
    assert 'style="--share:0.456">46</td><td>–</td>' in made
    assert "&lt;t&gt;" in made


def test_without_frames_nothing_is_framed() -> None:
    assert "framed" not in heat_table(Heat("t", "row", "column", ["a"], ["1"], [[1.0]]))
