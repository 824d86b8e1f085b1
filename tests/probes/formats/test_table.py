import pytest

from nlprnn.errors import ConfigError, DataError
from nlprnn.probes.formats import table

HEADER = "good\tbad\tconstruction\tattractors\tsubject\tmatch"


def read(tmp_path, text):
    path = tmp_path / "mine.tsv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert table.matches(path.read_bytes())
    return list(table.pairs(path))


def test_every_column_is_read(tmp_path):
    (pair,) = read(tmp_path, f"{HEADER}\nthe keys to it are\tthe keys to it is\tmine\t1\tplural\tno\n")
    assert (pair.good, pair.bad, pair.construction) == ("the keys to it are", "the keys to it is", "mine")
    assert (pair.attractors, pair.subject, pair.match, pair.target) == (1, "plural", False, 4)


def test_distance_and_group_are_read_where_they_are_there(tmp_path):
    given, blank = read(tmp_path, "good\tbad\tdistance\tgroup\nit is\tit are\t4\tkey\nit is\tit are\n")
    assert (given.distance, given.group) == (4, "key") and (blank.distance, blank.group) == (None, "")


def test_good_and_bad_suffice_in_any_order_and_other_columns_are_passed_over(tmp_path):
    (pair,) = read(tmp_path, "note\tbad\tgood\nx\tit are\tit is\n")
    assert (pair.good, pair.construction, pair.attractors, pair.match) == ("it is", "", None, None)


def test_bom_windows_lines_quotes_and_blank_lines_are_read(tmp_path):
    pairs = read(tmp_path, b'\xef\xbb\xbfgood\tbad\r\n"""it"" is"\tit are\r\n\r\n\xc3\xa9 is\t\xc3\xa9 are\r\n')
    assert [pair.good for pair in pairs] == ['"it" is', "é is"]


def test_a_row_may_leave_out_its_last_cells(tmp_path):
    (pair,) = read(tmp_path, f"{HEADER}\nit is\tit are\n")
    assert (pair.construction, pair.attractors, pair.subject, pair.match) == ("", None, None, None)


def test_no_attractor_means_a_match_but_one_does_not_mean_a_conflict(tmp_path):
    none, one = read(tmp_path, "good\tbad\tattractors\nit is\tit are\t0\nit is\tit are\t1\n")
    assert (none.match, one.match) == (True, None)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("it is\t\t", "no bad sentence"),
        ("\tit are", "no good sentence"),
        ("it is\tit is", "both sentences are the same"),
        ("it is\tit are\tc\ttwo", "attractors is 'two'; give a whole number"),
        ("it is\tit are\tc\t-1", "attractors is '-1'"),
        ("it is\tit are\tc\t" + "1" * 5000, "attractors is"),
        ('" it is\tit are', "a cell with a quotation mark at its beginning is quoted"),
        ('"it" is\tit are', "a cell with a quotation mark at its beginning is quoted"),
        ("it is\tit are\tc\t0\tdual", "subject is 'dual'; give one of singular, plural"),
        ("it is\tit are\tc\t0\tplural\tmaybe", "match is 'maybe'; give one of yes, no"),
        ("it is\tit are\tc\t0\tplural\tno", "no attractors, yet match is no"),
        ("it is\tit are\tc\t0\tplural\tyes\tmore", "7 columns where the header has 6"),
    ],
)
def test_a_bad_row_is_told_with_its_line(tmp_path, row, told):
    with pytest.raises(DataError, match=rf"mine\.tsv:3: .*{told}"):
        read(tmp_path, f"{HEADER}\nit is\tit are\n{row}\n")


def test_other_encodings_are_refused(tmp_path):
    with pytest.raises(DataError, match="not UTF-8"):
        read(tmp_path, "good\tbad\nélan is\télan are\n".encode("latin-1"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_commas_and_semicolons_stand_between_columns_too(tmp_path, delimiter):
    cells = ["good", "bad", "attractors"], ['"one, or; two are"', '"one, or; two is"', "0"]
    (pair,) = read(tmp_path, "\n".join(delimiter.join(row) for row in cells) + "\n")
    assert (pair.good, pair.bad, pair.match) == ("one, or; two are", "one, or; two is", True)


def test_the_columns_may_have_other_names(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("Grammatical,id,not so,good\nit is,3,it are,x\n", encoding="utf-8")
    (pair,) = table.pairs(path, table.called({"good": "grammatical", "bad": "Not so"}))
    assert (pair.good, pair.bad) == ("it is", "it are")
    with pytest.raises(ConfigError, match="column 'right': choose among good, bad, construction"):
        table.called({"right": "grammatical"})
    with pytest.raises(
        DataError, match=r"mine\.csv:1: lacks one of the columns grammatical, bad, kind; its first line"
    ):
        list(table.pairs(path, table.called({"good": "grammatical", "construction": "kind"})))
