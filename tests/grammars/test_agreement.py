"""The agreement grammar against an independent reading of its sentences: word lists and patterns written by hand."""

from __future__ import annotations

import itertools
import re
import tracemalloc
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from nlprnn.grammars.agreement import CONSTRUCTIONS, agreement_corpus, agreement_items, is_held_out

CORPUS = Path(__file__).parents[2] / "corpora" / "agreement.txt"
IRREGULAR = {
    "man": "men",
    "woman": "women",
    "child": "children",
    "story": "stories",
    "church": "churches",
    "box": "boxes",
}


def listed(words: str) -> list[str]:
    return words.split()


NOUNS = listed(
    """writer author painter reader poet man woman boy girl child teacher doctor officer guard friend student farmer
    driver lawyer soldier book story letter picture song novel table car key chair box cabinet tree boat bag clock house
    garden room school church store office"""
)
PLURALS = {IRREGULAR.get(noun, noun + "s"): noun for noun in NOUNS}
REGULAR = listed(
    """seem look remain stand belong laugh swim smile sing dance work sleep wait like love hate know see need
    remember"""
)
VERBS = {"is": "be", "was": "be", "has": "have", "watches": "watch"} | {verb + "s": verb for verb in REGULAR}
PLURAL_VERBS = {"are": "be", "were": "be"} | {verb: verb for verb in VERBS.values() if verb != "be"}
SAID = {"said": "say", "thought": "think", "knew": "know"}
CLASSES = {
    "D": listed("the my your our his her their a an this these those"),
    "A": listed(
        """old beautiful wonderful strange young famous happy tired tall angry proud new long short small heavy white
        large quiet"""
    ),
    "P": listed("near behind beside in of"),
    "N": [*NOUNS, *PLURALS],
    "V": [*VERBS, *PLURAL_VERBS],
    "S": list(SAID),
    "T": ["that"],
    "C": ["and"],
    "o": listed("now today again here often alone every day to been"),
}
CLASS_OF = {word: name for name, words in CLASSES.items() for word in words}
NP, REST = "DA*N", "[^VSTC]*"
# pattern over word classes -> for each verb in order, which noun of the sentence is its subject
READINGS = {
    f"{NP}(P{NP})*V{REST}": (0,),
    f"{NP}TV{NP}V{REST}": (0, 0),
    f"{NP}T?{NP}VV{REST}": (1, 0),
    f"{NP}V({NP})?CV{REST}": (0, 0),
    f"{NP}ST?{NP}V{REST}": (0, 1),
}


def read(sentence: str) -> list[tuple[int, int, str]]:
    """(word index of the subject, word index of its verb, classes of the words) for each verb of a sentence."""
    words = sentence.removesuffix(".").split()
    classes = "".join(CLASS_OF[word] for word in words)
    subjects = next(order for pattern, order in READINGS.items() if re.fullmatch(pattern, classes))
    nouns = [index for index, name in enumerate(classes) if name == "N"]
    verbs = [index for index, name in enumerate(classes) if name in "VS"]
    return [(nouns[subject], verb, classes) for subject, verb in zip(subjects, verbs, strict=True)]


def lemmas(sentence: str) -> set[tuple[str, str]]:
    words = sentence.removesuffix(".").split()
    every = VERBS | PLURAL_VERBS | SAID
    return {(PLURALS.get(words[s], words[s]), every[words[v]]) for s, v, _ in read(sentence)}


def number(noun: str) -> str:
    return "plural" if noun in PLURALS else "singular"


@pytest.fixture(scope="module")
def suite():
    return agreement_items(lambda word: True)


@pytest.fixture(scope="module")
def corpus() -> list[str]:
    return CORPUS.read_text(encoding="utf-8").splitlines()


def test_the_shipped_corpus_is_byte_for_byte_what_the_generator_makes():
    made = "".join(f"{sentence}\n" for sentence in agreement_corpus(18_000, 1)).encode()
    assert made == CORPUS.read_bytes()
    assert 500_000 < len(made) < 1_200_000


def test_every_verb_of_the_shipped_corpus_agrees_with_its_subject(corpus):
    for sentence in corpus:
        words = sentence.removesuffix(".").split()
        for subject, verb, _ in read(sentence):
            forms = VERBS if number(words[subject]) == "singular" else PLURAL_VERBS
            assert words[verb] in forms or words[verb] in SAID, sentence


def test_a_determiner_never_disagrees_with_its_noun_and_an_stands_before_vowels_only(corpus):
    for sentence in corpus:
        words = sentence.removesuffix(".").split()
        for index, word in enumerate(words):
            if word in ("a", "an", "this", "these", "those"):
                noun = next(w for w in words[index:] if CLASS_OF[w] == "N")
                assert (number(noun) == "plural") == (word in ("these", "those")), sentence
            if word in ("a", "an"):
                assert (word == "an") == (words[index + 1][0] in "aeiou"), sentence


def test_the_suites_noun_and_verb_combinations_never_occur_in_the_corpus(corpus, suite):
    in_corpus = set().union(*map(lemmas, corpus))
    asked = set()
    for item in suite:
        words = item.good.removesuffix(".").split()
        subject = next(s for s, v, _ in read(item.good) if v == item.target)
        pair = PLURALS.get(words[subject], words[subject]), (VERBS | PLURAL_VERBS)[words[item.target]]
        assert item.group == " ".join(pair)
        asked.add(pair)
    assert not asked & in_corpus
    assert not any(is_held_out(*pair) for pair in in_corpus)
    assert {verb for _, verb in asked} >= {"be", "have", "like", "laugh"} and len(asked) > 100
    # what is held out are combinations: each noun and each verb occurs as subject and as verb
    assert {noun for noun, _ in in_corpus} == set(NOUNS) and {verb for _, verb in asked} <= {
        verb for _, verb in in_corpus
    }


def test_the_nearest_noun_is_a_good_but_misleading_cue_in_the_corpus(corpus):
    agree = Counter()
    for sentence in corpus:
        words = sentence.removesuffix(".").split()
        ((subject, verb, classes), *others) = read(sentence)
        between = [i for i in range(subject + 1, verb) if classes[i] == "N"]
        if between and not others:
            agree[number(words[between[-1]]) == number(words[subject])] += 1
    assert 0.65 < agree[True] / agree.total() < 0.80


def test_attractors_and_matches_follow_the_definitions(suite):
    for item in suite:
        words = item.good.removesuffix(".").split()
        subject = next(s for s, v, _ in read(item.good) if v == item.target)
        between = [number(word) for word in words[subject + 1 : item.target] if CLASS_OF[word] == "N"]
        assert item.subject == number(words[subject])
        assert item.attractors == sum(n != item.subject for n in between)
        assert item.match == (not between or between[-1] == item.subject)
        assert len(between) == CONSTRUCTIONS[item.construction].between


def test_the_two_sentences_of_an_item_differ_in_the_verb_alone(suite):
    other = {"is": "are", "was": "were", "has": "have", "watches": "watch"} | {v: v[:-1] for v in VERBS if len(v) > 3}
    other["watches"] = "watch"
    for item in suite:
        good, bad = item.good.removesuffix(".").split(), item.bad.removesuffix(".").split()
        assert [i for i, pair in enumerate(zip(good, bad, strict=True)) if pair[0] != pair[1]] == [item.target]
        singular, plural = (good, bad) if item.subject == "singular" else (bad, good)
        assert other[singular[item.target]] == plural[item.target]
        assert item.target + 1 < len(good), "something follows the verb"


def test_no_determiner_of_the_suite_tells_a_number(suite):
    words = {word for item in suite for word in item.good.removesuffix(".").split()}
    assert not words & {"a", "an", "this", "these", "those"}


def test_each_construction_has_the_shape_of_its_name(suite):
    shapes = {
        "simple": f"{NP}V",
        **{f"prepositional_{k}": f"{NP}(P{NP}){{{k}}}V" for k in range(1, 5)},
        "subject_relative": f"{NP}TV{NP}V",
        "object_relative_that": f"{NP}T{NP}VV",
        "object_relative_bare": f"{NP}{NP}VV",
        "inside_object_relative_that": f"{NP}T{NP}V",
        "inside_object_relative_bare": f"{NP}{NP}V",
        "coordination_short": f"{NP}VCV",
        "coordination_long": f"{NP}V{NP}CV",
        "sentential_complement": f"{NP}ST?{NP}V",
    }
    assert {item.construction for item in suite} == set(shapes) == set(CONSTRUCTIONS)
    for item in suite:
        classes = "".join(CLASS_OF[word] for word in item.good.removesuffix(".").split()[: item.target + 1])
        assert re.fullmatch(shapes[item.construction], classes), item.good


def test_items_are_distinct_and_balanced_over_subject_number_and_match(suite):
    assert len({item.good for item in suite if not item.construction.startswith("inside")}) == 11 * 200
    cells = defaultdict(Counter)
    for item in suite:
        cells[item.construction][item.match, item.attractors, item.subject] += 1
    for construction, counts in cells.items():
        for match, attractors, _ in counts:
            assert counts[match, attractors, "singular"] == counts[match, attractors, "plural"]
        matches = sum(n for (match, *_), n in counts.items() if match)
        between = CONSTRUCTIONS[construction].between
        assert counts.total() == 200 and matches == (100 if between else 200)
        assert {a for match, a, _ in counts if not match} == set(range(1, between + 1))
        most = sum(n for (match, a, _), n in counts.items() if not match and a == between)
        assert most >= 50 if between else most == 0


def test_items_use_only_words_that_the_model_knows():
    unknown = {"writer", "books", "likes", "beside", "tired", "soldiers", "was"}
    items = agreement_items(lambda word: word not in unknown, per_construction=20)
    used = {word for item in items for text in (item.good, item.bad) for word in text.removesuffix(".").split()}
    assert not used & (unknown | {"writers", "book", "like", "soldier", "were"})
    assert (items.nouns_known, items.nouns, items.verbs_known, items.verbs) == (40, 43, 24, 25)
    assert len(items) == 13 * 20 and not items.left_out


def test_constructions_without_known_words_are_left_out_and_the_reason_is_told():
    items = agreement_items(lambda word: word != "that", per_construction=20)
    assert set(items.left_out) == {"subject_relative", "object_relative_that", "inside_object_relative_that"}
    assert all("known" in why for why in items.left_out.values())
    assert set(agreement_items(lambda word: False).left_out) == set(CONSTRUCTIONS)


def test_items_and_corpus_depend_on_the_seed_alone():
    few = [agreement_items(lambda word: True, 8, seed).items for seed in (0, 0, 1)]
    assert few[0] == few[1] != few[2]
    assert list(agreement_corpus(50, 3)) == list(itertools.islice(agreement_corpus(10**12, 3), 50))
    assert list(agreement_corpus(50, 3)) != list(agreement_corpus(50, 4))


def test_the_corpus_is_made_in_constant_memory():
    sentences = agreement_corpus(10**9, 5)
    next(sentences)
    peaks = []
    tracemalloc.start()
    for count in (300, 1500):
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for _ in itertools.islice(sentences, count):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1] - before)
    tracemalloc.stop()
    assert max(peaks) < 1_000_000
