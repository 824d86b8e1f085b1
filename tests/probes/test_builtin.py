import pytest

from nlprnn.grammars.agreement import agreement_grammar
from nlprnn.grammars.agreement_languages import Language
from nlprnn.probes.builtin import BUILTIN, builtin_suite
from nlprnn.probes.recency import probe_agreement

from .fake_scorers import FakeScorer

PER_CONSTRUCTION = 16


@pytest.fixture(scope="module", params=list(BUILTIN))
def suite(request):
    return builtin_suite(lambda word: True, request.param, PER_CONSTRUCTION)


def numbers(language: Language, categories: tuple[str, ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for rule in agreement_grammar(language).rules:
        if rule.category in categories and rule.forms:
            found.setdefault(rule.words[0], set()).add(rule.conditions["number"].values[0])
    return found


def nearest_noun_in_the_grammar(language: Language) -> FakeScorer:
    nouns, verbs = numbers(language, ("noun",)), numbers(language, language.verbs)

    def word_score(before, word):
        last = next((nouns[w] for w in reversed(before) if w in nouns), set())
        return -0.1 if verbs.get(word, set()) & last else -3.0

    return FakeScorer(word_score)


def test_the_nearest_noun_is_right_on_match_and_wrong_on_conflict_items_of_every_construction(suite):
    report = probe_agreement(nearest_noun_in_the_grammar(BUILTIN[suite.name]), suite)
    assert report.scoring == "target" and report.skipped == 0
    assert report.match.accuracy == 1.0 and report.conflict.accuracy == 0.0 and report.recency_index == 1.0
    assert len(report.constructions) == 13
    for construction in report.constructions:
        assert construction.match.accuracy == 1.0 and construction.conflict.accuracy in (0.0, None)
    near = report.baselines["nearest_noun"]
    assert (near.match.accuracy, near.conflict.accuracy) == (1.0, 0.0)


def test_an_oracle_is_right_on_the_whole_built_in_suite(suite):
    good = {" ".join(pair.good.split()[: pair.target + 1]) for pair in suite.pairs()}
    scorer = FakeScorer(lambda before, word: -0.1 if " ".join([*before, word]) in good else -3.0)
    report = probe_agreement(scorer, suite)
    assert report.accuracy == 1.0 and report.n == len(list(suite.pairs())) == 13 * PER_CONSTRUCTION
    assert len(report.constructions) == 13


def test_the_suite_of_a_name_is_in_its_language():
    words = {name: builtin_suite(lambda word: True, name, 4).pairs() for name in BUILTIN}
    seen = {name: {word for pair in pairs for word in pair.good.split()} for name, pairs in words.items()}
    assert "the" in seen["builtin"] - seen["builtin-pt"] and "os" in seen["builtin-pt"] - seen["builtin"]


def test_coverage_says_what_the_model_does_not_know():
    assert "nouns" in builtin_suite(lambda word: True, per_construction=8).coverage
    poor = builtin_suite(lambda word: word != "that", per_construction=8)
    assert "left out" in poor.coverage and "subject_relative" in poor.coverage


def test_the_distance_is_the_number_of_words_between_subject_and_verb(suite):
    language = BUILTIN[suite.name]
    nouns = numbers(language, ("noun",))
    for pair in suite.pairs():
        words = pair.good.split()
        subject = words[pair.target - pair.distance - 1]
        assert nouns[subject] == {pair.subject}
        between = words[pair.target - pair.distance : pair.target]
        assert sum(word in nouns and nouns[word] != {pair.subject} for word in between) == pair.attractors
