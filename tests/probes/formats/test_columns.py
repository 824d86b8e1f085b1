import pytest

from nlprnn.errors import DataError
from nlprnn.probes.formats.columns import has_columns, records


def read(tmp_path, content, **options):
    path = tmp_path / "t.tsv"
    path.write_bytes(content)
    return list(records(path, **options))


def test_rows_come_by_name_with_the_line_they_end_in(tmp_path):
    content = b'\xef\xbb\xbfOne\ttwo \r\n1\t"a\nb"\r\n\r\n2\t""\r\n'
    assert read(tmp_path, content) == [(3, {"one": "1", "two": "a\nb"}), (5, {"one": "2", "two": ""})]


def test_short_rows_are_padded_only_where_that_is_asked_for(tmp_path):
    assert read(tmp_path, b"a,b\n1\n", delimiter=",", padded=True) == [(2, {"a": "1", "b": ""})]
    with pytest.raises(DataError, match=r"t\.tsv:2: 1 columns where the header has 2; put ',' between columns only"):
        read(tmp_path, b"a,b\n1\n", delimiter=",")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a\tb\n", "no pairs below the header"),
        (b"a\tb\n1\t2\t3\n", ":2: 3 columns where the header has 2"),
        (b"a\tb\n1\t\xe9\n", "t.tsv:2: not UTF-8"),
        (b"a\tb\n" + b"1\t2\n" * 400 + b"1\t\xe9\n" + b"1\t2\n" * 400, "t.tsv:402: not UTF-8"),
        (b"a\tb\ta\n1\t2\t3\n", "t.tsv:1: two columns are called 'a'"),
        (b'a\tb\n1\t2\n"1\t2\n1\t2\n', "t.tsv:3: not readable as a table"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, content, told):
    with pytest.raises(DataError, match=told):
        read(tmp_path, content)


def test_columns_are_found_in_the_first_line_whatever_its_capitals_and_quotes():
    assert has_columns(b'\xef\xbb\xbf"Good"\tx\tbad \r\nrest', ("good", "bad"))
    assert not has_columns(b"good,bad\n", ("good", "bad"))
    assert has_columns(b"good,bad\n", ("good", "bad"), ",")
    assert not has_columns(b"", ("good",)) and not has_columns(b"\x80\x03}q", ("good",))


def test_blank_lines_before_the_header_and_old_line_ends_are_read(tmp_path):
    assert read(tmp_path, b"\r\n\na\tb\n1\t2\n") == [(4, {"a": "1", "b": "2"})]
    content = b"a\tb\r1\t2\r"
    assert has_columns(content, ("a", "b")) and read(tmp_path, content) == [(2, {"a": "1", "b": "2"})]
