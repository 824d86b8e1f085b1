"""What is kept of each pair, and the figures that are computed from it."""

import numpy as np
import pytest

from nlprnn.probes.evaluate import Verdict
from nlprnn.probes.outcomes import Outcomes, in_common
from nlprnn.probes.recency import probe_agreement
from nlprnn.probes.suite import MinimalPair, Suite

from .fake_scorers import FakeScorer, agreement_suite, nearest_noun


def outcomes(*pairs, right=lambda pair: True):
    found = Outcomes()
    for pair in pairs:
        good, bad = (-1.0, -2.0) if right(pair) else (-2.0, -1.0)
        found.add(Verdict(pair, good, bad) if right(pair) is not None else Verdict(pair, skipped="unknown word"))
    return found.record()


def test_pairs_of_one_group_share_a_number_and_others_stand_alone():
    pairs = [MinimalPair(f"{i} a", f"{i} b", group=group) for i, group in enumerate(("x", "x", "y", "", ""))]
    record = outcomes(*pairs)
    assert record.count_groups() == 4 and record.groups[0] == record.groups[1]


def test_twins_are_different_rows_of_one_group_and_are_matched_with_twins():
    twin, other = MinimalPair("a", "b"), MinimalPair("c", "d")
    first, second = outcomes(twin, other, twin), outcomes(twin, twin, twin, other)
    assert len(set(first.keys.tolist())) == 3 and first.count_groups() == 2
    ours, theirs = in_common(first, second)
    assert len(ours.keys) == 3 and (ours.keys == theirs.keys).all() and (ours.keys == first.keys).all()


def test_the_same_sentences_in_two_constructions_are_two_pairs():
    pair = [MinimalPair("a", "b", name) for name in "xy"]
    assert len(in_common(outcomes(pair[0]), outcomes(pair[1]))[0].keys) == 0


def test_what_was_skipped_is_left_out_and_changes_no_other_row():
    pairs = [MinimalPair(f"{i} a", f"{i} b", f"c{i % 2}") for i in range(6)]
    some = outcomes(*pairs, right=lambda pair: None if pair.good == "2 a" else pair.good < "4")
    assert some.right.tolist() == [True, True, True, False, False] and some.names == ("c0", "c1")
    whole = outcomes(*pairs)
    assert (some.keys == np.delete(whole.keys, 2)).all()
    assert some.of("c1").right.tolist() == [True, True, False]


def test_singular_and_plural_subjects_are_held_against_each_other():
    pairs = [MinimalPair(f"{i} a", f"{i} b", subject=("singular", "plural")[i % 2]) for i in range(200)]
    gap, (low, high) = outcomes(*pairs, right=lambda pair: int(pair.good[:-2]) % 4 != 1).number_gap()
    assert gap == 0.5 and low == pytest.approx(0.4, abs=0.03) and high == pytest.approx(0.6, abs=0.03)
    assert outcomes(*pairs[::2]).number_gap() is None


def test_the_report_has_the_index_with_an_interval_by_groups():
    report = probe_agreement(nearest_noun(), agreement_suite())
    assert report.groups == 18 and report.group_interval is None, "too few groups for an interval"

    def pairs():
        for i in range(400):
            conflict = i % 2 == 1
            yield MinimalPair(f"{i} good", f"{i} bad", "c", match=not conflict, group=f"g{i // 4}")

    wrong = FakeScorer(lambda before, word: -float((word == "bad") != (int((before or "0")[0]) % 10 in (1, 3))))
    report = probe_agreement(wrong, Suite("s", pairs))
    assert report.recency_index == pytest.approx(0.4)
    low, high = report.recency_interval
    assert low < 0.4 < high and high - low < 0.2 and report.groups == 100
    assert report.constructions[0].recency_interval == report.recency_interval


def test_curves_by_distance_count_far_ones_together_and_have_their_baselines():
    pairs = [
        MinimalPair(f"the writer {'x ' * d}is", f"the writer {'x ' * d}are", attractors=0, match=True, distance=d)
        for d in (0, 3, 3, 9, 10, 14, 15, 20, 55)
    ]
    report = probe_agreement(nearest_noun(), Suite("s", lambda: iter(pairs)), ngram=nearest_noun())
    cells = [(part.distance, part.up_to, part.n) for part in report.by_distance]
    assert cells == [(0, 0, 1), (3, 3, 2), (9, 9, 1), (10, 14, 2), (15, 19, 1), (20, None, 2)]
    assert all(part.accuracy == part.baselines["ngram"].accuracy == 1.0 for part in report.by_distance)
    assert report.by_attractors[0].baselines["nearest_noun"].n == 9
