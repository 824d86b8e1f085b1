import json

import pytest

from nlprnn.errors import DataError
from nlprnn.probes.formats import syntaxgym
from nlprnn.probes.formula import Reference

FORMULA = "[(2;%match%) < (2;%mismatch%)] & [(3;%match%) < 40]"


def condition(name, *contents):
    regions = [{"region_number": place, "content": text} for place, text in enumerate(contents, start=1)]
    return {"condition_name": name, "regions": regions}


def content(**changes):
    items = [
        {
            "item_number": number,
            "conditions": [condition("match", subject, "is", "old ."), condition("mismatch", subject, "are", "old .")],
        }
        for number, subject in ((1, "The house"), (2, "The tree"))
    ]
    suite = {
        "meta": {"name": "by_hand", "metric": "sum", "comment": "", "reference": ""},
        "region_meta": {"1": "subject", "2": "verb", "3": "rest"},
        "predictions": [{"type": "formula", "formula": FORMULA}],
        "items": items,
    }
    return suite | changes


def read(tmp_path, suite):
    path = tmp_path / "suite.json"
    path.write_text(suite if isinstance(suite, str) else json.dumps(suite, indent=4), encoding="utf-8")
    assert syntaxgym.matches(path.read_bytes())
    return syntaxgym.suite(path)


def test_items_conditions_regions_and_predictions_are_read(tmp_path):
    suite = read(tmp_path, content())
    assert (suite.name, len(suite.items), suite.items[1].number) == ("by_hand", 2, "2")
    assert suite.items[1].conditions["mismatch"].sentence == "The tree are old ."
    assert suite.predictions[0].references() == [Reference(2, "match"), Reference(2, "mismatch"), Reference(3, "match")]
    assert str(suite.published) == "region"


def test_regions_may_be_empty_and_numbers_may_be_strings(tmp_path):
    suite = content()
    for item in suite["items"]:
        for each in item["conditions"]:
            each["regions"].append({"region_number": "4", "content": ""})
    suite["predictions"][0]["formula"] = "(4;%match%) < 1"
    found = read(tmp_path, suite)
    assert found.items[0].conditions["match"].spans(end=False) == {1: (0, 2), 2: (2, 3), 3: (3, 5), 4: (5, 5)}


def test_means_are_known_too(tmp_path):
    assert str(read(tmp_path, content(meta={"metric": "mean"})).published) == "region, mean of the tokens"
    assert read(tmp_path, content(meta={})).name == "suite"


def without(key):
    return {name: value for name, value in content().items() if name != key}


def one_item(*conditions):
    return content(items=[{"item_number": 7, "conditions": list(conditions)}])


@pytest.mark.parametrize(
    ("suite", "told"),
    [
        (content(predictions=[{"type": "formula", "formula": "(2;%metch%) < 1"}]),
         "a formula asks for the condition 'metch', item 1 has match, mismatch"),
        (content(predictions=[{"type": "formula", "formula": "(9;%match%) < 1"}]),
         "a formula asks for the region 9, condition match of item 1 has 1, 2, 3"),
        (one_item(condition("match", "a", "b", "c")), "the condition 'mismatch', item 7 has match"),
        (content(predictions=[{"type": "formula", "formula": "(2;%match%) <"}]), "breaks off"),
        (content(predictions=[{"type": "python", "formula": "1 < 2"}]), "prediction 1 is no formula"),
        (content(predictions=["1 < 2"]), "prediction 1 is no formula"),
        (without("predictions"), "the suite has no predictions"),
        (without("items"), "the suite has no items"),
        (content(items=[3]), "item 1 has no conditions"),
        (content(meta={"metric": "median"}), "the metric 'median' is not known"),
        (content(meta={"metric": ["median"]}), "the metric"),
        (content(meta={"metric": []}), "the metric"),
        (one_item({"condition_name": "x", "regions": [{"region_number": "²", "content": "a"}]}), "needs a reg"),
        (one_item({"condition_name": "x", "regions": [{"region_number": 1, "content": "\ud800"}]}), "needs a reg"),
        ('{"region_meta": {}, "items": [{"item_number": 1' + "0" * 5000 + "}]}", "not JSON"),
        (one_item({"regions": []}), "item 7: a condition without a condition_name"),
        (one_item(condition("match", "a"), condition("match", "a")), "item 7 has the condition 'match' twice"),
        (one_item(condition("match", "", " "), condition("mismatch", "a", "b", "c")),
         "item 7, condition match has no words"),
        (one_item({"condition_name": "x", "regions": [{"content": "a"}]}), "a region needs a region_number"),
        (one_item({"condition_name": "x", "regions": [{"region_number": 1, "content": "a"}] * 2}),
         "item 7, condition x has the region 1 twice"),
        (json.dumps(content())[:-20], "not JSON"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_in_one_line(tmp_path, suite, told):
    with pytest.raises(DataError, match=told) as caught:
        read(tmp_path, suite)
    assert str(caught.value).startswith(str(tmp_path / "suite.json")) and "\n" not in str(caught.value)


def test_predictions_may_be_strings_in_the_meta_data(tmp_path):
    older = content(meta={"name": "older", "string_predictions": ["(2;%match%) < (2;%mismatch%)"]}, predictions=[])
    assert [formula.text for formula in read(tmp_path, older).predictions] == ["(2;%match%) < (2;%mismatch%)"]


def test_a_formula_that_stands_twice_is_one_prediction(tmp_path):
    assert len(read(tmp_path, content(predictions=[{"type": "formula", "formula": FORMULA}] * 2)).predictions) == 1


@pytest.mark.parametrize(("metric", "mean"), [(["sum"], False), ("all", False), (["mean"], True)])
def test_metrics_may_be_listed(tmp_path, metric, mean):
    assert read(tmp_path, content(meta={"metric": metric})).published.mean == mean


def test_a_condition_that_no_formula_asks_for_may_be_empty(tmp_path):
    suite = content()
    suite["items"][0]["conditions"].append(condition("unused", "", ""))
    assert len(read(tmp_path, suite).items) == 2
