import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nlprnn.probes.verbs import EXCEPTIONS, plural_form, third_person, verb_numbers

# verb classes by their last letters, as a grammar of English lists them
FORMS = {
    "is": "are", "has": "have", "does": "do", "goes": "go", "undergoes": "undergo", "overdoes": "overdo",
    "runs": "run", "plays": "play", "says": "say", "buys": "buy", "agrees": "agree", "skis": "ski", "woos": "woo",
    "carries": "carry", "flies": "fly", "tries": "try", "implies": "imply", "relies": "rely",
    "dies": "die", "lies": "lie", "ties": "tie", "vies": "vie", "belies": "belie", "underlies": "underlie",
    "passes": "pass", "misses": "miss", "uses": "use", "rises": "rise", "houses": "house", "focuses": "focus",
    "fixes": "fix", "boxes": "box", "buzzes": "buzz", "quizzes": "quiz", "waltzes": "waltz", "sizes": "size",
    "freezes": "freeze", "bronzes": "bronze", "seizes": "seize",
    "watches": "watch", "reaches": "reach", "washes": "wash", "pushes": "push", "aches": "ache", "caches": "cache",
    "echoes": "echo", "vetoes": "veto", "shoes": "shoe", "tiptoes": "tiptoe", "stomachs": "stomach",
    "leaves": "leave", "saves": "save", "lives": "live", "believes": "believe", "breathes": "breathe",
    "forces": "force", "judges": "judge", "increases": "increase", "doesn't": "don't", "isn't": "aren't",
}  # fmt: skip


@pytest.mark.parametrize(("singular", "plural"), FORMS.items())
def test_both_forms_are_derived_from_each_other(singular, plural):
    assert third_person(plural) == singular
    assert plural_form(singular) == plural
    assert verb_numbers(plural, singular) == {"singular": singular, "plural": plural}


REGULAR = r"[a-z]{1,6}(?:[bdfgklmnprtvw]|[aeiou][bcdglnrsv]e|[aeo]y|[bdflnrt]y|ss|x|sh|tch|ee|oo)"


@given(st.from_regex(REGULAR, fullmatch=True))
def test_what_is_put_on_regular_verbs_can_be_taken_off(plural):
    irregular = {"has", "was", "is", *map(third_person, EXCEPTIONS.split())}
    assume(third_person(plural) not in irregular and plural not in ("have", "were", "are"))
    assert plural_form(third_person(plural)) == plural


def test_what_is_no_such_form_has_no_other():
    assert [plural_form(word) for word in ("'s", "run", "pass", "s", "12s", "Is", "")] == [None] * 7
    assert [third_person(word) for word in ("'re", "12", "", "two words")] == [None] * 4


@pytest.mark.parametrize("words", [("red", "blue"), ("is", "is"), ("laugh", "laughed"), ("writer", "books")])
def test_words_that_are_no_two_forms_of_a_verb_have_no_numbers(words):
    assert verb_numbers(*words) is None


def test_capitals_stay():
    assert verb_numbers("Are", "Is") == {"singular": "Is", "plural": "Are"}
