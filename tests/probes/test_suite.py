from nlprnn.probes.suite import MinimalPair, parting, split_words


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
