import json

import pytest

from nlprnn.errors import DataError
from nlprnn.probes.formats import blimp

ROW = {
    "sentence_good": "A niece of most senators hasn't left.",
    "sentence_bad": "A niece of most senators haven't left.",
    "one_prefix_prefix": "A niece of most senators",
    "one_prefix_word_good": "hasn't",
    "one_prefix_word_bad": "haven't",
    "UID": "distractor_agreement_relational_noun",
    "one_prefix_method": True,
    "pairID": "7",
}


def read(tmp_path, *rows, start=b""):
    path = tmp_path / "rows.jsonl"
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(start + b"\r\n".join(lines) + b"\r\n")
    assert blimp.matches(path.read_bytes())
    return list(blimp.pairs(path))


def test_a_row_is_a_pair_of_its_paradigm_and_its_prefix_gives_the_target(tmp_path):
    (pair,) = read(tmp_path, ROW, start=b"\xef\xbb\xbf")
    assert (pair.good, pair.bad) == (ROW["sentence_good"], ROW["sentence_bad"])
    assert (pair.construction, pair.group, pair.target) == (ROW["UID"], f"{ROW['UID']} 7", 5)
    assert pair.target_words() == ("hasn't", "haven't")


def test_distractor_paradigms_are_conflicts_by_design_and_others_are_not_annotated(tmp_path):
    distractor, other = read(tmp_path, ROW, ROW | {"UID": "regular_plural_subject_verb_agreement_1"})
    assert (distractor.match, distractor.attractors) == (False, 1)
    assert (other.match, other.attractors, other.subject) == (None, None, None)


def test_a_row_that_was_not_published_for_one_prefix_has_no_target(tmp_path):
    two_prefix = ROW | {"one_prefix_method": False}
    elsewhere = ROW | {"one_prefix_prefix": "Some niece of most senators"}
    assert [pair.target for pair in read(tmp_path, two_prefix, elsewhere)] == [None, None]


def test_a_published_continuation_of_several_words_is_scored_where_it_differs(tmp_path):
    row = {
        "sentence_good": "Sam criticizes that art gallery.",
        "sentence_bad": "Sam criticizes that art galleries.",
        "one_prefix_prefix": "Sam criticizes that",
        "one_prefix_word_good": "art gallery",
        "one_prefix_method": True,
    }
    assert read(tmp_path, row)[0].target == 4


def test_punctuation_that_clings_to_the_target_does_not_hide_it(tmp_path):
    row = {
        "sentence_good": "Susan revealed herself.",
        "sentence_bad": "Susan revealed themselves.",
        "one_prefix_prefix": "Susan revealed",
        "one_prefix_word_good": "herself",
        "one_prefix_word_bad": "themselves",
        "one_prefix_method": True,
    }
    (pair,) = read(tmp_path, row)
    assert pair.target_words() == ("herself", "themselves") and pair.construction == "rows"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (b'{"sentence_good": ', "not a JSON object"),
        (b"[1, 2]", "not a JSON object"),
        (b'{"sentence_good": "\xff"}', "not UTF-8"),
        ({"sentence_good": "a b"}, "no sentence_bad"),
        (b"[" * 100_000, "nested too deeply"),
        ({"sentence_good": "a b", "sentence_bad": "a \ud800"}, "half a surrogate pair"),
        ({"sentence_good": "a b", "sentence_bad": "a c", "UID": "\ud800"}, "half a surrogate pair"),
        ({"sentence_good": "a b", "sentence_bad": 3}, "no sentence_bad"),
        ({"sentence_good": "a b", "sentence_bad": "a  b"}, "both sentences are the same"),
    ],
)
def test_a_bad_row_is_told_with_its_line(tmp_path, row, told):
    with pytest.raises(DataError, match=rf"rows\.jsonl:3: .*{told}"):
        read(tmp_path, ROW, b"", row)
