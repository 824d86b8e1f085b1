"""Sampling: weights, unification and the derivation tree, on grammars small enough to count by hand."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from nlprnn.errors import DataError
from nlprnn.grammars.engine import Grammar, Node

TINY = """
feature number: singular plural
feature kind: person thing

sentence -> np[number=?n kind=?k] vp[number=?n kind=?k] "."
np[number=?n kind=?k] -> "the" noun[number=?n kind=?k]
vp[number=?n kind=?k] -> verb[number=?n kind=?k]
noun[number=singular/plural kind=person]: boy/boys child/children
noun[number=singular/plural kind=thing]: book/books
verb[number=singular/plural kind=person]: laughs/laugh
verb[number=singular/plural]: be=is_here/are_here
"""


def texts(source: str, count: int = 400) -> Counter[str]:
    grammar, rng = Grammar.parse(source), Random(1)
    return Counter(grammar.sentence(rng).text() for _ in range(count))


def test_features_unify_and_all_that_fits_is_made():
    assert set(texts(TINY)) == {
        *("the boy laughs.", "the boys laugh.", "the child laughs.", "the children laugh."),
        *("the boy is here.", "the boys are here.", "the child is here.", "the children are here."),
        *("the book is here.", "the books are here."),
    }


def test_a_start_category_and_its_features_can_be_asked_for():
    grammar = Grammar.parse(TINY)
    made = {grammar.sentence(Random(s), "np", number="plural", kind="thing").text() for s in range(20)}
    assert made == {"the books"}
    assert grammar.can_make("np", kind="person") and not grammar.can_make("np", kind="place")


def test_compared_variables_are_equal_or_different_but_not_linked():
    source = """
feature number: singular plural
pair -> noun[number=?n] noun[number=!n] noun[number==n] verb[number=?n]
noun[number=singular/plural]: key/keys
verb[number=singular/plural]: is/are
"""
    assert set(texts(source)) == {"key keys key is", "keys key keys are"}
    first, other, same, verb = (token.links["number"] for token in Grammar.parse(source).sentence(Random(0)).tokens())
    assert first == verb and len({first, other, same}) == 3


def test_one_variable_under_two_features_is_one_link():
    source = "feature f: x y\nfeature g: x y\ns -> a[f=?v g=?v] a[f=?v]\na[f=x/y]: 1/2\na[g=x]: 3"
    first, second = Grammar.parse(source).sentence(Random(0)).tokens()
    assert first.links["f"] == first.links["g"] == second.links["f"] != second.links["g"]


def test_weights_and_optional_parts_are_respected():
    counts = texts('s -> "a" @ 6\ns -> "b" @ 2\ns -> word ("then": 0.25)\nword: c@3 d', 20_000)
    expected = {
        "a": 6 / 9,
        "b": 2 / 9,
        "c": 0.75 * 0.75 / 9,
        "c then": 0.25 * 0.75 / 9,
        "d": 0.75 / 36,
        "d then": 0.25 / 36,
    }
    assert set(counts) == set(expected)
    for text, share in expected.items():
        assert counts[text] / 20_000 == pytest.approx(share, abs=4 * (share / 20_000) ** 0.5)


def test_free_variables_share_the_weight_of_their_rule():
    source = "feature f: x y z\ns -> a[f=?v]\ns -> b @ 1\na[f=x/y/z]: 1/2/3\nb: 4"
    counts = texts(source, 12_000)
    assert counts["4"] == pytest.approx(6000, abs=250)
    assert [counts[digit] for digit in "123"] == pytest.approx([2000] * 3, abs=180)


def test_tokens_tell_lemma_category_features_and_forms():
    the, noun, verb, stop = next(
        d.tokens() for d in (Grammar.parse(TINY).sentence(Random(s)) for s in range(99)) if "books" in d.text()
    )
    assert (the.form, the.category, stop.form) == ("the", "", ".")
    assert (noun.form, noun.lemma, noun.category, noun.forms) == ("books", "book", "noun", ("book", "books"))
    assert (verb.form, verb.lemma, verb.features["number"]) == ("are here", "be", "plural")
    assert noun.links["number"] == verb.links["number"] != noun.links["kind"]


def test_the_tree_has_a_node_for_every_rule_used():
    derivation = Grammar.parse(TINY).sentence(Random(0))
    nodes = [node for node in derivation.nodes() if isinstance(node, Node)]
    assert [node.category for node in nodes] == ["sentence", "np", "noun", "vp", "verb"]
    assert derivation.root is nodes[0] and nodes[0].children[:2] == [nodes[1], nodes[3]]


def test_the_same_seed_gives_the_same_sentences():
    grammar = Grammar.parse(TINY)
    one, two, three = ([grammar.sentence(rng).text() for _ in range(30)] for rng in map(Random, (7, 7, 8)))
    assert one == two != three


def test_deep_recursion_needs_no_deep_stack():
    sentence = Grammar.parse('s -> "x" s @ 4000\ns -> "y"').sentence(Random(3))
    assert len(sentence.tokens()) > 1500


def test_recursion_without_an_end_is_an_error_that_says_so():
    with pytest.raises(DataError, match="grew without end"):
        Grammar.parse('s -> s s @ 99\ns -> "y"').sentence(Random(0))


def test_a_restricted_grammar_makes_only_what_is_left():
    grammar = Grammar.parse(TINY).restricted(lambda rule: "laughs" not in rule.forms and rule.lemma != "book")
    assert not grammar.can_make("np", kind="thing") and grammar.can_make("vp", kind="thing")
    made = {grammar.sentence(Random(s)).text() for s in range(60)}
    assert made == {"the boy is here.", "the boys are here.", "the child is here.", "the children are here."}
    assert not grammar.restricted(lambda rule: rule.category != "noun").can_make("sentence")


def test_a_translation_reads_the_same_tree_in_the_other_order():
    source = """
s -> np "likes" np (time) "." ~ "então" time np "de" np "."
np -> colour thing ~ thing colour
thing: cat~gato
colour: red~vermelho very_black~muito_preto
time: now~agora_mesmo
"""
    grammar = Grammar.parse(source)
    made = {(d.text(), " ".join(d.translation())) for d in (grammar.sentence(Random(s)) for s in range(200))}
    portuguese = {"red": "vermelho", "very black": "muito preto"}
    assert made == {
        (f"{a} cat likes {b} cat{now}.", f"então {then}gato {portuguese[a]} de gato {portuguese[b]} .")
        for a in portuguese
        for b in portuguese
        for now, then in (("", ""), (" now", "agora mesmo "))
    }


def test_what_has_no_translation_is_left_out_or_stays_as_it_is():
    derivation = Grammar.parse('s -> do "not" verb "!" ~ "não" verb "!"\ndo: does\nverb: stop').sentence(Random(0))
    assert (derivation.text(), derivation.translation()) == ("does not stop!", ["não", "stop", "!"])


def test_the_size_is_the_number_of_derivations():
    assert Grammar.parse(TINY).size() == len(texts(TINY)) == 10
    assert Grammar.parse(TINY).size("np") == 6
    assert Grammar.parse('s -> "x" s\ns -> "y"').size() == float("inf")


def test_files_and_shipped_grammars_are_loaded(tmp_path):
    path = tmp_path / "tiny.grammar"
    path.write_text(TINY, encoding="utf-8")
    assert Grammar.load(path).start == "sentence"
    assert Grammar.load("agreement").can_make("prepositional_4")
    with pytest.raises(DataError, match=r"missing\.grammar: cannot read the grammar"):
        Grammar.load(tmp_path / "missing.grammar")
