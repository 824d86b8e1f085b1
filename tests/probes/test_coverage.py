"""What can be scored with a vocabulary is what a model with it is scored on."""

import json

from nlprnn.probes.conditions import Condition, ConditionSuite, Item
from nlprnn.probes.coverage import coverage
from nlprnn.probes.formula import parse
from nlprnn.probes.recency import probe_agreement
from nlprnn.probes.suite import MinimalPair, Suite

from .fake_scorers import agreement_suite, oracle


def test_it_counts_what_a_probe_of_a_model_with_that_vocabulary_would_skip():
    unknown = {"laughs", "of", "writers"}
    found = coverage(lambda word: word not in unknown, agreement_suite())
    report = probe_agreement(oracle(unknown=unknown), agreement_suite())
    for name in ("n", "skipped", "skipped_why", "unknown_counts", "shared_unknown", "scoring", "counted", "name"):
        assert getattr(found, name) == getattr(report, name)
    assert found.share == 10 / 18 and found.unknown_counts == {"laughs": 8}
    parts = [(part.name, part.n, part.skipped) for part in found.constructions]
    assert parts == [("across", 8, 8), ("simple", 2, 0)]
    assert parts == [(part.name, part.n, part.skipped) for part in report.constructions]


def test_words_are_named_the_most_frequent_first():
    pairs = [MinimalPair(f"it {word}", "it was") for word in ("seldom", "often", "often", "often", "twice", "twice")]
    found = coverage(lambda word: word in ("it", "was"), Suite("s", lambda: iter(pairs)))
    assert list(found.unknown_counts.items()) == [("often", 3), ("twice", 2), ("seldom", 1)]


def test_the_way_of_scoring_decides_what_must_be_known():
    pair = MinimalPair("the key is gone", "the key are gone today", target=2)
    knows = {"the", "key", "is", "are", "gone"}.__contains__
    by = {unit: coverage(knows, Suite("s", lambda: iter([pair])), scoring=unit).n for unit in ("sentence", "target")}
    assert by == {"sentence": 0, "target": 1}


def test_suites_of_conditions_are_counted_by_item_and_prediction():
    def item(number, word):
        return Item(number, {name: Condition(name, ((1, "it"), (2, word))) for name in "ab"})

    suite = ConditionSuite("s", (item("1", "is"), item("2", "zzz")), (parse("(2;%a%) < (2;%b%)"),))
    found = coverage(lambda word: word != "zzz", suite)
    assert (found.counted, found.n, found.skipped, found.constructions[0].n) == ("items", 1, 1, 1)
    assert json.loads(json.dumps(found.json()))["unknown_counts"] == {"zzz": 1}


def test_an_empty_suite_has_no_share():
    assert coverage(lambda word: True, Suite("s", lambda: iter([]))).share is None
