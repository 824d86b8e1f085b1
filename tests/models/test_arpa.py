"""The ARPA format: round trips, a foreign file looked up by hand, and files that are not right."""

from __future__ import annotations

import gzip
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlprnn.errors import DataError
from nlprnn.models.arpa import HEADER, read_arpa, write_arpa
from nlprnn.models.ngram import NGramModel

TOKENS = ["<eos>", "<unk>", *(f"w{i}" for i in range(28))]


def corpus(tokens=3000):
    return np.minimum(np.random.default_rng(5).zipf(1.4, tokens) - 1, 27)


@pytest.mark.parametrize("name", ["model.arpa", "model.arpa.gz"])
@pytest.mark.parametrize("order", [1, 2, 5])
def test_a_model_comes_back_from_its_file_with_equal_scores(tmp_path, name, order):
    ids = corpus()
    model = NGramModel.estimate(ids, len(TOKENS), order)
    write_arpa(model, TOKENS, tmp_path / name)
    again, tokens = read_arpa(tmp_path / name)
    assert tokens == TOKENS and again.order == order and not again.notes
    np.testing.assert_array_equal(again.stream(ids), model.stream(ids))
    np.testing.assert_array_equal(again.stream(ids[::-1]), model.stream(ids[::-1]))
    assert again.tensors().keys() == model.tensors().keys()
    for key, table in again.tensors().items():
        end = -1 if key == "log_probs.1" else None  # the last is the probability of <s>, which nobody asks for
        np.testing.assert_array_equal(table[:end], model.tensors()[key][:end])
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_order_that_the_text_has_no_ngrams_of_survives_the_round_trip(tmp_path):
    model = NGramModel.estimate(np.array([2, 3, 0] * 5), 4, 5)
    write_arpa(model, ["<eos>", "<unk>", "a", "b"], tmp_path / "m.arpa")
    assert "ngram 5=0" in (tmp_path / "m.arpa").read_text()
    again, _ = read_arpa(tmp_path / "m.arpa")
    assert again.order == 5
    np.testing.assert_array_equal(again.stream(np.array([2, 3, 0, 3])), model.stream(np.array([2, 3, 0, 3])))


def test_the_file_is_laid_out_as_the_format_asks(tmp_path):
    model = NGramModel.estimate(np.array([2, 3, 0, 2, 2, 0]), 4, 2)
    write_arpa(model, ["<eos>", "<unk>", "a", "b"], tmp_path / "m.arpa")
    lines = (tmp_path / "m.arpa").read_text().splitlines()
    assert lines[:5] == ["\\data\\", "ngram 1=5", "ngram 2=5", "", "\\1-grams:"] and lines[-1] == "\\end\\"
    rows = {fields[1]: fields for fields in (line.split("\t") for line in lines) if len(fields) > 1}
    # p(a) = 39/100 and the mass left after a is 2/3: see the count by hand in test_ngram.py.
    assert float(rows["a"][0]) == pytest.approx(math.log10(0.39)) and float(rows["a"][2]) == pytest.approx(
        math.log10(2 / 3)
    )
    assert rows["<s>"][0] == "-99" and float(rows["<s>"][2]) == pytest.approx(math.log10(1 / 3))
    assert float(rows["a </s>"][0]) == pytest.approx(math.log10(1 / 9 + 2 / 3 * 0.39)) and len(rows["a </s>"]) == 2


ODD = [
    " ",
    "%",
    "%20",
    "<s>",
    "</s>",
    "<unk>",
    "<eos>",
    "a b",
    "\t",
    "\u00a0",
    "\u3000x",
    "\u2028",
    "100%25",
    "#",
    "\\end\\",
    "é",
]


@settings(max_examples=40, deadline=None)
@given(odd=st.lists(st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1), unique=True))
def test_tokens_that_the_format_has_no_room_for_come_back(tmp_path_factory, odd):
    tokens = ["[END]", "[UNK]", *odd]  # so that <eos> and <unk> may be anybody's
    model = NGramModel.estimate(np.arange(1, len(tokens)), len(tokens), 2)
    path = tmp_path_factory.mktemp("arpa") / "m.arpa"
    write_arpa(model, tokens, path)
    again, read = read_arpa(path)
    assert read == ["<eos>", "<unk>", *odd]
    np.testing.assert_array_equal(again.next_log_probs([]), model.next_log_probs([]))


def test_percent_signs_stay_where_nothing_needs_to_be_encoded(tmp_path):
    model = NGramModel.estimate(np.array([2, 0]), 3, 1)
    write_arpa(model, ["<eos>", "<unk>", "100%25"], tmp_path / "m.arpa")
    assert "\t100%25\n" in (tmp_path / "m.arpa").read_text() and HEADER not in (tmp_path / "m.arpa").read_text()
    assert read_arpa(tmp_path / "m.arpa")[1][2] == "100%25"


FOREIGN = """made by some other program

\\data\\
ngram 1=5
ngram 2=3
ngram 3=2

\\1-grams:
-1.0\t<s>\t-0.5
-0.7\t</s>
-0.4\tthe\t-0.2
-0.9\tcat\t-0.3
-1.1\tsat

\\2-grams:
-0.15 <s> the -0.05
-0.25\tthe cat
-0.35\tcat sat\t0.1

\\3-grams:
-0.01\t<s> the cat
-0.02\tsat the cat

\\end\\
"""


def write(tmp_path, text, name="foreign.arpa"):
    (tmp_path / name).write_bytes(text.encode())
    return tmp_path / name


def test_a_foreign_file_is_looked_up_as_by_hand(tmp_path):
    model, tokens = read_arpa(write(tmp_path, FOREIGN))
    assert tokens == ["<eos>", "<unk>", "the", "cat", "sat"]
    assert any("<unk>" in note for note in model.notes)
    eos, unk, the, cat, sat = range(5)
    by_hand = {
        (the, cat, sat, eos): [
            -0.15,  # <s> the
            -0.01,  # <s> the cat
            0.0 - 0.35,  # the cat has no backoff; cat sat
            0.1 - 0.0 - 0.7,  # cat sat backs off, sat has no backoff; </s>
        ],
        (cat, the, the, unk, eos): [
            -0.5 - 0.9,  # <s> backs off; cat
            0.0 - 0.3 - 0.4,  # <s> cat is not listed; cat backs off; the
            -0.2 - 0.4,  # cat the is not listed; the backs off; the
            -0.2 - 99.0,  # the the is not listed; the backs off; <unk>
            -0.7,  # nothing with <unk> is listed; </s>
        ],
        (sat, the, cat, eos): [
            -0.5 - 1.1,  # <s> backs off; sat
            0.0 - 0.4,  # sat the is not listed but as the beginning of sat the cat; sat has no backoff; the
            -0.02,  # sat the cat
            0.0 - 0.3 - 0.7,  # the cat has no backoff; cat backs off; </s>
        ],
    }
    for sentence, expected in by_hand.items():
        scores = model.score([np.array(sentence)])[0]
        np.testing.assert_allclose(scores / math.log(10), expected, rtol=1e-6)
        for i, token in enumerate(sentence):
            assert model.next_log_probs(sentence[:i])[token] == pytest.approx(scores[i])


def test_a_foreign_model_survives_being_written_by_us(tmp_path):
    model, tokens = read_arpa(write(tmp_path, FOREIGN))
    write_arpa(model, tokens, tmp_path / "ours.arpa.gz")
    again, _ = read_arpa(tmp_path / "ours.arpa.gz")
    ids = np.random.default_rng(0).integers(0, 5, 200)
    np.testing.assert_array_equal(again.stream(ids), model.stream(ids))


def test_capital_unk_infinities_carriage_returns_and_odd_starts_are_read(tmp_path):
    text = FOREIGN.replace("-1.1\tsat", "-inf\t<UNK>\t-0.1").replace("sat", "<UNK>")
    text = text.replace("-0.02\t<UNK> the cat", "-0.02\t<s> <s> the").replace("\n", "\r\n")
    model, tokens = read_arpa(write(tmp_path, text))
    assert tokens == ["<eos>", "<unk>", "the", "cat"]
    assert model.next_log_probs([])[1] / math.log(10) == pytest.approx(-0.5 - 99)
    assert [note for note in model.notes if "1 n-grams with <s>" in note]


WRONG = [
    ("-0.9\tcat\t-0.3", "-0.9x\tcat\t-0.3", 12, "numbers"),
    ("-0.9\tcat\t-0.3", "-0.9\tcat\tnan", 12, "not a log"),
    ("-0.9\tcat\t-0.3", "0.9\tcat\t-0.3", 12, "not a log"),
    ("-0.9\tcat\t-0.3", "-0.9\tthe\t-0.3", 12, "listed twice"),
    ("-0.9\tcat\t-0.3", "-0.9", 12, "expected a log-probability, 1 tokens"),
    ("-0.25\tthe cat", "-0.25\tthe dog", 17, "dog is not among the 1-grams"),
    ("-0.25\tthe cat", "-0.25\tcat sat", 18, "listed twice"),
    ("-0.25\tthe cat", "-0.25\tthe cat sat sat", 17, "expected a log-probability, 2 tokens"),
    ("-0.25\tthe cat\n", "", 18, "3 2-grams are promised in the head, 2 are here"),
    ("\n\\2-grams:", "\\2-grams:", 14, "empty line"),
    ("\\2-grams:", "\\4-grams:", 15, "expected \\2-grams:"),
    ("ngram 2=3", "ngram 3=3", 5, "number of 2-grams"),
    ("ngram 1=5\nngram 2=3\nngram 3=2\n", "", 5, "expected ngram 1="),
    ("-0.7\t</s>", "-0.7\tdog", 9, "</s> is not among"),
    ("\\end\\", "", 24, "expected \\end\\"),
    ("\\data\\", "data", 24, "not an ARPA file"),
]


@pytest.mark.parametrize(("right", "wrong", "line", "message"), WRONG)
def test_a_malformed_file_is_refused_with_its_line(tmp_path, right, wrong, line, message):
    assert FOREIGN.count(right) == 1
    path = write(tmp_path, FOREIGN.replace(right, wrong))
    with pytest.raises(DataError) as caught:
        read_arpa(path)
    assert str(caught.value).startswith(f"{path}:{line}: ") and message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read_at_all_are_refused(tmp_path):
    cut = gzip.compress(FOREIGN.encode())[:-20]
    (tmp_path / "cut.arpa.gz").write_bytes(cut)
    (tmp_path / "plain.arpa.gz").write_bytes(FOREIGN.encode())
    (tmp_path / "latin.arpa").write_bytes(FOREIGN.replace("sat", "s\u00e4t").encode("latin-1"))
    (tmp_path / "empty.arpa").write_bytes(b"")
    for name in ("cut.arpa.gz", "plain.arpa.gz", "latin.arpa", "empty.arpa", "missing.arpa"):
        with pytest.raises(DataError, match=name):
            read_arpa(tmp_path / name)


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    path = write(tmp_path, FOREIGN)
    model, tokens = read_arpa(path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nlprnn.files.os.fsync", full)
    with pytest.raises(DataError, match="No space left"):
        write_arpa(model, tokens, path)
    assert path.read_text() == FOREIGN and [p.name for p in tmp_path.iterdir()] == [path.name]
    with pytest.raises(DataError, match="cannot be written"):
        write_arpa(model, tokens, tmp_path / "nowhere" / "m.arpa")
