"""Two scorers on the same pairs, held against figures computed by hand and by scipy."""

from __future__ import annotations

import json
from random import Random

import numpy as np
import pytest
from scipy import stats

from nlprnn.metrics.paired import holm, mcnemar
from nlprnn.probes.comparison import compare
from nlprnn.probes.conditions import Condition, ConditionSuite, Item
from nlprnn.probes.formula import parse
from nlprnn.probes.recency import probe_agreement
from nlprnn.probes.suite import MinimalPair, Suite

from .fake_scorers import FakeScorer, agreement_suite, nearest_noun, oracle


def right_on(numbers: set[int]) -> FakeScorer:
    """Right on the pairs `good 0`, `good 1` ... with these numbers."""
    return FakeScorer(lambda before, word: -float((word == "bad") == (int(before[0]) in numbers)) if before else -1.0)


def numbered(count: int, group: int = 1, construction: int = 10**9) -> Suite:
    pairs = [
        MinimalPair(f"{i} good", f"{i} bad", f"c{i // construction}", match=i % 2 == 0, group=f"g{i // group}")
        for i in range(count)
    ]
    return Suite("numbered", lambda: iter(pairs))


def asked(suite, **scorers):
    return [(name, [probe_agreement(scorer, suite)]) for name, scorer in scorers.items()]


def test_the_counts_are_those_of_a_table_of_two_by_two() -> None:
    first, second = set(range(60)), set(range(20, 70))
    one = compare(asked(numbered(100), a=right_on(first), b=right_on(second)))[0]
    assert (one.first, one.second, one.part, one.n) == ("a", "b", "all", 100)
    assert (one.only_first, one.only_second) == (20, 10)
    assert one.difference == pytest.approx(0.1) and one.accuracy_second == 0.5
    assert one.mcnemar == one.p == mcnemar(20, 10)
    low, high = one.interval
    expected = stats.norm(0.1, np.sqrt((0.3 - 0.01) / 100)).interval(0.95)
    np.testing.assert_allclose((low, high), expected, atol=0.02)


def test_groups_widen_the_interval_and_raise_the_p_value() -> None:
    first, second = set(range(50, 100)), set(range(20))
    alone, together = (compare(asked(numbered(200, size), a=right_on(first), b=right_on(second)))[0] for size in (1, 5))
    assert alone.mcnemar == together.mcnemar and (alone.groups, together.groups) == (200, 40)
    assert alone.p < together.p and alone.power > together.power
    assert np.diff(alone.interval) < np.diff(together.interval)


def test_all_tests_of_a_report_are_corrected_together() -> None:
    rng = Random(1)
    scorers = {name: right_on(set(rng.sample(range(90), wanted))) for name, wanted in (("a", 40), ("b", 60), ("c", 80))}
    found = compare(asked(numbered(90, construction=30), **scorers))
    assert [(one.first, one.second, one.part) for one in found[::5]] == [("a", b, "all") for b in "bc"] + [
        ("b", "c", "all")
    ]
    assert [one.part for one in found[:5]] == ["all", "conflict", *["construction"] * 3]
    np.testing.assert_allclose([one.p_corrected for one in found], holm(np.array([one.p for one in found])))
    assert sum(one.n for one in found[2:5]) == 90


def test_the_oracle_beats_the_nearest_noun_on_conflicts_and_in_the_index() -> None:
    everything, conflict, *constructions = compare(asked(agreement_suite(), o=oracle(), n=nearest_noun()))
    assert (conflict.accuracy_first, conflict.accuracy_second, conflict.difference) == (1.0, 0.0, 1.0)
    assert conflict.p == mcnemar(8, 0)
    assert everything.recency_index.difference == -1.0
    assert [one.construction for one in constructions] == ["across", "simple"]
    assert everything.too_few is False and constructions[1].too_few is True
    json.dumps([one.json() for one in (everything, conflict)])


def test_only_pairs_that_both_were_scored_on_are_compared() -> None:
    found = compare(asked(agreement_suite(), a=oracle(unknown={"laughs"}), b=oracle()))
    assert found[0].n == 18 - 8  # the verb is one of laughs and laugh in eight pairs
    assert compare(asked(agreement_suite(), a=oracle(unknown={"is"}), b=oracle(unknown={"laughs"}))) == []


def test_suites_that_differ_are_compared_where_they_meet_and_twins_are_told_apart() -> None:
    pairs = [MinimalPair(f"{i} good", f"{i} bad") for i in (*range(40), 3, 3)]
    whole, part = Suite("s", lambda: iter(pairs)), Suite("s", lambda: reversed(pairs[10:]))
    scorers = right_on(set(range(0, 40, 2))), right_on(set(range(20)))
    reports = [
        (name, [probe_agreement(*one)])
        for name, one in zip("ab", zip(scorers, (whole, part), strict=True), strict=True)
    ]
    one = compare(reports)[0]
    assert one.n == 32  # 10 to 39, and two of the three 3s
    assert (one.only_first, one.only_second) == (10, 5 + 2)


def test_the_n_gram_model_is_compared_with_the_scorer_that_it_stood_beside() -> None:
    report = probe_agreement(oracle(), agreement_suite(), ngram=nearest_noun())
    found = compare([("a", [report])], "n-gram")
    assert [(one.first, one.second, one.part) for one in found[:2]] == [
        ("a", "n-gram", "all"),
        ("a", "n-gram", "conflict"),
    ]
    assert compare([("a", [report])]) == []


def test_a_baseline_that_is_one_of_the_scorers_is_not_compared_twice_nor_with_itself() -> None:
    both = [
        (name, [probe_agreement(scorer, agreement_suite(), ngram=nearest_noun())])
        for name, scorer in (("a", oracle()), ("n-gram", nearest_noun()))
    ]
    found = compare(both, "n-gram")
    assert {(one.first, one.second) for one in found} == {("a", "n-gram")}
    assert len({(one.part, one.construction) for one in found}) == len(found)


def test_predictions_are_compared_like_constructions_and_items_as_wholes() -> None:
    def item(number: str) -> Item:
        regions = {
            name: Condition(name, ((1, f"the {noun} of the books is"),))
            for name, noun in (("a", "writer"), ("b", "writers"))
        }
        return Item(number, regions)

    formulas = tuple(map(parse, ("(1;%a%) < (1;%b%)", "(1;%b%) < (1;%a%)")))
    suite = ConditionSuite("s", tuple(item(str(number)) for number in range(30)), formulas)
    whole, first, second = compare(asked(suite, o=oracle(), n=FakeScorer(lambda before, word: -float(len(before)))))
    assert (whole.n, whole.part, whole.recency_index) == (30, "all", None)
    assert (first.construction, first.accuracy_first, first.accuracy_second) == ("(1;%a%) < (1;%b%)", 1.0, 0.0)
    assert second.difference == 0.0
