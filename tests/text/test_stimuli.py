"""Stimuli of every form as sentences in parts, with the user's cells beside them, and faults with their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlprnn.errors import ConfigError, DataError
from nlprnn.text.stimuli import Part, Stimuli, is_table, read_lines, read_sentences, read_words
from tests.text.text_files import written

WORDS = (
    "subj\titem\tword\tregion\trt\n"
    "a\t1\tThe\tNP\t300\n"
    "a\t1\tbooks\tNP\t310\n"
    "a\t1\t\tgap\t\n"
    "a\t1\tare old\tVP\t400\n"
    "b\t1\tIt\tNP\t290\n"
)


def cells(stimuli: Stimuli) -> list[tuple[str | int, ...]]:
    return [part.cells for sentence in stimuli.sentences for part in sentence.parts]


def test_lines_are_numbered_as_they_stand_and_end_with_their_end() -> None:
    stimuli = read_lines(["the  books", " ", "laugh."])
    assert stimuli.columns == ("sentence_id", "word_id", "word")
    first, second = stimuli.sentences
    assert (first.id, first.text, second.id, second.text) == (1, "the books", 3, "laugh.")
    assert first.parts == [Part((1, 1, "the"), 1), Part((1, 2, "books"), 1), Part((1, 3, "<eos>"), 1)]


def test_the_regions_of_a_line_are_parts_or_stand_beside_its_words() -> None:
    line = "The books|that they read | | are old."
    told = read_lines([line], "|", regions=True)
    assert told.columns == ("sentence_id", "region_id", "region")
    (sentence,) = told.sentences
    assert sentence.text == "The books that they read are old."
    assert [(part.cells, part.words) for part in sentence.parts] == [
        ((1, 1, "The books"), 2),
        ((1, 2, "that they read"), 3),
        ((1, 3, ""), 0),
        ((1, 4, "are old."), 2),
        ((1, 5, "<eos>"), 1),
    ]
    beside = read_lines([line], "|")
    assert beside.columns == ("sentence_id", "region_id", "word_id", "word")
    homes = [(1, 1, "The"), (1, 2, "books"), (2, 3, "that"), (2, 4, "they"), (2, 5, "read"), (4, 6, "are")]
    assert cells(beside) == [(1, *home) for home in [*homes, (4, 7, "old."), (5, 8, "<eos>")]]


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
def test_a_sentences_other_columns_stand_beside_each_of_its_words(tmp_path: Path, delimiter: str) -> None:
    rows = [["item", "Sentence", "cond"], ["7", "It is.", "x"], ["8", "", "y"], ["", " ", ""], ["9", '"A ""b"""', "z"]]
    text = "\ufeff" + "".join(delimiter.join(row) + "\r\n" for row in rows)
    path = written(tmp_path, text, "s.tsv" if delimiter == "\t" else "s.csv")
    stimuli = read_sentences(path, None, None, False)
    assert stimuli.kept == ("item", "cond")
    assert stimuli.columns == ("item", "cond", "sentence_id", "word_id", "word")
    sentences = list(stimuli.sentences)
    assert [(sentence.id, sentence.text, sentence.cells) for sentence in sentences] == [
        (1, "It is.", ("7", "x")),
        (2, "", ("8", "y")),
        (4, 'A "b"', ("9", "z")),
    ]
    assert sentences[0].parts[-1] == Part(("7", "x", 1, 3, "<eos>"), 1)
    assert sentences[1].parts == [Part(("8", "y", 2, "", ""), 0)]


def test_a_column_may_be_named_and_must_be_where_two_could_be_meant(tmp_path: Path) -> None:
    path = written(tmp_path, "text\tsentence\tword\nLeft\tRight\tw\n", "s.tsv")
    assert [sentence.text for sentence in read_sentences(path, "text", None, False).sentences] == ["Left"]
    with pytest.raises(DataError, match=r"more than one column may hold what is to be read.*--column.*text, sentence"):
        read_sentences(path, None, None, False)
    with pytest.raises(DataError, match=r"s\.tsv:1: has no column 'setnence'; there are: text, sentence, word"):
        read_sentences(path, "setnence", None, False)


def test_a_table_of_words_keeps_its_rows_and_a_change_of_name_begins_a_sentence(tmp_path: Path) -> None:
    stimuli = read_words(written(tmp_path, WORDS, "w.tsv"), "word", ["subj", "item"], None)
    assert stimuli.columns == ("subj", "item", "word", "region", "rt")
    first, second = stimuli.sentences
    assert (first.text, second.text) == ("The books are old", "It")
    assert [part.words for part in first.parts] == [1, 1, 0, 2]
    rows = [tuple(line.split("\t")) for line in WORDS.splitlines()[1:]]
    assert [part.cells for part in (*first.parts, *second.parts)] == rows


def test_rows_of_a_region_become_one_with_the_cells_in_which_they_agree(tmp_path: Path) -> None:
    stimuli = read_words(written(tmp_path, WORDS, "w.tsv"), "word", ["subj", "item"], "region")
    assert cells(stimuli) == [
        ("a", "1", "The books", "NP", ""),
        ("a", "1", "", "gap", ""),
        ("a", "1", "are old", "VP", "400"),
        ("b", "1", "It", "NP", "290"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("item,word\n1,a\n2,b\n1,c\n", r"w\.csv:4: the rows of sentence '1' do not stand together; .*--sentence"),
        ("item,word\n1,a\n2\n", r"w\.csv:3: 1 cell, but the header has 2"),
        ("item,word\n", r"w\.csv: the table has no rows"),
        ("item,item\n1,a\n", r"w\.csv:1: two columns are called 'item'; rename one"),
        ("word\na\n", r"w\.csv:1: has no column 'item'"),
        ('item,word\n1,"a\n', r"w\.csv:2: its cells cannot be told apart"),
    ],
)
def test_a_bad_table_is_told_in_one_line_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DataError, match=told) as error:
        list(read_words(written(tmp_path, text, "w.csv"), "word", ["item"], None).sentences)
    assert "\n" not in str(error.value)


def test_one_column_cannot_be_two_things(tmp_path: Path) -> None:
    path = written(tmp_path, WORDS, "w.tsv")
    for sentence, region in ((["word"], None), (["item"], "item"), (["item"], "word")):
        with pytest.raises(ConfigError, match="different columns"):
            read_words(path, "word", sentence, region)


def test_a_table_is_told_by_its_name() -> None:
    assert [is_table(name) for name in ("a.csv", "a.TSV.gz", "a.txt", "a.jsonl", "csv")] == [
        True,
        True,
        False,
        False,
        False,
    ]
