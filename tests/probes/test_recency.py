import json
import tracemalloc

from nlprnn.metrics.shares import wilson
from nlprnn.probes.evaluate import CHUNK
from nlprnn.probes.recency import probe_agreement
from nlprnn.probes.suite import MinimalPair, Suite

from .fake_scorers import FakeScorer, agreement_suite, nearest_noun, oracle

CELL = {"n", "accuracy", "interval"}


def test_an_oracle_is_right_everywhere():
    report = probe_agreement(oracle(), agreement_suite())
    assert (report.n, report.accuracy, report.skipped) == (18, 1.0, 0)
    assert (report.match.n, report.match.accuracy) == (10, 1.0)
    assert (report.conflict.n, report.conflict.accuracy) == (8, 1.0)
    assert report.recency_index == 0.0
    assert report.interval == wilson(18, 18)


def test_following_the_nearest_noun_is_right_on_match_and_wrong_on_conflict():
    report = probe_agreement(nearest_noun(), agreement_suite())
    assert (report.match.accuracy, report.conflict.accuracy, report.recency_index) == (1.0, 0.0, 1.0)
    assert {part.attractors: part.accuracy for part in report.by_attractors} == {0: 1.0, 1: 0.0}
    assert report.by_subject_number["singular"].accuracy == 5 / 9


def test_the_index_averages_over_the_constructions_that_have_both_kinds():
    def pairs():
        for name, conflicts_right in (("a", True), ("b", False)):
            yield MinimalPair("good m", "bad m", name, match=True)
            yield MinimalPair(*(("good c", "bad c") if conflicts_right else ("bad c", "good c")), name, match=False)
        yield MinimalPair("good m", "bad m", "c", match=True)

    report = probe_agreement(FakeScorer(lambda before, word: -float(word == "bad")), Suite("s", pairs))
    assert [part.recency_index for part in report.constructions] == [0.0, 1.0, None]
    assert report.recency_index == 0.5


def test_without_annotation_there_is_no_index_and_no_nearest_noun():
    suite = Suite("bare", lambda: iter([MinimalPair("good", "bad"), MinimalPair("good x", "bad x")]))
    report = probe_agreement(FakeScorer(lambda before, word: -float(word == "bad")), suite)
    assert report.accuracy == 1.0 and report.recency_index is None
    assert report.match.n == 0 and report.match.accuracy is None and report.match.interval is None
    assert report.by_attractors == [] and report.baselines["nearest_noun"] is None


def test_baselines_run_on_the_scored_pairs():
    frequency = {"is": 10, "laughs": 1, "are": 5, "laugh": 5}.get
    report = probe_agreement(oracle(), agreement_suite(), frequency=frequency, ngram=nearest_noun())
    near, majority, unigram, ngram = (report.baselines[key] for key in ("nearest_noun", "majority", "unigram", "ngram"))
    assert (near.match.accuracy, near.conflict.accuracy) == (1.0, 0.0)
    # 11 singular forms in training, 10 plural ones: always singular, right on every other pair
    assert (majority.n, majority.accuracy, majority.conflict.accuracy) == (18, 0.5, 0.5)
    # `is` beats `are`, `laugh` beats `laughs`: also right on every other pair
    assert (unigram.n, unigram.accuracy) == (18, 0.5)
    assert (ngram.match.accuracy, ngram.conflict.accuracy) == (1.0, 0.0)


def test_the_majority_takes_the_more_frequent_number():
    lone = Suite("s", lambda: iter([MinimalPair("the writers are", "the writers is", subject="plural", target=2)]))
    often = probe_agreement(oracle(), lone, frequency={"are": 9, "is": 2}.get).baselines["majority"]
    seldom = probe_agreement(oracle(), lone, frequency={"are": 2, "is": 9}.get).baselines["majority"]
    even = probe_agreement(oracle(), lone, frequency={"are": 2, "is": 2}.get).baselines["majority"]
    assert (often.accuracy, seldom.accuracy, even) == (1.0, 0.0, None)


def test_words_equally_frequent_or_never_seen_are_wrong_for_the_unigram_baseline():
    suite = Suite(
        "s", lambda: iter([MinimalPair("it is", "it are", target=1), MinimalPair("it am", "it be", target=1)])
    )
    unigram = probe_agreement(oracle(), suite, frequency=lambda word: 0).baselines["unigram"]
    assert (unigram.n, unigram.accuracy) == (2, 0.0)


def test_skipped_pairs_are_counted_by_reason_and_stay_out_of_every_cell():
    report = probe_agreement(oracle(unknown={"laughs", "of"}), agreement_suite())
    assert (report.n, report.skipped, report.skipped_why) == (10, 8, {"unknown word": 8})
    assert report.unknown_words == ["laughs"]
    assert report.shared_unknown == 8  # `of`, in the pairs of `across` that are left
    assert report.match.n + report.conflict.n == 10
    assert report.baselines["nearest_noun"].n == 10


def test_a_construction_that_could_not_be_scored_still_shows():
    suite = Suite("s", lambda: iter([MinimalPair("good", "bad", "lost")]))
    part = probe_agreement(oracle(unknown={"bad"}), suite).constructions[0]
    assert (part.name, part.n, part.accuracy) == ("lost", 0, None)


def test_ties_are_counted_as_wrong_and_told():
    report = probe_agreement(FakeScorer(lambda before, word: -1.0), agreement_suite())
    assert (report.n, report.accuracy, report.ties) == (18, 0.0, 18)


def test_target_scoring_agrees_with_sentence_scoring_for_a_verb_that_ends_the_sentence():
    report = probe_agreement(nearest_noun(), agreement_suite(), scoring="target")
    assert report.scoring == "target"
    assert (report.match.accuracy, report.conflict.accuracy) == (1.0, 0.0)


def test_the_sink_gets_every_verdict():
    seen = []
    probe_agreement(oracle(), agreement_suite(), sink=lambda suite, verdict: seen.append((suite, verdict.correct)))
    assert seen == [("hand", True)] * 18


def test_the_json_has_the_keys_that_other_programs_rely_on():
    report = probe_agreement(oracle(), agreement_suite(), frequency=lambda word: 1)
    found = json.loads(json.dumps(report.json()))
    assert found.keys() >= {
        "name",
        "n",
        "skipped",
        "skipped_why",
        "accuracy",
        "interval",
        "match",
        "conflict",
    }
    assert found.keys() >= {
        "recency_index",
        "constructions",
        "by_attractors",
        "by_subject_number",
        "baselines",
    }
    assert found["match"].keys() == CELL and found["by_subject_number"].keys() == {"singular", "plural"}
    parts = CELL | {"match", "conflict"}
    skipped, grouped = {"skipped", "skipped_why", "unknown_counts"}, {"groups", "group_interval", "recency_interval"}
    assert found["constructions"][0].keys() == parts | skipped | grouped | {"name", "recency_index"}
    assert found["by_attractors"][0].keys() == parts | {"attractors", "baselines"}
    assert found["by_attractors"][0]["baselines"].keys() == {"nearest_noun", "ngram"}
    assert found.keys() >= skipped | grouped | {"by_distance", "number_bias", "unknown_words"}
    assert found["baselines"].keys() == {"nearest_noun", "majority", "unigram", "ngram"}
    assert found["baselines"]["ngram"] is None
    assert found["baselines"]["nearest_noun"].keys() == CELL | {"match", "conflict"}


def test_memory_does_not_grow_with_the_number_of_pairs():
    class Forgetful(FakeScorer):
        def score(self, sentences):
            for found in super().score(sentences):
                self.asked.clear()
                yield found

    def peak(count):
        def pairs():
            return (MinimalPair(f"good {i % 99} {i // 99}", f"bad {i % 99} {i // 99}", target=0) for i in range(count))

        tracemalloc.start()
        report = probe_agreement(Forgetful(lambda before, word: -float(word == "bad")), Suite("s", pairs))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert report.n == count
        return found

    assert peak(5 * CHUNK) < 1.2 * peak(2 * CHUNK)
