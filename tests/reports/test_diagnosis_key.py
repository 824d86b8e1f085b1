"""Key figures, by hand."""

from __future__ import annotations

import pytest

from nlprnn.reports.diagnosis_key import key_tables, number, reaches, share_left, spread
from tests.reports.diagnosis_sample import SAMPLE, curve


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0, "0"), (0.354, "0.35"), (12.3, "12"), (1234.0, "1,234"), (3.14e-32, "3.1·10⁻³²"), (2e7, "2.0·10⁷")],
)
def test_numbers_have_two_digits(value: float, told: str) -> None:
    assert number(value) == told
    assert number(float("inf")) == "inf"


def test_seeds_that_differ_are_told_with_their_range() -> None:
    assert spread([0.25, 0.75], lambda share: f"{share:g}") == "0.5 [0.25, 0.75]"
    assert spread([0.5, 0.5], lambda share: f"{share:g}") == "0.5"


def test_what_is_left_is_the_last_norm_over_the_first_and_a_reach_beyond_the_end_is_said_to_be() -> None:
    one = curve("gru", "1", [4.0, 2.0, 1.0])
    assert share_left(one) == 0.25
    assert (reaches(one), reaches(one | {"reaches": 2})) == ("k = 1", "k ≥ 2")


def test_every_part_has_a_table_whose_rows_are_as_long_as_its_header() -> None:
    tables = key_tables(SAMPLE)
    assert set(tables) == set(SAMPLE) - {"settings", "rates"}
    for title, rows in tables.values():
        assert title and len({len(row) for row in rows}) == 1 and len(rows) > 1


def test_tables_hold_what_was_measured() -> None:
    tables = {part: rows for part, (_, rows) in key_tables(SAMPLE).items()}
    assert tables["gains"][1] == ["rnn-tanh", "0.000", "1000.000"]
    assert tables["measures"][1] == ["rnn-relu", "0.3", "–", "50 % [25 %, 75 %]", "2.0 %", "8", "2 of 2"]
    assert tables["recall"][2] == ["lstm-chrono", "0.01", "12.5", "5", "20"]
    assert tables["bptt"][1] == ["gru", "90 %", "3", "20 %", "1"]
    assert tables["learnt"][2] == ["lstm", "100 %", "0.2", "0.8", "0 %", "60 %"]
    assert tables["context"][1] == ["forgotten beyond", "1", "70.0", "40.0 %", "-1.0 to 50.0 %"]
