import math

import pytest

from nlprnn.errors import ConfigError, NlprnnError
from nlprnn.probes.evaluate import CHUNK, judge, way_of_scoring
from nlprnn.probes.suite import MinimalPair, Suite

from .fake_scorers import FakeScorer, oracle, prepositional_pairs

PAIR = MinimalPair("the writer is", "the writer are", target=2)


def verdict(scorer, pair=PAIR, scoring="sentence"):
    return next(judge(scorer, [pair], scoring))


def test_a_sentence_score_is_the_sum_of_all_its_tokens_and_its_end():
    found = verdict(oracle())
    assert found.score_good == pytest.approx(-1 - 1 - 0.1 - 0.5)
    assert found.score_bad == pytest.approx(-1 - 1 - 3.0 - 0.5)
    assert found.correct and found.status == "scored"


def test_a_target_score_is_the_word_alone():
    found = verdict(oracle(), scoring="target")
    assert (found.score_good, found.score_bad) == (pytest.approx(-0.1), pytest.approx(-3.0))


def test_the_words_after_the_target_do_not_matter_to_it():
    scorer = oracle()
    pair = MinimalPair("the writer is, he says, tall.", "the writer are, he says, tall.", target=2)
    assert verdict(scorer, pair, "target").score_good == pytest.approx(-0.1)
    assert scorer.asked == ["the writer is", "the writer are"]


def test_a_tie_is_not_correct():
    found = verdict(FakeScorer(lambda before, word: -1.0))
    assert found.correct is False and found.tie and found.status == "tie"


def test_a_difference_of_rounding_is_a_tie():
    assert verdict(FakeScorer(lambda before, word: -1.0 + 1e-9 * (word == "is"))).tie


def test_two_impossible_sentences_are_a_tie():
    assert verdict(FakeScorer(lambda before, word: -math.inf)).tie


def test_a_pair_with_an_unknown_differing_word_is_never_scored():
    scorer = oracle(unknown={"are"})
    found = verdict(scorer)
    assert found.correct is None and found.score_good is None
    assert found.status == "unknown word" and found.unknown == ("are",)
    assert scorer.asked == []


def test_an_unknown_word_in_both_sentences_is_noted_and_the_pair_scored():
    found = verdict(oracle(unknown={"the"}))
    assert found.correct and found.shared_unknown


def test_without_a_target_word_there_is_no_target_score():
    assert verdict(oracle(), MinimalPair("a b", "a c"), "target").status == "no target word"
    assert verdict(oracle(), MinimalPair("x b", "y c", target=1), "target").status == "no target word"


def test_verdicts_come_in_order_over_chunks_and_a_sentence_is_asked_once_a_chunk():
    scorer = oracle()
    pairs = prepositional_pairs() * (CHUNK // 8)
    assert [v.pair for v in judge(scorer, pairs, "sentence")] == pairs
    assert len(scorer.asked) == 2 * 32  # two chunks, each with the same 32 sentences


def test_a_model_that_gives_no_number_is_an_error_and_not_a_wrong_answer():
    with pytest.raises(NlprnnError, match="NaN"):
        verdict(FakeScorer(lambda before, word: math.nan))


def test_the_published_way_is_the_suites_own():
    suite = Suite("s", lambda: iter(()), scoring="target")
    assert way_of_scoring(suite, "published") == "target"
    assert way_of_scoring(suite, "sentence") == "sentence"
    with pytest.raises(ConfigError, match="choose one of published, sentence, target"):
        way_of_scoring(suite, "span")
