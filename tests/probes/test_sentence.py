import pytest

from nlprnn.errors import ConfigError
from nlprnn.probes.sentence import probe_sentence, told_times, verb_numbers

from .fake_scorers import FakeScorer, nearest_noun, oracle

CONFLICT = "the writer of the books is/are"


def test_a_model_that_follows_the_subject_shows_syntactic_recency():
    found = probe_sentence(oracle(), CONFLICT)
    assert (found.preferred, found.recency, found.subject, found.nearest) == (
        "is",
        "syntactic",
        "writer",
        "books",
    )
    assert [(w.word, w.log_probability) for w in found.words] == [
        ("is", pytest.approx(-0.1)),
        ("are", pytest.approx(-3)),
    ]


def test_a_model_that_follows_the_nearest_noun_shows_sequential_recency():
    found = probe_sentence(nearest_noun(), CONFLICT)
    assert (found.preferred, found.recency) == ("are", "sequential")


def test_where_both_nouns_agree_both_recencies_predict_the_same():
    found = probe_sentence(oracle(), "The writers of the books laughs/laugh every day.")
    assert found.preferred == "laugh" and found.recency is None
    assert found.explanation == "a match item: both recencies predict 'laugh'"


@pytest.mark.parametrize(
    ("sentence", "subject"),
    [
        ("the books that the writer likes is/are", "books"),
        ("the books the writer likes is/are", "books"),
        ("the writer who loves the old books near the house is/are", "writer"),
    ],
)
def test_the_subject_is_found_before_relative_clauses(sentence, subject):
    assert probe_sentence(oracle(), sentence).subject == subject


@pytest.mark.parametrize(
    "sentence",
    [
        "the zebra of the books is/are",  # a noun that is not in the lexicon
        "the books that the writer is/are",  # the verb of the relative clause
        "the writer said the books is/are",  # a new subject after `said`
        "the writer of the books red/blue",
        "is/are",
    ],
)
def test_what_would_have_to_be_guessed_is_not_told(sentence):
    found = probe_sentence(oracle(), sentence)
    assert found.recency is None and found.subject is None and "cannot tell" in found.explanation


def test_no_preference_is_no_recency():
    found = probe_sentence(FakeScorer(lambda before, word: -1.0), CONFLICT)
    assert found.preferred is None and found.recency is None and found.explanation.endswith("prefers neither")


@pytest.mark.parametrize("sentence", ["the writer is", "this/that is/are", "the is/are/was", "the /are", "the is/is"])
def test_other_forms_are_refused_with_the_right_one_told(sentence):
    with pytest.raises(ConfigError, match="the writer of the books is/are"):
        probe_sentence(oracle(), sentence)


def test_an_alternative_that_the_model_does_not_know_is_refused():
    with pytest.raises(ConfigError, match="'are' is not in the model's vocabulary"):
        probe_sentence(oracle(unknown={"are"}), CONFLICT)


@pytest.mark.parametrize(
    "pair",
    [("is", "are"), ("weren't", "wasn't"), ("watch", "watches"), ("carries", "carry"), ("has", "have")],
)
def test_verb_forms_are_told_apart(pair):
    singular = next(word for word in pair if word in {"is", "wasn't", "watches", "carries", "has"})
    assert verb_numbers(*pair) == {
        "singular": singular,
        "plural": next(word for word in pair if word != singular),
    }


def test_other_words_are_not_verb_forms():
    assert verb_numbers("red", "blue") is None and verb_numbers("is", "were") is None


def test_no_recency_is_named_where_the_model_reads_the_subject_as_unknown():
    found = probe_sentence(oracle(unknown=["writer"]), CONFLICT)
    assert (found.subject, found.recency, found.unknown) == ("writer", None, ("writer",))
    assert "cannot tell: the model reads 'writer' as <unk>" in found.explanation


def test_the_explanation_tells_how_much_likelier_the_preferred_word_is():
    assert "'is' is 18.2 times as likely" in probe_sentence(oracle(), CONFLICT).explanation  # e to the 2.9


@pytest.mark.parametrize(
    ("times", "told"),
    [(1.0, "1"), (18.17, "18.2"), (999.4, "999"), (999.6, "1,000"), (1549.0, "1,549"), (2e7, "2e+07")],
)
def test_large_ratios_are_written_out(times: float, told: str) -> None:
    assert told_times(times) == told
