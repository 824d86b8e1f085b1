from __future__ import annotations

from pathlib import Path

import pytest

from nlprnn.cli import main


def test_translations_are_distinct_lines_of_two_columns_and_the_same_for_the_same_seed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pairs.tsv"
    main(["make-corpus", "translation", "--sentences", "50", "--seed", "5", "--out", str(out)])
    capsys.readouterr()
    main(["make-corpus", "translation", "--sentences", "50", "--seed", "5"])
    assert capsys.readouterr().out == out.read_text(encoding="utf-8")
    lines = out.read_text(encoding="utf-8").splitlines()
    assert len(set(lines)) == len(lines) == 50 and all(line.count("\t") == 1 for line in lines)


def test_more_sentences_than_there_are_is_wrong_usage_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pairs.tsv"
    with pytest.raises(SystemExit) as end:
        main(["make-corpus", "translation", "--sentences", "9" * 40, "--out", str(out)])
    told = capsys.readouterr()
    assert end.value.code == 2 and told.out == "" and told.err.count("\n") == 1
    assert "that the grammar can make; ask for fewer" in told.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("grammar", ["translation", "reviews"])
def test_what_is_held_out_never_occurs_otherwise(grammar: str, capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for flag in ([], ["--held-out"]):
        main(["make-corpus", grammar, "--sentences", "300", *flag])
        printed.append(set(capsys.readouterr().out.splitlines()[1:]))
    assert len(printed[1]) >= 299 and not printed[0] & printed[1]


def test_agreement_has_its_suite_instead_of_held_out_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["make-corpus", "agreement", "--held-out"])
    assert end.value.code == 2 and "probe-agreement" in capsys.readouterr().err
