import csv

import pytest

from nlprnn.errors import DataError
from nlprnn.probes.items import items_file
from nlprnn.probes.recency import probe_agreement
from nlprnn.probes.suite import MinimalPair, Suite

from .fake_scorers import oracle

SUITE = Suite(
    "s",
    lambda: iter(
        [
            MinimalPair('the "writer" is', 'the "writer" are', "quoted", attractors=0),
            MinimalPair("the writer laughs", "the writer zzz"),
        ]
    ),
)


def test_every_pair_is_a_row_and_what_was_not_scored_is_blank(tmp_path):
    path = tmp_path / "items.tsv"
    with items_file(path) as sink:
        probe_agreement(oracle(unknown={"zzz"}), SUITE, sink=sink)
        assert not path.exists()
    with path.open(encoding="utf-8", newline="") as stream:
        header, first, second = csv.reader(stream, dialect="excel-tab")
    assert header == [
        "suite",
        "construction",
        "attractors",
        "good",
        "bad",
        "score_good",
        "score_bad",
        "correct",
        "status",
    ]
    assert first == [
        "s",
        "quoted",
        "0",
        'the "writer" is',
        'the "writer" are',
        "-3.500000",
        "-3.500000",
        "0",
        "tie",
    ]
    assert second == ["s", "", "", "the writer laughs", "the writer zzz", "", "", "", "unknown word"]


def test_an_error_on_the_way_leaves_no_file(tmp_path):
    with pytest.raises(RuntimeError), items_file(tmp_path / "items.tsv"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_in_one_line(tmp_path):
    with pytest.raises(DataError, match="cannot be written"), items_file(tmp_path / "no" / "items.tsv"):
        pass
