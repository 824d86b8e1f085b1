from nlprnn.grammars.agreement import agreement_grammar
from nlprnn.probes.builtin import builtin_suite
from nlprnn.probes.recency import probe_agreement

from .fake_scorers import FakeScorer


def numbers(category):
    found: dict[str, set[str]] = {}
    for rule in agreement_grammar().rules:
        if rule.category == category and rule.forms:
            found.setdefault(rule.words[0], set()).add(rule.conditions["number"].values[0])
    return found


def nearest_noun_in_the_grammar():
    nouns, verbs = numbers("noun"), numbers("verb")

    def word_score(before, word):
        last = next((nouns[w] for w in reversed(before) if w in nouns), set())
        return -0.1 if verbs.get(word, set()) & last else -3.0

    return FakeScorer(word_score)


def test_the_nearest_noun_is_right_on_match_and_wrong_on_conflict_items_of_the_built_in_suite():
    suite = builtin_suite(lambda word: True, per_construction=16)
    report = probe_agreement(nearest_noun_in_the_grammar(), suite)
    assert report.scoring == "target" and report.skipped == 0
    assert report.match.accuracy == 1.0 and report.conflict.accuracy == 0.0 and report.recency_index == 1.0
    near = report.baselines["nearest_noun"]
    assert (near.match.accuracy, near.conflict.accuracy) == (1.0, 0.0)


def test_an_oracle_is_right_on_the_whole_built_in_suite():
    suite = builtin_suite(lambda word: True, per_construction=16)
    good = {" ".join(pair.good.split()[: pair.target + 1]) for pair in suite.pairs()}
    scorer = FakeScorer(lambda before, word: -0.1 if " ".join([*before, word]) in good else -3.0)
    report = probe_agreement(scorer, suite)
    assert report.accuracy == 1.0 and report.n == len(list(suite.pairs())) > 100
    assert len(report.constructions) == 13


def test_coverage_says_what_the_model_does_not_know():
    assert "nouns" in builtin_suite(lambda word: True, per_construction=8).coverage
    poor = builtin_suite(lambda word: word != "that", per_construction=8)
    assert "left out" in poor.coverage and "subject_relative" in poor.coverage
