from nlprnn.probes.suite import MinimalPair, Scoring, common_ends, parting, split_words


def test_differing_words_are_those_between_the_common_beginning_and_end():
    assert split_words(MinimalPair("the cat sees me", "the dog sees me")) == (
        ["cat", "dog"],
        ["the", "sees", "me"],
    )


def test_equally_long_middles_are_compared_word_by_word():
    differing, shared = split_words(MinimalPair("no authors that the guards like", "the authors that no guards like"))
    assert sorted(differing) == ["no", "no", "the", "the"]
    assert sorted(shared) == ["authors", "guards", "like", "that"]


def test_unequal_middles_differ_as_a_whole():
    differing, shared = split_words(MinimalPair("they look like slopes", "they looks slopes"))
    assert differing == ["look", "like", "looks"] and shared == ["they", "slopes"]


def test_a_repeated_word_is_not_both_beginning_and_end():
    assert split_words(MinimalPair("very very", "very")) == (["very"], ["very"])


def test_sentences_part_at_the_first_different_word():
    assert parting(["a", "b", "c"], ["a", "x", "c"]) == 1
    assert parting(["a", "b"], ["a", "b", "c"]) is None


def test_target_words_lose_closing_punctuation_that_both_have():
    assert MinimalPair("Sue saw herself.", "Sue saw themselves.", target=2).target_words() == (
        "herself",
        "themselves",
    )
    assert MinimalPair("she can't.", "she can.", target=1).target_words() == ("can't", "can")
    assert MinimalPair("so ? no", "so ?? no", target=1).target_words() == ("?", "??")
    assert MinimalPair("a b", "a c").target_words() is None


def test_common_ends_are_counted_once():
    assert common_ends(["a", "b", "c", "d"], ["a", "x", "y", "d"]) == (1, 1)
    assert common_ends(["very", "very"], ["very"]) == (1, 0)
    assert common_ends(["a"], ["a"]) == (1, 0)


def test_a_way_of_scoring_says_what_it_is():
    assert str(Scoring("target")) == "target"
    assert str(Scoring("sentence", end=False, full_stop=True, mean=True)) == (
        "sentence, full stop added, end not counted, mean of the tokens"
    )
