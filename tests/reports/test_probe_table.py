import pytest

from nlprnn.metrics.shares import wilson
from nlprnn.reports.probe_table import probe_table, verdict


def cell(correct, n, **more):
    return {
        "n": n,
        "accuracy": correct / n if n else None,
        "interval": list(wilson(correct, n)) if n else None,
        **more,
    }


def split(match, conflict, **more):
    (a, m), (b, n) = match, conflict
    return cell(a + b, m + n, match=cell(a, m), conflict=cell(b, n), **more)


def suite(match=(600, 600), conflict=(594, 600), **more):
    index = match[0] / match[1] - conflict[0] / conflict[1] if match[1] and conflict[1] else None
    found = split(match, conflict, recency_index=index)
    found |= {
        "name": "hand",
        "counted": "pairs",
        "scoring": "sentence",
        "agreeing": ["subject", "verb"],
        "coverage": "",
        "skipped": 0,
        "skipped_why": {},
    }
    found |= {"unknown_words": [], "shared_unknown": 0, "ties": 0}
    found |= {"unknown_counts": {}, "groups": 30, "group_interval": None, "recency_interval": None, "number_bias": None}
    name = "irregular_plural_subject_verb_agreement_1"
    ledger = {"skipped": 0, "skipped_why": {}, "unknown_counts": {}}
    found["constructions"] = [split(match, conflict, name=name, recency_index=index, **ledger)]
    nearest = split((match[1], match[1]), (0, conflict[1]))
    beside = {"ngram": None, "nearest_noun": nearest}
    found["by_attractors"] = [
        split(match, (0, 0), attractors=0, baselines=beside),
        split((0, 0), conflict, attractors=1, baselines=beside),
    ]
    found["by_distance"] = [
        split(match, conflict, distance=3, up_to=3, baselines=beside),
        split((0, 0), conflict, distance=20, up_to=None, baselines=beside),
    ]
    found["by_subject_number"] = {"singular": split(match, conflict), "plural": split(conflict, match)}
    found["baselines"] = {"nearest_noun": nearest, "majority": None, "unigram": None, "ngram": None}
    return found | more


def report(*suites, comparisons=(), recipes=()):
    models = [{"model": f"models/m{i}", "suites": [found]} for i, found in enumerate(suites)]
    return {"models": models, "comparisons": list(comparisons), "recipes": list(recipes)}


def table(*suites, **more):
    return probe_table(report(*suites, **more))


def test_one_model_gets_a_row_for_every_figure():
    text = table(suite())
    lines = text.splitlines()
    assert lines[0] == "== hand ==" and lines[1] == "models/m0: 1,200 of 1,200 pairs scored (by sentence)"
    row = next(line for line in lines if line.startswith("all"))
    assert row.split() == ["all", "1,200", "99.5", "%", "[98.9,", "99.8]", "100.0", "99.0", "+1.0"]
    assert any(line.split()[:4] == ["nearest", "noun", "1,200", "50.0"] for line in lines)
    assert "majority" not in text and "nan" not in text.lower() and "None" not in text


@pytest.mark.parametrize("count", [1, 2, 4])
def test_no_line_is_wider_than_a_hundred_columns(count):
    found = suite(skipped=30, skipped_why={"unknown word": 30}, unknown_words=["w" * 20] * 10, coverage="c " * 120)
    assert max(map(len, table(*[found] * count).splitlines())) <= 100


def test_coverage_comes_before_the_table_and_says_what_was_left_out():
    found = suite(skipped=30, skipped_why={"unknown word": 30}, unknown_words=["descend"], shared_unknown=4, ties=2)
    text = table(found | {"coverage": "made of known words"})
    assert "1,200 of 1,230 pairs scored" in text and "skipped 30: unknown word 30 (descend)" in text.replace(
        "\n  ", " "
    )
    assert "2 ties, counted as wrong" in text.replace("\n  ", " ")
    assert text.index("made of known words") < text.index("accuracy")


def test_curves_and_intervals_by_group_are_told():
    bias = {"difference": 0.02, "interval": [-0.01, 0.05]}
    text = table(suite(group_interval=[0.97, 0.999], recency_interval=[0.001, 0.02], number_bias=bias))
    assert "words between subject and verb" in text and "\n  20+ " in text
    told = "by 30 groups of items: accuracy [97.0, 99.9], recency index +1.0 [+0.1, +2.0], singular less plural"
    assert told in text.replace("\n  ", " ") and "subjects +2.0 [-1.0, +5.0]" in text.replace("\n  ", " ")


def test_each_construction_says_what_it_lacks():
    found = suite(skipped=30, skipped_why={"unknown word": 30}, unknown_words=["descend"])
    lacking = {"skipped": 30, "skipped_why": {"unknown word": 30}, "unknown_counts": {"descend": 20, "bray": 10}}
    found["constructions"] = [split((9, 9), (0, 0), name=name, recency_index=None) | lacking for name in "ab"]
    assert "models/m0: a: 9 of 39 scored; unknown word 30 (descend, bray)" in table(found)


def test_models_stand_side_by_side():
    lines = table(suite(), suite(conflict=(60, 600))).splitlines()
    assert any("models/m0" in line and "models/m1" in line for line in lines)
    start = lines.index("conflict")
    assert lines[start + 1].split()[0] == "all" and "99.0 %" in lines[start + 1] and "10.0 %" in lines[start + 1]


def test_few_items_get_a_warning_and_many_do_not():
    assert "warning: few items, intervals wider than ±10 points: all (n 12)" in table(suite((6, 6), (3, 6)))
    assert "warning" not in table(suite())


@pytest.mark.parametrize(
    ("match", "conflict", "told"),
    [
        (
            (600, 600),
            (594, 600),
            "follows syntactic recency: agrees with the subject on 99.0 % [97.8, 99.5] of 600 conflict",
        ),
        ((600, 600), (60, 600), "follows sequential recency: agrees with the subject on only 10.0 %"),
        ((600, 600), (300, 600), "undecided: agrees with the subject on 50.0 %"),
        ((60, 600), (60, 600), "undecided: below chance on match items too (10.0 % of 600)"),
        ((600, 600), (0, 0), "recency cannot be judged: no conflict item was scored"),
        ((0, 0), (594, 600), "follows syntactic recency"),
    ],
)
def test_the_verdict_holds_the_interval_against_one_half(match, conflict, told):
    assert verdict(suite(match, conflict)).startswith(told)
    assert told.split(":")[0] in table(suite(match, conflict))


def test_a_suite_without_a_scored_pair_is_still_told():
    text = table(suite((0, 0), (0, 0), skipped=3, skipped_why={"unknown word": 3}))
    assert "0 of 3 pairs scored" in text and "no conflict item" in text


def test_predictions_are_numbered_and_told_in_full_and_nothing_is_said_of_recency():
    formula = "[(6;%match_sing%) < (6;%mismatch_sing%)] & [(6;%match_plural%) < (6;%mismatch_plural%)]"
    found = suite((0, 0), (0, 0)) | cell(30, 38) | {"counted": "items", "scoring": "region", "by_attractors": []}
    found |= {
        "constructions": [split((0, 0), (0, 0), name=formula, recency_index=None) | cell(30, 38)],
        "baselines": {},
    }
    found["by_subject_number"] = {"singular": cell(0, 0), "plural": cell(0, 0)}
    for text in (table(found), table(found, found)):
        assert "38 of 38 items scored (by region)" in text and "recency cannot" not in text
        assert f"prediction 1: {formula}" in text.replace("\n  ", " ")
        assert any(line.split()[:2] == ["prediction", "1"] and "78.9 %" in line for line in text.splitlines())
