import pytest

from nlprnn.errors import DataError
from nlprnn.probes.formats import gulordava

HEADER = "pattern constr_id sent_id correct_number form class type prefix n_attr punct freq len_context len_prefix sent"


def row(form, kind, sent_id="0", pattern="R__NOUN_NOUN_VERB", n_attr="1", number="sing", sent="il re dei cani dorme ."):
    what = "original" if sent_id == "0" else "generated"
    cells = [pattern, "3", sent_id, number, form, kind, what, "il re dei <unk>", n_attr, "False", "9", "3", "4", sent]
    return "\t".join(cells)


def write_table(tmp_path, *rows, header=HEADER):
    path = tmp_path / "generated.tab"
    path.write_text("\n".join(["\t".join(header.split(" ")), *rows]) + "\n", encoding="utf-8")
    assert gulordava.table_matches(path.read_bytes())
    return path


def read_table(path, kind="original"):
    return list(gulordava.table_pairs(path, kind))


def test_two_rows_are_a_pair_and_either_form_takes_the_place_of_the_word_in_the_sentence(tmp_path):
    sent = "il re dei cani cade . <eos>"
    (pair,) = read_table(
        write_table(tmp_path, row("mangia", "correct", sent=sent), row("mangiano", "wrong", sent=sent))
    )
    assert (pair.good, pair.bad) == ("il re dei cani mangia .", "il re dei cani mangiano .")
    assert (pair.target, pair.attractors, pair.subject, pair.match) == (4, 1, "singular", None)
    assert (pair.construction, pair.group) == ("R__NOUN_NOUN_VERB", "R__NOUN_NOUN_VERB__3")
    assert pair.distance == 2  # dei cani


def test_original_and_nonce_sentences_are_kept_apart(tmp_path):
    rows = [row("a", "correct"), row("b", "wrong"), row("c", "correct", "1"), row("d", "wrong", "1")]
    path = write_table(tmp_path, *rows)
    assert [pair.good.split()[4] for pair in read_table(path)] == ["a"]
    assert [pair.good.split()[4] for pair in read_table(path, "nonce")] == ["c"]
    assert gulordava.kinds(gulordava.table_pairs, path) == ["original", "nonce"]
    assert gulordava.kinds(gulordava.table_pairs, write_table(tmp_path, *rows[2:])) == ["nonce"]


def test_rows_of_an_item_need_not_be_neighbours_nor_the_correct_one_first(tmp_path):
    rows = [row("b", "wrong"), row("c", "correct", "1"), row("a", "correct"), row("d", "wrong", "1")]
    path = write_table(tmp_path, *rows)
    assert [(pair.good[-3], pair.bad[-3]) for kind in ("original", "nonce") for pair in read_table(path, kind)] == [
        ("a", "b"),
        ("c", "d"),
    ]


@pytest.mark.parametrize(
    ("pattern", "n_attr", "match"),
    [
        ("L__NOUN_VERB_VERB", "0", True),
        ("L__NOUN_VERB_VERB", "2", None),
        ("R__VERB_NOUN_CCONJ_VERB", "0", None),  # attractors of a verb are verbs: nothing is known of nouns
        ("R!NOUN_NOUN_VERB!Number=Sing!Number=Plur", "0", True),
        ("L__NOUN_VERB_VERB", "", None),
    ],
)
def test_without_attractors_of_a_noun_the_nearest_noun_has_its_number(tmp_path, pattern, n_attr, match):
    rows = [row(form, kind, pattern=pattern, n_attr=n_attr) for form, kind in (("a", "correct"), ("b", "wrong"))]
    (pair,) = read_table(write_table(tmp_path, *rows))
    assert pair.match is match and pair.attractors == (int(n_attr) if n_attr else None)


def test_tables_of_results_are_read_too(tmp_path):
    """An index, a pattern_id, more columns behind, quoted cells with a line end: as the authors' tables come."""
    header = " " + HEADER.replace("pattern", "pattern_id") + " full_id hidden650"
    first, second = (row(form, kind) for form, kind in (("a", "correct"), ("b", "wrong")))
    rows = [
        f'{i}\t{cells[: -len(" dorme .")]} dorme ""."" <eos>\n"\tid\t-3.5' for i, cells in enumerate((first, second))
    ]
    rows = [cells.replace("\til re dei cani dorme", '\t"il re dei cani dorme') for cells in rows]
    (pair,) = read_table(write_table(tmp_path, *rows, header=header))
    assert pair.good == 'il re dei cani a "."' and pair.construction == "R__NOUN_NOUN_VERB"


def test_equal_forms_are_left_to_be_a_tie(tmp_path):
    (pair,) = read_table(write_table(tmp_path, row("re", "correct"), row("re", "wrong")))
    assert pair.good == pair.bad


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([row("a", "correct")], ":2: item 3, sentence 0 of R__NOUN_NOUN_VERB has no row that is wrong"),
        ([row("a", "wrong"), row("b", "wrong")], ":3: .* is wrong as in line 2"),
        ([row("a", "right"), row("b", "wrong")], ":2: class is 'right'"),
        (
            [row("a", "correct", sent="il re"), row("b", "wrong", sent="il re")],
            ":3: position 4 in a sentence of 2 words",
        ),
        ([row("a b", "correct"), row("b", "wrong")], ":3: the form 'a b' is not one word"),
        ([row("a", "correct", number="dual"), row("b", "wrong")], ":3: correct_number is 'dual'"),
        ([row("a", "correct", n_attr="x"), row("b", "wrong")], ":3: n_attr is 'x', not a whole number"),
        (["R__NOUN\t3"], ":2: 2 columns where the header has 14"),
    ],
)
def test_a_bad_row_is_told_with_its_line(tmp_path, rows, told):
    with pytest.raises(DataError, match=rf"generated\.tab{told}"):
        read_table(write_table(tmp_path, *rows))


def gold(sent_id="0", place="4", right="dorme", wrong="dormono", number="Sing"):
    pattern = "R!NOUN_NOUN_VERB!Number=Sing!Number=Plur"
    cells = [pattern, "3", sent_id, place, "VERB", f"Mood=Ind|Number={number}|Person=3", right, wrong, "dormire", "1"]
    return "\t".join([*cells, "NOUN", "NOUN_ADP_NOUN_VERB"])


def write_gold(tmp_path, golds, texts):
    path = tmp_path / "generated.gold"
    path.write_text("\n".join(golds) + "\n", encoding="utf-8")
    path.with_suffix(".text").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def test_gold_and_text_are_read_line_by_line(tmp_path):
    texts = ["il re dei cani dorme . <eos>", "la torre dei gatti ride ! <eos>"]
    path = write_gold(tmp_path, [gold(), gold("2", "1", "torri", "torre", "Plur")], texts)
    assert gulordava.gold_matches(path.read_bytes()) and not gulordava.linzen_matches(path.read_bytes())
    (original,) = gulordava.gold_pairs(path, "original")
    (nonce,) = gulordava.gold_pairs(path, "nonce")
    assert (original.good, original.bad) == ("il re dei cani dorme .", "il re dei cani dormono .")
    assert (original.target, original.subject, original.construction) == (4, "singular", "R__NOUN_NOUN_VERB")
    assert (nonce.good, nonce.subject, nonce.target) == ("la torri dei gatti ride !", "plural", 1)
    assert (original.attractors, original.match) == (None, None)  # its tenth field is a position, no count
    assert (original.distance, nonce.distance) == (2, None)  # and there the cue does not come first


def linzen(line):
    text = f"the keys to the old house {line.split()[1].lower()} mine . <eos>"
    return lambda tmp_path: write_gold(tmp_path, [line], [text])


@pytest.mark.parametrize(
    ("line", "bad", "attractors", "subject", "match"),
    [
        ("6\tare\tis\t1", "the keys to the old house is mine .", 1, "plural", None),
        ("6\tare\tis\t0", "the keys to the old house is mine .", 0, "plural", True),
        ("6\tvaries\tvary\t2", "the keys to the old house vary mine .", 2, "singular", None),
        ("6\tAre\tIs\t2", "the keys to the old house Is mine .", 2, "plural", None),
    ],
)
def test_the_linzen_subset_has_four_fields(tmp_path, line, bad, attractors, subject, match):
    path = linzen(line)(tmp_path)
    assert gulordava.linzen_matches(path.read_bytes()) and not gulordava.gold_matches(path.read_bytes())
    (pair,) = gulordava.linzen_pairs(path)
    assert (pair.bad, pair.attractors, pair.subject, pair.match) == (bad, attractors, subject, match)
    assert pair.target == 6


@pytest.mark.parametrize(
    ("golds", "texts", "told"),
    [
        (["6\tare\tis\t1"] * 2, ["a b c d e f are"], "not equally long: generated.text has no line 2"),
        (["6\tare\tis\t1"], ["a b c d e f are"] * 2, "not equally long: generated.gold has no line 2"),
        (["6\tare\tis\t1", "6\tare\tis"], ["a b c d e f are"] * 2, "gold:2: 3 fields instead of 4"),
        (["6\tare\tis\t1", "x\tare\tis\t1"], ["a b c d e f are"] * 2, "gold:2: the position is 'x'"),
        (["7\tare\tis\t1"], ["a b c d e f are"], "gold:1: position 7 in a sentence of 7 words"),
        (
            ["6\tare\tis\t1"],
            ["a b c d e are f"],
            "gold:1: word 6 of line 1 in generated.text is 'f', not",
        ),
    ],
)
def test_files_that_do_not_fit_together_are_told(tmp_path, golds, texts, told):
    with pytest.raises(DataError, match=told):
        list(gulordava.linzen_pairs(write_gold(tmp_path, golds, texts)))


def test_other_encodings_are_refused(tmp_path):
    path = write_gold(tmp_path, ["6\tare\tis\t1"], ["a b c d e f are"])
    path.with_suffix(".text").write_bytes("é b c d e f g\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"generated\.text:1: not UTF-8"):
        list(gulordava.linzen_pairs(path))


def test_blank_lines_at_the_end_are_passed_over(tmp_path):
    path = write_gold(tmp_path, ["1\tis\tare\t0", ""], ["it is .", "", ""])
    assert [pair.good for pair in gulordava.linzen_pairs(path)] == ["it is ."]


def test_a_no_break_space_does_not_move_the_words_behind_it(tmp_path):
    sent = "il re\u00a0x dei cani cade . <eos>"
    rows = row("mangia", "correct", sent=sent), row("mangiano", "wrong", sent=sent)
    (pair,) = read_table(write_table(tmp_path, *rows))
    assert pair.good == "il rex dei cani mangia ." and pair.target_words() == ("mangia", "mangiano")
