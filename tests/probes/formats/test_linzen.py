import pytest

from nlprnn.errors import DataError
from nlprnn.probes.formats import linzen

ROW = {
    "sentence": "the NN of the books is old",
    "orig_sentence": "the zebrawood of the books is old",
    "pos_sentence": "DT NN IN DT NNS VBZ JJ",
    "subj": "zebrawood",
    "verb": "is",
    "subj_pos": "NN",
    "has_rel": "False",
    "has_nsubj": "False",
    "verb_pos": "VBZ",
    "subj_index": "2",
    "verb_index": "6",
    "n_intervening": "1",
    "last_intervening": "NNS",
    "n_diff_intervening": "1",
    "distance": "4",
    "max_depth": "1",
    "all_nouns": "NN books",
    "nouns_up_to_verb": "NN books",
}

HEADER = tuple(ROW)


def read(tmp_path, *rows):
    assert len(HEADER) == 18
    path = tmp_path / "agr.tsv"
    lines = ["\t".join(HEADER), *("\t".join(row.get(name, "") for name in HEADER) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert linzen.matches(path.read_bytes())
    return list(linzen.pairs(path))


def test_words_are_real_and_the_bad_sentence_has_the_verbs_other_form(tmp_path):
    (pair,) = read(tmp_path, ROW)
    assert pair.good == "the zebrawood of the books is old" and pair.bad == "the zebrawood of the books are old"
    assert (pair.target, pair.attractors, pair.subject, pair.match) == (5, 1, "singular", False)
    assert (pair.distance, pair.group) == (3, "")


@pytest.mark.parametrize(("subject", "words"), [("5", 0), ("7", None), ("", None)])
def test_the_distance_is_counted_in_words_between_where_the_subject_comes_first(tmp_path, subject, words):
    (pair,) = read(tmp_path, ROW | {"subj_index": subject})
    assert pair.distance == words


@pytest.mark.parametrize(
    ("last", "attractors", "match"),
    [("na", "0", True), ("NN", "0", True), ("NN", "1", True), ("NNS", "2", False), ("", "", None)],
)
def test_the_nearest_noun_is_the_suites_own(tmp_path, last, attractors, match):
    (pair,) = read(tmp_path, ROW | {"last_intervening": last, "n_diff_intervening": attractors})
    assert pair.match is match and pair.attractors == (int(attractors) if attractors else None)


def test_plural_verbs_get_their_singular(tmp_path):
    row = {
        "orig_sentence": "the men carry it",
        "verb": "carry",
        "verb_pos": "VBP",
        "verb_index": "3",
        "subj_pos": "NNS",
    }
    (pair,) = read(tmp_path, ROW | row)
    assert (pair.bad, pair.subject, pair.target) == ("the men carries it", "plural", 2)


def test_a_verb_without_another_form_has_no_partner(tmp_path):
    (pair,) = read(tmp_path, ROW | {"orig_sentence": "the key 's old", "verb": "'s", "verb_index": "3"})
    assert pair.bad == ""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"verb_index": "7"}, "word 7 is 'old', not the verb 'is'"),
        ({"verb_index": "9"}, "word 9 is nothing, not the verb 'is'"),
        ({"verb_index": "x"}, "verb_index is 'x', not a whole number"),
        ({"verb_pos": "VBD"}, "verb_pos is 'VBD'"),
        ({"n_diff_intervening": "two"}, "n_diff_intervening is 'two'"),
        ({"subj_index": "two"}, "an index is 'two'"),
    ],
)
def test_a_bad_row_is_told_with_its_line(tmp_path, change, told):
    with pytest.raises(DataError, match=rf"agr\.tsv:3: {told}"):
        read(tmp_path, ROW, ROW | change)


def test_a_row_of_another_length_is_told(tmp_path):
    path = tmp_path / "agr.tsv"
    path.write_text("\t".join(HEADER) + "\nonly\ttwo\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"agr\.tsv:2: 2 columns where the header has 18; put tabs between"):
        list(linzen.pairs(path))
