import math

import numpy as np
import pytest

from nlprnn.errors import ConfigError, NlprnnError
from nlprnn.probes.evaluate import CHUNK, judge, way_of_scoring
from nlprnn.probes.suite import MinimalPair, Scoring, Suite

from .fake_scorers import FakeScore, FakeScorer, oracle, prepositional_pairs

PAIR = MinimalPair("the writer is", "the writer are", target=2)


def verdict(scorer, pair=PAIR, scoring="sentence", **way):
    return next(judge(scorer, [pair], Scoring(scoring, **way)))


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
    assert [v.pair for v in judge(scorer, pairs, Scoring("sentence"))] == pairs
    assert len(scorer.asked) == 2 * 32  # two chunks, each with the same 32 sentences


def test_a_model_that_gives_no_number_is_an_error_and_not_a_wrong_answer():
    with pytest.raises(NlprnnError, match="NaN"):
        verdict(FakeScorer(lambda before, word: math.nan))


def words(scores):
    return FakeScorer(lambda before, word: scores.get(word, -1.0))


def test_a_region_is_the_words_from_the_first_to_the_last_that_differ():
    pair = MinimalPair("no men that the dogs like ever slept .", "the men that no dogs like ever slept .")
    scorer = words({"no": -4.0, "the": -2.0, "ever": -9.0})
    found = verdict(scorer, pair, "region")
    assert (found.score_good, found.score_bad) == (pytest.approx(-4 - 1 - 1 - 2), pytest.approx(-2 - 1 - 1 - 4))
    assert scorer.asked == ["no men that the", "the men that no"]


def test_regions_may_be_of_unequal_lengths_but_not_without_words():
    found = verdict(words({"runs": -3.0}), MinimalPair("he runs now", "he will run now"), "region")
    assert (found.score_good, found.score_bad) == (pytest.approx(-3), pytest.approx(-2))
    assert verdict(oracle(), MinimalPair("he now", "he runs now"), "region").status == "no differing words"
    assert verdict(oracle(), MinimalPair("he now", "he now"), "region").status == "no differing words"


def test_the_end_of_the_sentence_counts_or_not_and_a_full_stop_may_be_added():
    assert verdict(oracle(), end=False).score_good == pytest.approx(-1 - 1 - 0.1)
    scorer = words({".": -7.0})
    assert verdict(scorer, end=False, full_stop=True).score_good == pytest.approx(-3 - 7)
    assert verdict(scorer, full_stop=True).score_good == pytest.approx(-3 - 7 - 0.5)
    assert verdict(scorer, full_stop=True).pair is PAIR


def test_a_mean_is_of_all_tokens_that_count():
    assert verdict(oracle(), mean=True).score_good == pytest.approx((-1 - 1 - 0.1 - 0.5) / 4)
    assert verdict(oracle(), mean=True, end=False).score_good == pytest.approx((-1 - 1 - 0.1) / 3)
    assert verdict(oracle(), scoring="target", mean=True).score_good == pytest.approx(-0.1)


def test_a_word_of_several_tokens_is_their_sum_or_their_mean():
    class Pieces(FakeScorer):
        """Every word in two tokens."""

        def score(self, sentences):
            for found in super().score(sentences):
                halves = np.repeat(found.log_probs[:-1], 2)
                score = FakeScore(found.words, np.append(halves, -0.5))
                score.word_of = np.append(np.repeat(np.arange(len(found.words)), 2), len(found.words))
                yield score

    scorer = Pieces(lambda before, word: -3.0 if word == "are" else -1.0)
    assert verdict(scorer, scoring="target").score_bad == pytest.approx(-6)
    assert verdict(scorer, scoring="target", mean=True).score_bad == pytest.approx(-3)
    assert verdict(scorer, mean=True, end=False).score_bad == pytest.approx((-2 - 2 - 6) / 6)


def test_a_pair_whose_other_form_could_not_be_derived_is_skipped():
    assert verdict(oracle(), MinimalPair("it 's old", "", target=1)).status == "no other form"


def test_a_choice_between_two_words_that_are_the_same_is_a_tie_and_skipped_where_they_are_unknown():
    same = MinimalPair("the sheep", "the sheep", target=1)
    assert verdict(oracle(), same, "target").status == "tie"
    assert verdict(oracle(unknown={"sheep"}), same, "target").status == "unknown word"


def test_the_published_way_is_the_suites_own_until_something_else_is_asked_for():
    published = Suite("s", lambda: iter(()), end=False, full_stop=True).published
    assert str(published) == "sentence, full stop added, end not counted"
    assert way_of_scoring(published, "published") is published
    assert str(way_of_scoring(published, "published", mean=True, end=True)) == (
        "sentence, full stop added, mean of the tokens"
    )
    assert str(way_of_scoring(published, "sentence")) == "sentence"
    assert str(way_of_scoring(published, "region", end=False)) == "region, end not counted"
    with pytest.raises(ConfigError, match="choose one of published, sentence, target, region"):
        way_of_scoring(published, "span")
