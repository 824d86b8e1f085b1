import math

import pytest

from nlprnn.errors import ConfigError, NlprnnError
from nlprnn.probes.conditions import Condition, ConditionSuite, Item, judge_items
from nlprnn.probes.formula import parse
from nlprnn.probes.recency import probe_agreement
from nlprnn.probes.suite import Scoring

from .fake_scorers import FakeScorer

REGION = Scoring("region")


def condition(name, *contents):
    return Condition(name, tuple(enumerate(contents, start=1)))


def suite(*formulas, items=None):
    if items is None:
        right = condition("match", "The writer", "next to", "", "the books", "is", "old .")
        wrong = condition("mismatch", "The writer", "next to", "", "the books", "are", "old .")
        items = [Item("1", {"match": right, "mismatch": wrong})]
    return ConditionSuite("hand", tuple(items), tuple(map(parse, formulas)))


def bits(word_bits, unknown=()):
    """A scorer whose words have so many bits, others 1; the end of a sentence has 0.5 nats."""
    return FakeScorer(lambda before, word: -word_bits.get(word, 1.0) * math.log(2), unknown)


def answers(scorer, asked, way=REGION):
    return [verdict.answers for verdict in judge_items(scorer, asked, way)]


def test_regions_are_joined_by_spaces_and_empty_ones_left_out():
    scorer = bits({})
    answers(scorer, suite("(5;%match%) < (5;%mismatch%)"))
    assert scorer.asked == ["The writer next to the books is old .", "The writer next to the books are old ."]


def test_a_prediction_holds_or_not_by_the_surprisal_of_its_region():
    asked = suite("(5;%match%) < (5;%mismatch%)", "(5;%match%) > (5;%mismatch%)", "(4;%match%) = (4;%mismatch%)")
    assert answers(bits({"is": 2.0, "are": 3.0}), asked) == [(True, False, True)]


def test_a_region_of_several_words_is_their_sum_in_bits_and_an_empty_one_nothing():
    scorer = bits({"next": 2.5, "to": 4.0})
    assert answers(scorer, suite("(2;%match%) = 6.5", "(3;%match%) = 0", "(1;%match%) = 2")) == [(True, True, True)]


def test_the_end_belongs_to_the_last_region_and_to_the_sentence():
    end = 0.5 / math.log(2)
    whole = suite(f"(6;%match%) = 2 + {end}", f"(*;%match%) = 9 + {end}")
    assert answers(bits({}), whole) == [(True, True)]
    without = suite("(6;%match%) = 2", "(*;%match%) = 9")
    assert answers(bits({}), without, Scoring("region", end=False)) == [(True, True)]


def test_on_request_regions_are_means_or_whole_sentences():
    scorer = bits({"next": 2.0, "to": 4.0, "is": 2.0})
    assert answers(scorer, suite("(2;%match%) = 3"), Scoring("region", mean=True)) == [(True,)]
    assert answers(scorer, suite("(3;%match%) = 0"), Scoring("region", mean=True)) == [(True,)]
    sentence = suite("(5;%match%) = 14")
    assert answers(scorer, sentence, Scoring("sentence", end=False)) == [(True,)]


def test_there_is_no_target_word():
    with pytest.raises(ConfigError, match="hand has regions and no target words"):
        answers(bits({}), suite("(5;%match%) < 3"), Scoring("target"))


@pytest.mark.parametrize(
    ("unknown", "skipped", "shared"),
    [("are", True, False), ("is", True, False), ("writer", False, True), ("zebra", False, False)],
)
def test_an_item_is_skipped_where_a_word_is_unknown_that_decides(unknown, skipped, shared):
    (found,) = judge_items(bits({}, {unknown}), suite("(5;%match%) < (5;%mismatch%)"), REGION)
    assert (bool(found.skipped), found.shared_unknown) == (skipped, shared)
    assert found.correct is (None if skipped else False)
    assert found.unknown == ((unknown,) if skipped else ())


def test_a_word_in_which_the_conditions_differ_decides_although_its_region_is_not_asked_for():
    asked = suite("(6;%match%) < (6;%mismatch%)")
    (found,) = judge_items(bits({}, {"are"}), asked, REGION)
    assert found.unknown == ("are",)
    (found,) = judge_items(bits({}, {"writer"}), suite("(*;%match%) < (5;%mismatch%)"), REGION)
    assert found.unknown == ("writer",)


def test_the_report_counts_items_of_which_all_predictions_hold():
    def item(number, verb):
        return Item(number, {"good": condition("good", "it", "is"), "bad": condition("bad", "it", verb)})

    items = [item("1", "are"), item("2", "am"), item("3", "zzz")]
    asked = suite("(2;%good%) < (2;%bad%)", "(2;%bad%) > 4", items=items)
    report = probe_agreement(bits({"are": 9.0, "am": 3.0}, {"zzz"}), asked, ngram=bits({}))
    assert (report.counted, report.scoring) == ("items", "region")
    assert (report.n, report.accuracy, report.skipped, report.unknown_words) == (2, 0.5, 1, ["zzz"])
    assert [(part.name, part.n, part.accuracy) for part in report.constructions] == [
        ("(2;%good%) < (2;%bad%)", 2, 1.0),
        ("(2;%bad%) > 4", 2, 0.5),
    ]
    assert report.recency_index is None and report.by_attractors == []
    assert {name: cell and cell.accuracy for name, cell in report.baselines.items()} == {
        "nearest_noun": None,
        "majority": None,
        "unigram": None,
        "ngram": 0.0,
    }


def test_a_model_that_gives_no_number_is_an_error():
    with pytest.raises(NlprnnError, match="NaN"):
        answers(FakeScorer(lambda before, word: math.nan), suite("(5;%match%) < 1"))


def test_an_unknown_word_behind_all_that_is_asked_for_decides_nothing():
    (found,) = judge_items(bits({}, {"old"}), suite("(5;%match%) < (5;%mismatch%)"), REGION)
    assert (found.skipped, found.shared_unknown) == ("", False)
    (found,) = judge_items(bits({}, {"old"}), suite("(5;%match%) < (5;%mismatch%)"), Scoring("sentence"))
    assert found.unknown == ("old",)


def test_a_prediction_is_scored_whatever_the_others_of_its_item_lack():
    asked = suite("(4;%match%) = 2", "(6;%match%) = (6;%mismatch%)")
    (found,) = judge_items(bits({}, {"old"}), asked, REGION)
    assert found.answers == (True, None) and found.unknown_of == ((), ("old",)) and found.correct is None
    report = probe_agreement(bits({}, {"old"}), asked)
    assert (report.n, report.skipped) == (0, 1)
    assert [(part.n, part.skipped) for part in report.constructions] == [(1, 0), (0, 1)]
