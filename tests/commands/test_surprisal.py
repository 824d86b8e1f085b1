"""`nlprnn surprisal` as a user meets it: tables in, the same tables with more columns out."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from nlprnn.cli import main


def test_a_table_comes_back_with_numbers_or_blanks_in_tsv_and_in_json(
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "words.tsv"
    path.write_text('item\tword\trt\n1\tthe\t300\n1\t"""zorkly"""\t\n1\t\t5\n', encoding="utf-8")
    arguments = ["surprisal", str(small_model), str(path), "--word", "word", "--sentence", "item", "--entropy"]
    main(arguments)
    captured = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(captured.out), dialect="excel-tab"))
    new = ["surprisal", "unknown", "entropy", "entropy_reduction"]
    assert list(rows[0]) == ["item", "word", "rt", *new]
    assert [(row["item"], row["word"], row["rt"]) for row in rows] == [
        ("1", "the", "300"),
        ("1", '"zorkly"', ""),
        ("1", "", "5"),
    ]
    assert [row["unknown"] for row in rows] == ["0", "1", ""]
    assert [rows[2][name] for name in new] == [""] * 4
    assert captured.err == "note: 1 of 2 words are <unk> to the model, whole or in part (unknown is 1)\n"
    main([*arguments, "--json"])
    again = json.loads(capsys.readouterr().out)["rows"]
    assert again[2] == {"item": "1", "word": "", "rt": "5", **dict.fromkeys(new)}
    assert [f"{row['entropy']:.6f}" for row in again[:2]] == [row["entropy"] for row in rows[:2]]


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--word", "wrod", "--sentence", "item"], 1, "words.csv:1: has no column 'wrod'; there are: item, word"),
        ([], 1, "words.csv:1: no column is called sentence or text; name the sentences' with --column, or the words'"),
        (["--by", "region"], 2, "--by region: give what stands between regions"),
    ],
)
def test_a_bad_table_or_option_is_one_line_with_the_remedy(
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, told: str
) -> None:
    path = tmp_path / "words.csv"
    path.write_text("item,word\n1,the\n", encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        main(["surprisal", str(small_model), str(path), *arguments])
    captured = capsys.readouterr()
    assert (end.value.code, captured.out) == (status, "")
    assert told in captured.err and captured.err.count("\n") == 1
