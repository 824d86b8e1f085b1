import os
import pickle

import pytest

from nlprnn.errors import DataError
from nlprnn.probes.formats import marvin_linzen


def read(tmp_path, content, name="prep_anim.pickle", protocol=2):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, protocol=protocol))
    assert marvin_linzen.matches(path.read_bytes())
    return list(marvin_linzen.pairs(path))


@pytest.mark.parametrize("protocol", range(5))
def test_the_file_is_the_construction_and_the_condition_the_group(tmp_path, protocol):
    prefix = "the author next to the guards"
    (pair,) = read(tmp_path, {"sing_MS_MV_plur_ES": [(f"{prefix} laughs", f"{prefix} laugh")]}, protocol=protocol)
    assert (pair.construction, pair.group) == ("prep_anim", "prep_anim sing_MS_MV_plur_ES")
    assert (pair.subject, pair.match, pair.attractors, pair.target) == ("singular", False, 1, 6)


@pytest.mark.parametrize(
    ("condition", "subject", "match", "attractors"),
    [
        ("sing_MS_MV", "singular", True, 0),  # simple: the author laughs
        ("plur_MS_MV_MV", "plural", True, 0),  # short coordination: the authors laugh and swim
        ("plur_MS_MV_sing_BS", "plural", True, 0),  # complement: the mechanic said the authors laugh
        ("plur_MS_MV_plur_ES", "plural", True, 0),  # preposition: the authors near the guards laugh
        ("plur_IS_IV_sing_ES", "plural", False, 1),  # the movies from the guard are good
        (
            "sing_MS_EV_MV_plur_ES",
            "singular",
            False,
            1,
        ),  # subject relative: the author that likes the guards laughs
        (
            "sing_MS_MV_plur_ES_EV",
            "singular",
            False,
            1,
        ),  # object relative: the author that the guards like laughs
        ("plur_IS_IV_plur_ES_EV", "plural", True, 0),
        ("sing_ES_EV_plur_MS_MV", "singular", True, 0),  # inside it: the authors that the guard likes laugh
        ("sing_ES_EV_plur_IS_IV", "singular", True, 0),
        (
            "sing_MS_LMV_LMV",
            "singular",
            None,
            None,
        ),  # long coordination: its first verb phrase has nouns of its own
        ("sing_MS_ANPHR_plur_ES_EV", "singular", None, None),  # a reflexive is no verb
        ("past", None, None, None),
        ("sing_XX_MV_plur_YY", "singular", None, None),
        ("something else", None, None, None),
    ],
)
def test_the_condition_tells_number_and_nearest_noun_or_nothing(condition, subject, match, attractors):
    known = marvin_linzen.annotate(condition)
    assert (known.get("subject"), known.get("match"), known.get("attractors")) == (subject, match, attractors)


def test_a_polarity_triple_compares_the_grammatical_sentence_with_each_other_one(tmp_path):
    triple = (
        "no authors have ever been popular",
        "the authors have ever been popular",
        "most authors have ever been popular",
    )
    pairs = read(tmp_path, {"past": [triple]}, "simple_npi_anim.pickle")
    assert [(pair.good, pair.bad) for pair in pairs] == [(triple[0], triple[1]), (triple[0], triple[2])]
    assert [pair.construction for pair in pairs] == [
        "simple_npi_anim/intrusive",
        "simple_npi_anim/ungrammatical",
    ]
    assert [pair.target for pair in pairs] == [None, None]


class Attack:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", range(5))
def test_a_pickle_that_calls_code_is_refused_before_it_runs(tmp_path, protocol):
    marker = tmp_path / "ran"
    content = {"sing_MS_MV": [("a b", "a c"), Attack(f"touch {marker}")]}
    with pytest.raises(
        DataError, match=r"prep_anim\.pickle: refuses to load a pickle that calls \w+\.system"
    ) as caught:
        read(tmp_path, content, protocol=protocol)
    assert not marker.exists() and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (pickle.dumps({"c": [("a b", "a c")]})[:-9], "not a readable pickle"),
        (["a"], "holds a list"),
        ({"c": "a b"}, "not a dict of condition names and lists"),
        ({3: [("a b", "a c")]}, "not a dict of condition names and lists"),
        ({"c": [("a b", "a c"), ("a b",)]}, "condition c, item 2: not two or three sentences"),
        ({"c": [("a b", 3)]}, "condition c, item 1: not two or three sentences"),
        ({"c": [("a b", "a b")]}, "both sentences are the same"),
    ],
)
def test_anything_but_pairs_is_told(tmp_path, content, told):
    with pytest.raises(DataError, match=told):
        read(tmp_path, content)
