import csv
from functools import partial

import pytest

from nlprnn.errors import DataError
from nlprnn.probes.conditions import Condition, ConditionSuite, Item
from nlprnn.probes.formula import parse
from nlprnn.probes.items import COLUMNS, items_file
from nlprnn.probes.recency import probe_agreement
from nlprnn.probes.suite import MinimalPair, Suite

from .fake_scorers import nearest_noun, oracle

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
    with items_file(path) as write:
        probe_agreement(oracle(unknown={"zzz"}), SUITE, sink=partial(write, "models/a"))
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


def test_rows_of_several_models_name_theirs_in_a_last_column(tmp_path):
    path = tmp_path / "items.tsv"
    with items_file(path, several=True) as write:
        for model, scorer in (("models/a", oracle()), ("models/b", nearest_noun())):
            probe_agreement(scorer, SUITE, sink=partial(write, model))
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, dialect="excel-tab"))
    assert list(rows[0])[:-1] == list(COLUMNS)
    assert [row["model"] for row in rows] == ["models/a"] * 2 + ["models/b"] * 2


def test_an_item_of_several_conditions_is_a_row_for_each_prediction(tmp_path):
    def item(number, *verbs):
        regions = {verb: ((1, "the writer of the books"), (2, verb)) for verb in verbs}
        return Item(number, {name: Condition(name, cut) for name, cut in zip("ab", regions.values(), strict=True)})

    formulas = "(2;%a%) < (2;%b%)", "(2;%b%) < (2;%a%)"
    suite = ConditionSuite("s", (item("7", "is", "are"), item("8", "is", "zzz")), tuple(map(parse, formulas)))
    path = tmp_path / "items.tsv"
    with items_file(path) as write:
        probe_agreement(nearest_noun(unknown={"zzz"}), suite, sink=partial(write, "models/a"))
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, dialect="excel-tab"))
    assert [(row["construction"], row["good"], row["correct"], row["status"]) for row in rows] == [
        (formulas[0], "item 7", "0", "scored"),
        (formulas[1], "item 7", "1", "scored"),
        (formulas[0], "item 8", "", "unknown word"),
        (formulas[1], "item 8", "", "unknown word"),
    ]


def test_an_error_on_the_way_leaves_no_file(tmp_path):
    with pytest.raises(RuntimeError), items_file(tmp_path / "items.tsv"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_in_one_line(tmp_path):
    with pytest.raises(DataError, match="cannot be written"), items_file(tmp_path / "no" / "items.tsv"):
        pass
