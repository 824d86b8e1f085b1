import json
import os
import pickle
from collections import Counter
from pathlib import Path

import pytest

from nlprnn.errors import ConfigError, DataError
from nlprnn.probes.readers import read_suites, sniff

ROW = {"sentence_good": "Sue saw herself.", "sentence_bad": "Sue saw themselves.", "UID": "anaphor"}


def write_mixed(folder: Path) -> None:
    (folder / "a.jsonl").write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    (folder / "b.jsonl").write_text(json.dumps(ROW | {"UID": "other"}) + "\n", encoding="utf-8")
    (folder / "mine.tsv").write_text("good\tbad\nit is\tit are\n", encoding="utf-8")
    (folder / "README.md").write_text("about these files\n", encoding="utf-8")


def test_mixed_formats_in_a_folder_are_told_in_one_line(tmp_path):
    write_mixed(tmp_path)
    told = r"mixed formats: a.jsonl is BLiMP \(.jsonl\), mine.tsv is a table .*; give each kind on its own"
    with pytest.raises(DataError, match=told) as caught:
        read_suites(tmp_path)
    assert "\n" not in str(caught.value)


def write_gulordava(folder: Path) -> None:
    """Two items in all three files, one original and one nonce."""
    header = ["pattern", "constr_id", "sent_id", "correct_number", "form", "class", "len_prefix", "n_attr", "sent"]
    rows = [
        ["L__NOUN_VERB_VERB", "1", sent_id, "sing", form, kind, "1", "0", "it go . <eos>"]
        for sent_id in "05"
        for form, kind in (("is", "correct"), ("are", "wrong"))
    ]
    (folder / "set.tab").write_text("\n".join("\t".join(row) for row in [header, *rows]) + "\n")
    gold = "L!NOUN_VERB_VERB!x!y\t1\t{}\t1\tVERB\tNumber=Sing\tis\tare\tbe\t0\tNOUN\tNOUN_VERB\n"
    (folder / "set.gold").write_text(gold.format(0) + gold.format(5))
    (folder / "set.text").write_text("it is . <eos>\n" * 2)
    (folder / "set.eval").write_text("1\n1\n")


def told(suites):
    return [(suite.name, [pair.attractors for pair in suite.pairs()]) for suite in suites]


def test_of_gulordavas_three_files_the_one_that_says_most_is_read(tmp_path):
    write_gulordava(tmp_path)
    assert told(read_suites(tmp_path)) == [("set (original)", [0]), ("set (nonce)", [0])]
    assert told(read_suites(tmp_path / "set.tab")) == told(read_suites(tmp_path))
    for name in ("set.gold", "set.text", "set.eval"):
        assert told(read_suites(tmp_path / name)) == [("set (original)", [None]), ("set (nonce)", [None])]
    (tmp_path / "set.tab").unlink()
    assert told(read_suites(tmp_path)) == [("set (original)", [None]), ("set (nonce)", [None])]
    assert {str(suite.published) for suite in read_suites(tmp_path)} == {"target"}


def test_halves_of_a_set_are_told(tmp_path):
    write_gulordava(tmp_path)
    (tmp_path / "set.tab").unlink()
    (tmp_path / "set.text").unlink()
    with pytest.raises(DataError, match=r"set\.text is missing beside it"):
        read_suites(tmp_path)
    (tmp_path / "set.gold").unlink()
    with pytest.raises(DataError, match=r"set\.eval: set\.gold is missing beside it"):
        read_suites(tmp_path)


def test_each_file_of_the_linzen_subset_and_of_syntaxgym_is_a_suite(tmp_path):
    subset, gym = tmp_path / "subset", tmp_path / "gym"
    for folder in (subset, gym):
        folder.mkdir()
    for name in "ab":
        (subset / f"{name}.gold").write_text("2\tis\tare\t0\n")
        (subset / f"{name}.text").write_text("the key is old . <eos>\n")
        regions = [{"region_number": 1, "content": "it is"}]
        items = [{"item_number": 1, "conditions": [{"condition_name": "c", "regions": regions}]}]
        suite = {"meta": {"name": name}, "predictions": [{"formula": "(1;%c%) < 9"}], "items": items}
        (gym / f"{name}.json").write_text(json.dumps(suite))
    assert told(read_suites(subset)) == [("a", [0]), ("b", [0])]
    assert [(suite.name, len(suite.items)) for suite in read_suites(gym)] == [("a", 1), ("b", 1)]
    assert {str(suite.published) for suite in read_suites(subset)} == {"target"}


def test_a_table_with_columns_of_other_names_is_read_when_they_are_told(tmp_path):
    (tmp_path / "x.csv").write_text("right,wrong\nit is,it are\n")
    with pytest.raises(DataError, match="not a known format"):
        read_suites(tmp_path)
    for asked in (tmp_path, tmp_path / "x.csv"):
        (suite,) = read_suites(asked, {"good": "right", "bad": "wrong"})
        assert [pair.bad for pair in suite.pairs()] == ["it are"]
    with pytest.raises(ConfigError, match="column 'sentence'"):
        read_suites(tmp_path, {"sentence": "right"})


def test_marvin_and_linzens_sentences_get_a_full_stop_and_no_end(tmp_path):
    (tmp_path / "simple.pickle").write_bytes(pickle.dumps({"sing_MS_MV": [("the man laughs", "the man laugh")]}))
    (suite,) = read_suites(tmp_path)
    assert str(suite.published) == "sentence, full stop added, end not counted"


def test_a_folder_of_one_format_is_one_suite_named_after_it(tmp_path):
    for name in ("x", "y"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(ROW | {"UID": name}), encoding="utf-8")
    (suite,) = read_suites(str(tmp_path))
    assert suite.name == tmp_path.name and [pair.construction for pair in suite.pairs()] == ["x", "y"]


def test_the_format_is_told_from_the_content_and_not_from_the_name(tmp_path):
    (tmp_path / "pairs.pickle").write_text("good\tbad\nit is\tit are\n", encoding="utf-8")
    (tmp_path / "data").write_bytes(pickle.dumps({"c": [("a b", "a c")]}, protocol=0))
    assert sniff(tmp_path / "pairs.pickle") == "table" and sniff(tmp_path / "data") == "marvin_linzen"


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
            b"right,wrong\na,b\n",
            "not a known format of minimal pairs; supported are BLiMP .*Marvin.*SyntaxGym.*good and bad",
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


def real(folder: str) -> Path:
    home = Path(os.environ.get("NLPRNN_DATA", "")) / "probes" / folder
    if "NLPRNN_DATA" not in os.environ or not home.is_dir():
        pytest.skip("NLPRNN_DATA does not point to the real data")
    return home


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "counts"),
    [
        ("marvin_linzen", {"simple_agrmt": 140, "prep_anim": 16800, "subj_rel": 11200, "vp_coord": 840}),
        ("blimp", None),  # 1,000 a paradigm
    ],
)
def test_published_suites_have_their_published_sizes(folder, counts):
    home = real(folder)
    (suite,) = read_suites(home)
    found: dict[str, int] = {}
    for pair in suite.pairs():
        assert pair.target is not None
        found[pair.construction] = found.get(pair.construction, 0) + 1
    assert found == (counts or {path.stem: 1000 for path in home.glob("*.jsonl")})


@pytest.mark.data
def test_gulordavas_italian_set_has_119_original_and_1071_nonce_sentences_in_either_form():
    table = read_suites(real("gulordava"))
    gold = read_suites(real("gulordava") / "italian_generated.gold")
    for suites in (table, gold):
        found = {suite.name: list(suite.pairs()) for suite in suites}
        assert {name: len(pairs) for name, pairs in found.items()} == {
            "italian_generated (original)": 119,
            "italian_generated (nonce)": 1071,
        }
        assert all(len({pair.construction for pair in pairs}) == 8 for pairs in found.values())
    for first, second in zip(table, gold, strict=True):
        for a, b in zip(first.pairs(), second.pairs(), strict=True):
            assert (a.good, a.bad, a.target, a.subject) == (b.good, b.bad, b.target, b.subject)
    assert Counter(pair.attractors for pair in table[0].pairs()) == {0: 85, 1: 23, 2: 10, 3: 1}


@pytest.mark.data
def test_syntaxgyms_suites_have_their_published_items():
    suites = {suite.name: suite for suite in read_suites(real("syntaxgym"))}
    assert {name: len(suite.items) for name, suite in suites.items()} == {"npi_src_any": 38, "number_prep": 19}
    asked = [{one for formula in suite.predictions for one in formula.references()} for suite in suites.values()]
    assert [len(references) for references in asked] == [4, 4]
