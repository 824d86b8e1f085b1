import json
import os
import pickle
from pathlib import Path

import pytest

from nlprnn.errors import DataError
from nlprnn.probes.readers import read_suites, sniff

ROW = {"sentence_good": "Sue saw herself.", "sentence_bad": "Sue saw themselves.", "UID": "anaphor"}


def write_mixed(folder: Path) -> None:
    (folder / "a.jsonl").write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    (folder / "b.jsonl").write_text(json.dumps(ROW | {"UID": "other"}) + "\n", encoding="utf-8")
    (folder / "simple.pickle").write_bytes(pickle.dumps({"sing_MS_MV": [("the man laughs", "the man laugh")]}))
    (folder / "mine.tsv").write_text("good\tbad\nit is\tit are\n", encoding="utf-8")
    (folder / "README.md").write_text("about these files\n", encoding="utf-8")


def test_a_folder_is_a_suite_for_each_format_in_it(tmp_path):
    write_mixed(tmp_path)
    suites = {suite.name: [pair.construction for pair in suite.pairs()] for suite in read_suites(tmp_path)}
    name = tmp_path.name
    assert suites == {
        f"{name} (blimp)": ["anaphor", "other"],
        f"{name} (pairs_tsv)": [""],
        f"{name} (marvin_linzen)": ["simple"],
    }


def test_a_folder_of_one_format_is_one_suite_named_after_it(tmp_path):
    for name in ("x", "y"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(ROW | {"UID": name}), encoding="utf-8")
    (suite,) = read_suites(str(tmp_path))
    assert suite.name == tmp_path.name and [pair.construction for pair in suite.pairs()] == ["x", "y"]


def test_the_format_is_told_from_the_content_and_not_from_the_name(tmp_path):
    (tmp_path / "pairs.pickle").write_text("good\tbad\nit is\tit are\n", encoding="utf-8")
    (tmp_path / "data").write_bytes(pickle.dumps({"c": [("a b", "a c")]}, protocol=0))
    assert sniff(tmp_path / "pairs.pickle") == "pairs_tsv" and sniff(tmp_path / "data") == "marvin_linzen"


def test_pairs_can_be_read_again_and_are_not_read_before_they_are_asked_for(tmp_path):
    path = tmp_path / "p.tsv"
    path.write_text("good\tbad\nit is\tit are\n", encoding="utf-8")
    (suite,) = read_suites(path)
    assert len(list(suite.pairs())) == len(list(suite.pairs())) == 1
    path.write_text("good\tbad\nit is\tit are\nhe is\the are\n", encoding="utf-8")
    assert len(list(suite.pairs())) == 2


def test_a_table_with_a_header_and_no_pairs_is_told(tmp_path):
    path = tmp_path / "p.tsv"
    path.write_text("good\tbad\n", encoding="utf-8")
    (suite,) = read_suites(path)
    with pytest.raises(DataError, match="no pairs below the header"):
        list(suite.pairs())


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (
            "x.csv",
            b"good,bad\na,b\n",
            "not a known format of minimal pairs; supported are BLiMP .*Marvin.*pairs",
        ),
        ("x.jsonl", b"", "the file is empty"),
    ],
)
def test_an_unknown_file_is_refused_in_one_line(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    for asked in (tmp_path / name, tmp_path):
        with pytest.raises(DataError, match=told) as caught:
            read_suites(asked)
        assert str(caught.value).startswith(str(tmp_path / name)) and "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_without_pairs_are_told(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_suites(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no file of minimal pairs"):
        read_suites(tmp_path)


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "counts"),
    [
        ("marvin_linzen", {"simple_agrmt": 140, "prep_anim": 16800, "subj_rel": 11200, "vp_coord": 840}),
        ("blimp", None),  # 1,000 a paradigm
    ],
)
def test_published_suites_have_their_published_sizes(folder, counts):
    home = Path(os.environ.get("NLPRNN_DATA", "")) / "probes" / folder
    if "NLPRNN_DATA" not in os.environ or not home.is_dir():
        pytest.skip("NLPRNN_DATA does not point to the real data")
    (suite,) = read_suites(home)
    found: dict[str, int] = {}
    for pair in suite.pairs():
        assert pair.target is not None
        found[pair.construction] = found.get(pair.construction, 0) + 1
    assert found == (counts or {path.stem: 1000 for path in home.glob("*.jsonl")})
