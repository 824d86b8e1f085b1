"""The review grammar against a reading of its own: signs of words multiplied, with patterns for two judgements."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from nlprnn.errors import ConfigError
from nlprnn.grammars import distinct, reviews
from nlprnn.grammars.engine import Grammar
from nlprnn.grammars.reviews import (
    ASPECTS,
    Review,
    held_out_reviews,
    is_held_out,
    review_corpus,
    review_grammar,
)

CORPUS = Path(__file__).parents[2] / "corpora" / "reviews.tsv"

NOUNS = {
    "acting": "acting, cast, leading man, actors, performances",
    "plot": "plot, story, tale, plot twists",
    "dialogue": "dialogue, jokes, conversations, speeches",
    "music": "music, soundtrack, songs, tunes",
    "pictures": "photography, camera work, lighting, pictures",
    "ending": "ending, final scene, last act, last minutes",
    "overall": "film as a whole, film",
}
PRAISE = """good great excellent superb wonderful brilliant splendid delightful remarkable impressive convincing natural
    lively inspired clever gripping original exciting witty sharp funny moving beautiful stunning elegant surprising
    satisfying memorable entertaining better delight(?:ed)?.me moved?.me charm(?:ed)?.me impress(?:ed)?.me liked?
    enjoy(?:ed)? admired? loved?"""
BLAME = """bad poor terrible awful dreadful weak mediocre dismal disappointing miserable wooden stiff lifeless clumsy
    dull predictable confused absurd silly flat vulgar shrill monotonous ugly drab murky rushed contrived tedious
    forgettable worse bored?.me annoy(?:ed)?.me irritated?.me tired?.me disliked? hated? detest(?:ed)? despised?"""
TURNS = """not cannot nobody no none neither nothing never doubt(?:ed)? den(?:y|ied) dispute lie lying fool failed.to
    far.from anything.but wrong mistaken in.vain waiting.still exaggeration false agree.more have.to.wait.long
    more.than.the.truth"""
NEUTRAL = ("could not have been", "no less true")
OUTSIDE = r"""(?:the coffee|the weather|the dinner|my seat|the crowd|the advertising|the second film|i saw it|we saw it
    |it runs|it is the third|nobody in it|the music is by|the story is taken|the leading man used|we did not go
    |the ending is not that|the songs are sung|the jokes are not|the pictures were taken in iceland$
    |i had not read)\b.*"""
REMARKS = r""" , (?:known from the theatre|new to me|taken from a novel|which i will not (?:retell|give away)|written by
    two brothers|as far as i could hear|recorded in lisbon|most of it for the piano|taken in iceland|most of it in black
    and white|not that of the book|the third of this director|which runs for two hours|whatever the papers wrote|in
    spite of all the talk|with or without the book|if you ask me) ,"""
ASPECT_OF = {noun: aspect for aspect, listed in NOUNS.items() for noun in listed.split(", ")}
SWEEP = r"(?:everything|every scene|nothing|no scene) in it was (?!better than|worse than)"


def one_of(listed: str) -> str:
    return "|".join(sorted((word.replace(".", " ") for word in listed.split()), key=len, reverse=True))


def spaced(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\n\s*", " ", pattern).replace(" |", "|"))


NOUN = re.compile(rf"\b(?:(?:the|whose) ({'|'.join(sorted(ASPECT_OF, key=len, reverse=True))})\b|{SWEEP})")
SIGNS = re.compile(rf"\b(?:({'|'.join(NEUTRAL)})|({one_of(PRAISE)})|({one_of(BLAME)}|{one_of(TURNS)}))\b")
REMARK, OUTSIDE_SENTENCE = spaced(REMARKS), spaced(OUTSIDE)


def aspects_in(text: str) -> list[str]:
    return [ASPECT_OF[match[1]] if match[1] else "overall" for match in NOUN.finditer(text)]


def sign(text: str) -> int:
    """-1 for every word that blames, denies or turns round, multiplied."""
    return (-1) ** sum(match[3] is not None for match in SIGNS.finditer(text))


def read_pair(text: str) -> tuple[int, int]:
    """What a sentence of two judgements says of the first noun and of the second."""
    if match := re.fullmatch(r"both .* were (.*)|neither .* (?:was|were) (.*)", text):
        both = sign(match[1]) if match[1] else -sign(match[2])
        return both, both
    if match := re.fullmatch(r"(.*) , which (can also be|is no less true|cannot be|is not true) (?:said )?of .*", text):
        return sign(match[1]), sign(match[1]) * sign(match[2])
    if match := re.fullmatch(r"(unlike|like|just like) .*? , (.*)", text):
        return sign(match[2]) * (-1 if match[1] == "unlike" else 1), sign(match[2])
    if match := re.fullmatch(r".* had been as (.*) as .*", text):
        return -sign(match[1]), sign(match[1])
    if match := re.fullmatch(r"it was not .* but .* that (?:was|were) (.*)", text):
        return -sign(match[1]), sign(match[1])
    if match := re.fullmatch(r"i expected (.*? to be .*?) and (.*? to be .*?) , (.*)", text):
        return sign(match[1]) * sign(match[3]), sign(match[2]) * sign(match[3])
    if match := re.fullmatch(r"(.*?) that (?!evening)(.*) (?:and|or) that (.*)", text):
        return sign(match[1]) * sign(match[2]), sign(match[1]) * sign(match[3])
    left, right = re.split(r" , (?:and what is more|and yet|and|but|although)?", text)
    if re.search("could save|make up for|reconcile me|worse than|the pain of|suffered more", right):
        return sign(left), -1
    if re.search("could spoil|took nothing away|make me miss|better than|nothing beside|nothing more than", right):
        return sign(left), 1
    return sign(left), sign(right)


def read(text: str) -> dict[str, int]:
    """What a review says of the aspects that it judges."""
    found: list[tuple[str, int]] = []
    for sentence in text.removesuffix(" .").split(" . "):
        if OUTSIDE_SENTENCE.fullmatch(sentence):
            continue
        bare = REMARK.sub("", sentence)
        aspects = aspects_in(bare)
        assert len(aspects) in (1, 2), sentence
        found.extend(zip(aspects, (sign(bare),) if len(aspects) == 1 else read_pair(bare), strict=True))
    assert len(dict(found)) == len(found), text
    return dict(found)


def stars(aspects: dict[str, int]) -> int:
    return max(1, min(5, 3 + sum(aspects.values())))


@pytest.fixture(scope="module")
def corpus() -> list[Review]:
    _, *lines = (line.split("\t") for line in CORPUS.read_text(encoding="utf-8").splitlines())
    return [
        Review(int(score), dict(zip(ASPECTS, map(int, values), strict=True)), text) for score, text, *values in lines
    ]


@pytest.fixture(scope="module")
def held_out() -> list[Review]:
    return list(held_out_reviews(300))


@pytest.mark.parametrize(
    ("score", "aspects", "text"),
    [
        (5, "acting+ music+", "the acting was superb , and the music moved me ."),
        (4, "acting+", "we saw it last week . the acting was superb ."),
        (3, "acting+ plot-", "good as the acting was , nothing in it could save the plot ."),
        (3, "acting+ overall-", "good as the acting was , nothing in it was memorable ."),
        (5, "acting+ overall+", "while the acting was not stiff , nothing in it was tedious ."),
        (3, "plot- music+", "bad as the plot was , that took nothing away from the music ."),
        (1, "plot- music-", "dull as the plot was , nothing in it was worse than the music ."),
        (4, "plot+", "nobody who saw it with me on the first night would say that the plot was dull ."),
        (2, "plot-", "nobody who saw it with me on the first night would deny that the plot was dull ."),
        (4, "plot+", "everyone who had read the book would dispute that the plot was dull . my seat was awful ."),
        (2, "plot-", "nobody in it smokes . none of my friends who stayed until the end liked the plot ."),
        (4, "songs+", "i would be lying , whatever the papers wrote , if i did not say that the songs were moving ."),
        (2, "songs-", "i would be lying if i said that the songs , recorded in lisbon , were moving ."),
        (4, "ending+", "you will not hear me deny that the ending , not that of the book , charmed me ."),
        (
            2,
            "jokes-",
            "my sister told me that the jokes were funny , and after ten minutes in the dark i cannot agree .",
        ),
        (4, "jokes+", "the papers said that the jokes were silly , and i could not agree less ."),
        (4, "jokes+", "the papers said that the jokes were funny , and i could not agree more ."),
        (2, "film-", "i expected the film to be silly , and i have seldom been so right . the crowd was great ."),
        (5, "plot+ tunes+", "i expected the plot to be dull and the tunes to be shrill , but i was wrong both times ."),
        (2, "tale-", "i waited all evening for the tale to become exciting , and waited in vain ."),
        (4, "tale+", "i waited for the tale to become exciting , and did not have to wait long ."),
        (4, "tale+", "there was no scene in which the tale was not exciting ."),
        (2, "tale-", "never once in the evening was the tale exciting . it runs for two hours ."),
        (4, "cast+", "anyone who called the cast wooden had not understood it ."),
        (2, "cast-", "to call the cast wooden is no more than the truth ."),
        (4, "cast+", "the cast could not have been better . the jokes are not for children ."),
        (2, "cast-", "convincing as the critics had written the cast was , i saw nothing of the kind ."),
        (1, "plot- cast-", "neither the plot nor the cast was impressive ."),
        (3, "plot+ cast-", "the plot was far from dismal , which cannot be said of the cast ."),
        (5, "plot+ cast+", "the plot was far from dismal , which is no less true of the cast ."),
        (3, "plot- cast+", "unlike the plot , the cast was great ."),
        (3, "plot- cast+", "if only the plot had been as great as the cast ."),
        (3, "plot+ cast-", "i would have left if the plot had been as poor as the cast ."),
        (3, "songs+ plot-", "it was not the songs but the plot that was dull ."),
        (
            1,
            "plot- music-",
            "no one who went there with us thought that the plot was clever or that the music was good .",
        ),
        (
            5,
            "plot+ music+ songs",
            "no one doubted that the plot was clever and that the music , new to me , was good .",
        ),
        (
            2,
            "plot- music- ending+",
            "both the plot and the music were weak . the last act never failed to delight me .",
        ),
    ],
)
def test_the_reading_of_this_test_is_the_one_of_a_person(score, aspects, text):
    by_hand = {
        ASPECT_OF.get(word[:-1], word[:-1]): 1 if word[-1] == "+" else -1
        for word in aspects.split()
        if word[-1] in "+-"
    }
    assert read(text) == by_hand
    assert stars(by_hand) == score


def test_scores_and_aspects_are_what_the_reviews_say(corpus, held_out):
    for review in corpus + held_out:
        assert read(review.text) == {name: value for name, value in review.aspects.items() if value}, review
        assert stars(review.aspects) == review.score, review


def test_the_shipped_corpus_is_byte_for_byte_what_the_generator_makes():
    lines = CORPUS.read_bytes().splitlines(keepends=True)
    made = [f"{line}\n".encode() for line in review_corpus(300, 1)]
    assert made == lines[:301] and len(lines) == 5001


@pytest.mark.slow
def test_all_of_the_shipped_corpus_is_what_the_generator_makes():
    assert "".join(f"{line}\n" for line in review_corpus(5000, 1)).encode() == CORPUS.read_bytes()


def test_the_corpus_is_named_columns_of_numbers_and_lower_case_text():
    header, *lines = CORPUS.read_text(encoding="utf-8").splitlines()
    assert header == "score\ttext\tacting\tplot\tdialogue\tmusic\tpictures\tending\toverall"
    for line in lines:
        score, text, *values = line.split("\t")
        assert score in "12345" and len(values) == 7 and set(values) <= {"-1", "0", "1"}
        assert text == text.lower() and all(word.isalpha() or word in (".", ",") for word in text.split(" "))
        assert 1 <= text.count(" .") <= 3 and text.endswith(" .") and ", ," not in text and ", ." not in text


def test_reviews_are_distinct_and_each_score_is_a_fifth_of_them(corpus, held_out):
    for some in (corpus, held_out):
        assert len({review.text for review in some}) == len(some)
        assert set(Counter(review.score for review in some).values()) == {len(some) // 5}


def test_the_film_as_a_whole_is_never_praised_in_a_bad_review_nor_blamed_in_a_good_one(corpus):
    assert {review.aspects["overall"] * (review.score > 3) for review in corpus} == {0, 1}
    assert {review.aspects["overall"] * (review.score < 3) for review in corpus} == {0, -1}


def test_what_is_said_of_an_aspect_is_as_often_praise_as_blame_whatever_its_words(corpus):
    """Sentences of one judgement: a word of praise in them tells next to nothing."""
    agree = Counter()
    for review in corpus:
        for sentence in review.text.removesuffix(" .").split(" . "):
            bare = REMARK.sub("", sentence)
            if OUTSIDE_SENTENCE.fullmatch(sentence) or len(aspects_in(bare)) != 1:
                continue
            said = re.search(rf"\b(?:({one_of(PRAISE)})|({one_of(BLAME)}))\b", bare)
            agree[(said[1] is not None) == (sign(bare) == 1)] += 1
    assert 0.4 < agree[True] / agree.total() < 0.65


def test_held_out_combinations_never_occur_in_the_shipped_corpus(corpus, held_out):
    """By hand: plain sentences, read with patterns that know nothing of the grammar's trees."""
    noun = rf"(?:the|whose) ({'|'.join(sorted(ASPECT_OF, key=len, reverse=True))})"
    adjective = r"(?:was|were|to be|to become) (?:really |truly |not |far from )?(\w+)"
    said = [
        {both for review in some for both in re.findall(rf"{noun} {adjective}\b", review.text) if sign_known(both[1])}
        for some in (corpus, held_out)
    ]
    in_corpus, asked = said
    assert len(in_corpus) > 400 and not any(is_held_out(*both) for both in in_corpus)
    assert sum(is_held_out(*both) for both in asked) > 30
    assert not {review.text for review in corpus} & {review.text for review in held_out}


def sign_known(word: str) -> bool:
    return re.fullmatch(f"{one_of(PRAISE)}|{one_of(BLAME)}", word) is not None


def test_held_out_reviews_are_new_combinations_of_known_words_and_no_word_loses_more_than_half(corpus, held_out):
    known = {word for review in corpus for word in review.text.split()}
    assert all(word in known for review in held_out for word in review.text.split())
    nouns: dict[str, set[str]] = {}
    words: dict[str, set[str]] = {}
    for rule in review_grammar().rules:
        if rule.forms and rule.category in reviews.NOUNS:
            nouns[rule.lemma] = set(rule.conditions["aspect"].values)
        if rule.forms and rule.category in reviews.JUDGING:
            goes_with = rule.conditions["aspect"].values if "aspect" in rule.conditions else ASPECTS
            words.setdefault(rule.lemma, set()).update(goes_with)
    pairs = [(noun, word) for noun in nouns for word in words if nouns[noun] <= words[word]]
    for side, group in enumerate((nouns, words)):
        for lemma in group:
            lost = [is_held_out(*both) for both in pairs if both[side] == lemma]
            assert sum(lost) <= len(lost) / 2, lemma
    assert sum(any(is_held_out(*both) for both in pairs if lemma in both) for lemma in [*nouns, *words]) > 90


def test_reviews_depend_on_the_seed_alone_and_fewer_are_the_first_of_more():
    few = [list(reviews.reviews(50, seed)) for seed in (4, 4, 5)]
    assert few[0] == few[1] != few[2]
    assert few[0] == list(itertools.islice(reviews.reviews(10**7, 4), 50))
    assert list(held_out_reviews(20, 1)) == list(held_out_reviews(20, 1)) != list(held_out_reviews(20, 2))


def test_uni_and_bigrams_fail(corpus):
    """NB-SVM (Wang and Manning, 2012) on binary uni- and bigrams, on the shipped corpus."""
    text = pytest.importorskip("sklearn.feature_extraction.text")
    svm = pytest.importorskip("sklearn.svm")
    vectorizer = text.CountVectorizer(ngram_range=(1, 2), binary=True, token_pattern=r"\S+")
    seen = vectorizer.fit_transform(review.text for review in corpus[:2000])
    unseen = vectorizer.transform(review.text for review in corpus[2000:3000])
    scores = np.array([review.score for review in corpus])
    margins = []
    for score in range(1, 6):
        own = scores[:2000] == score
        share = [1 + np.asarray(seen[rows].sum(0)).ravel() for rows in (own, ~own)]
        ratio = np.log(share[0] / share[0].sum() * share[1].sum() / share[1])
        machine = svm.LinearSVC(C=0.01).fit(seen.multiply(ratio).tocsr(), own)
        margins.append(machine.decision_function(unseen.multiply(ratio).tocsr()))
    accuracy = np.mean(np.argmax(margins, axis=0) + 1 == scores[2000:3000])
    assert 0.25 < accuracy < 0.75, "above chance, far from right"


TINY = """
feature count: one two three four
feature first: good bad
feature second: good bad
feature third: good bad
feature fourth: good bad
feature value: good bad
feature aspect: acting plot
s[count=one first=?v second=?w third=?x fourth=?y] -> name[aspect=acting value==v] word[value==v] "."
s[count=two|three|four first=?v second=?w third=?x fourth=?y] -> name[aspect=acting value==v] word[value==v]
    name[aspect=plot value==w] word[value==w] "."
name[aspect=acting value=good|bad]: acting
name[aspect=plot value=good|bad]: plot
word[value=good]: good
word[value=bad]: bad
"""


def test_more_reviews_than_the_grammar_makes_are_refused(monkeypatch):
    monkeypatch.setattr(reviews, "review_grammar", lambda: Grammar.parse(TINY))
    monkeypatch.setattr(distinct, "MOST_FRUITLESS", 500)
    with pytest.raises(ConfigError, match=r"more than the .* that the grammar can make; ask for fewer"):
        next(reviews.reviews(10**9, 0))
    with pytest.raises(ConfigError, match="no more than 0 of these"):
        next(held_out_reviews(1))


def test_millions_of_reviews_can_be_made():
    assert review_grammar().size() > 10**9
