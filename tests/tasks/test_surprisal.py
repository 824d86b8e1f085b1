"""Surprisal and entropy of words, regions and tokens, against the scores themselves."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nlprnn import train_language_model
from nlprnn.errors import ConfigError, DataError
from nlprnn.tasks.loading import TextModel, load_text_model
from nlprnn.tasks.notes import nowhere
from nlprnn.tasks.surprisal import Table, surprisal, word_surprisal

TEXT = ["the writer of the books is old.", "", "the writer near the guards laughs, zorkly."]


@pytest.fixture(scope="module")
def characters(text: Path, tmp_path_factory: pytest.TempPathFactory) -> TextModel:
    out = tmp_path_factory.mktemp("model") / "characters"
    settings: dict[str, Any] = {"tokenizer": "characters", "hidden": 8, "batch_size": 64, "epochs": 1, "threads": 1}
    few = text.read_text(encoding="utf-8").splitlines()[:200]
    part = out.with_suffix(".txt")
    part.write_text("\n".join(few), encoding="utf-8")
    train_language_model(part, out, quiet=True, **settings)
    return load_text_model(out)


@pytest.fixture(params=["neural", "ngram", "characters"])
def model(request: pytest.FixtureRequest, small_model: Path, small_ngram: Path) -> TextModel:
    if request.param == "characters":
        found: TextModel = request.getfixturevalue("characters")
        return found
    return load_text_model(small_model if request.param == "neural" else small_ngram)


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write


def records(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.header, row, strict=True)) for row in table.rows]


def next_entropy(model: TextModel, before: list[int]) -> float:
    """In bits, one step at a time, by torch's own formula."""
    state = model.stepper.start(1)
    with torch.inference_mode():
        for token in [0, *before]:
            log_probs, state = model.stepper.step(torch.tensor([token]), state)
    return float(torch.distributions.Categorical(logits=log_probs).entropy()[0]) / math.log(2)


def test_rows_of_a_text_add_up_to_its_lines_whatever_a_row_is(model: TextModel, table: Any) -> None:
    path = table("a.txt", "\n".join(TEXT))
    sums = {1: 0.0, 3: 0.0}
    for number, score in zip(sums, model.score([TEXT[0], TEXT[2]]), strict=True):
        sums[number] = -float(score.log_probs.sum()) / math.log(2)
    divided = table("b.txt", "\n".join(line.replace(" the", " |the") for line in TEXT))
    for rows in (
        records(surprisal(model, path, note=nowhere)),
        records(surprisal(model, path, "token", entropy=True, note=nowhere)),
        records(surprisal(model, divided, "region", separator="|", note=nowhere)),
        records(surprisal(model, divided, separator="|", note=nowhere)),
    ):
        for number, bits in sums.items():
            own = [row["surprisal"] for row in rows if row["sentence_id"] == number]
            assert sum(own) == pytest.approx(bits, abs=1e-3)


def test_the_entropy_before_a_word_is_that_of_the_token_to_come(model: TextModel, table: Any) -> None:
    path = table("a.txt", TEXT[0])
    rows = records(surprisal(model, path, entropy=True, note=nowhere))
    ids, word_of = model.tokenizer.encode_words(TEXT[0])
    name = "entropy" if model.tokenizer.starts_word is None else "token_entropy"
    expected = [next_entropy(model, ids[: word_of.index(word)]) for word in range(len(TEXT[0].split()))]
    expected.append(next_entropy(model, ids))
    assert [row[name] for row in rows] == pytest.approx(expected, abs=1e-4)
    reductions = [row[f"{name}_reduction"] for row in rows]
    assert reductions[:-1] == pytest.approx(-np.diff(expected), abs=1e-4)
    assert reductions[-1] is None  # nothing follows the end
    plain = records(surprisal(model, path, note=nowhere))
    assert [row["surprisal"] for row in plain] == [row["surprisal"] for row in rows]
    assert not set(plain[0]) & {"entropy", "token_entropy"}


def test_a_region_adds_its_words_and_reduces_entropy_as_they_do_together(model: TextModel, table: Any) -> None:
    line = "the writer | of the books | is old."
    path = table("a.txt", line)
    name = "entropy" if model.tokenizer.starts_word is None else "token_entropy"
    words = records(surprisal(model, path, entropy=True, separator="|", note=nowhere))
    regions = records(surprisal(model, path, "region", entropy=True, separator="|", note=nowhere))
    assert [row["region"] for row in regions] == ["the writer", "of the books", "is old.", "<eos>"]
    for region in regions[:-1]:
        own = [row for row in words if row["region_id"] == region["region_id"]]
        assert region["surprisal"] == pytest.approx(sum(row["surprisal"] for row in own))
        assert region[name] == own[0][name]
        assert region[f"{name}_reduction"] == pytest.approx(sum(row[f"{name}_reduction"] for row in own))


def test_a_table_of_words_gets_what_the_same_sentences_get_as_text(model: TextModel, table: Any) -> None:
    sentences = [TEXT[0], TEXT[2], TEXT[0]]
    lines = ["subject;item;position;token;rt"]
    for number, sentence in enumerate(sentences):
        lines += [f"s{number // 2};{number % 2};{place};{word};" for place, word in enumerate(sentence.split())]
    path = table("w.csv", "\n".join(lines) + "\n")
    found = surprisal(model, path, entropy=True, word="token", sentence="subject, item", note=nowhere)
    rows = list(found.rows)
    assert [";".join(row[:5]) for row in rows] == lines[1:]
    text = records(surprisal(model, table("a.txt", "\n".join(sentences)), entropy=True, note=nowhere))
    words = [row for row in text if row["word"] != "<eos>"]
    assert found.header[5:] == tuple(text[0])[3:]
    for row, same in zip(rows, words, strict=True):
        assert list(row[5:]) == pytest.approx(list(same.values())[3:], abs=1e-5)


def test_what_was_not_read_is_blank_and_what_is_unknown_is_told(small_model: Path, table: Any) -> None:
    model, notes = load_text_model(small_model), list[str]()
    path = table("w.tsv", "item\tword\n1\tthe\n1\t\n1\tzorkly writer\n2\t\n")
    rows = records(surprisal(model, path, entropy=True, word="word", sentence="item", note=notes.append))
    blank = dict.fromkeys(("surprisal", "unknown", "entropy", "entropy_reduction"))
    assert rows[1] == {"item": "1", "word": "", **blank}
    assert rows[3] == {"item": "2", "word": "", **blank}
    assert [rows[0]["unknown"], rows[2]["unknown"]] == [0, 1]
    assert notes == ["note: 1 of 3 words are <unk> to the model, whole or in part (unknown is 1)"]
    path = table("s.tsv", "item\tsentence\n1\t\n2\tthe writer\n")
    first, *rest = records(surprisal(model, path, "token", entropy=True))
    assert first["item"] == "1" and set(list(first.values())[2:]) == {None}
    assert [row["item"] for row in rest] == ["2"] * 3
    assert [row["token"] for row in rest] == ["the", "writer", "<eos>"]


def test_many_sentences_in_many_chunks_keep_their_order(
    small_model: Path, table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nlprnn.tasks import surprisal as task

    monkeypatch.setattr(task, "READ", 3)
    model = load_text_model(small_model)
    sentences = [("the writer laughs", "", "the books")[place % 3] for place in range(10)]
    content = "n,sentence\n" + "".join(f"{place},{sentence}\n" for place, sentence in enumerate(sentences))
    path = table("s.csv.gz", "")
    path.write_bytes(gzip.compress(content.encode()))
    rows = records(surprisal(model, path, entropy=True))
    alone = {text: [row.surprisal for row in word_surprisal(model, [text])] for text in sentences if text}
    for place, sentence in enumerate(sentences):
        own = [row["surprisal"] for row in rows if row["n"] == str(place)]
        assert own == (pytest.approx(alone[sentence], abs=1e-5) if sentence else [None])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"word": "w"}, "--word and --sentence go together"),
        ({"word": "w", "sentence": "i", "by": "token"}, "--by token"),
        ({"word": "w", "sentence": "i", "by": "region"}, "--by region and --region"),
        ({"word": "w", "sentence": "i", "region": "r"}, "--by region and --region"),
        ({"word": "w", "sentence": "i", "column": "c"}, "--column and --separator are for tables of sentences"),
        ({"region": "r"}, "--region is a column of a table of words"),
        ({"by": "region"}, "--separator"),
        ({"by": "region", "separator": " "}, "--separator is blank"),
    ],
)
def test_options_that_contradict_each_other_are_told(small_model: Path, table: Any, options: Any, told: str) -> None:
    model, path = load_text_model(small_model), table("s.csv", "i,w,r,c,sentence\n1,a,b,c,d\n")
    with pytest.raises(ConfigError, match=told):
        surprisal(model, path, **options)
    with pytest.raises(ConfigError, match=r"a\.txt is read as text"):
        surprisal(model, "a.txt", column="c")


def test_a_column_that_would_stand_twice_is_told(small_model: Path, table: Any) -> None:
    model = load_text_model(small_model)
    with pytest.raises(DataError, match=r"s\.csv: has a column 'entropy' already, which would stand twice; rename it"):
        surprisal(model, table("s.csv", "sentence,entropy\na,b\n"), entropy=True)
