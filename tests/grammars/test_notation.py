"""Every mistake in a grammar file is told with the file, the line and a remedy."""

from __future__ import annotations

import pytest

from nlprnn.errors import DataError
from nlprnn.grammars.engine import Grammar
from nlprnn.grammars.notation import Reader

GOOD = "feature number: singular plural\n\ns -> noun[number=?n]\nnoun[number=singular/plural]: key/keys\n"


def test_comments_continuations_and_weights_are_read():
    reader = Reader('# all\ns -> "a"   # one\n    (b: 0.2) "c d" @ 2.5\nb: x@3 _\n    l=y', "g")
    with_b, without = reader.rules[:2]
    assert [part.category or part.word for part in with_b.parts] == ["a", "b", "c", "d"]
    assert [part.word for part in without.parts] == ["a", "c", "d"]
    assert (with_b.weight, without.weight) == (pytest.approx(0.5), pytest.approx(2.0))
    assert [(rule.lemma, rule.forms, rule.weight, rule.line) for rule in reader.rules[2:]] == [
        ("x", ("x",), 3.0, 4),
        (" ", (" ",), 1.0, 4),
        ("l", ("y",), 1.0, 4),
    ]


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (5, "s -> verb", "no rule or lexicon entry makes verb"),
        (5, "s -> noun[gender=?g]", "the feature gender is not declared"),
        (5, "s -> noun[number=dual]", "number has no value 'dual'"),
        (5, "s -> noun[number=!m]", "nothing binds m"),
        (5, "s -> noun[number]", "cannot read the condition 'number'"),
        (5, "s -> s[number=?n]", "s never carries the feature number"),
        (5, "s -> (noun", "optional part is not closed"),
        (5, "s -> noun)", "closing bracket without"),
        (5, "s -> ((noun))", "inside an optional part"),
        (5, "s -> (noun: 1.5)", "between 0 and 1"),
        (5, "s -> noun @ 0", "above 0"),
        (5, "s ->", "the right side is empty"),
        (5, "s -> noun ; noun", "cannot read '; noun'"),
        (5, "s -> noun[number=singular/plural]", "paired values"),
        (5, "s[number=singular/plural] -> noun", "paired values"),
        (5, "s[number==n] -> noun[number=?n]", "left side takes"),
        (5, "noun[number=singular/plural]: a/b/c", "needs 1 or 2 form"),
        (5, "noun[number=singular]: a/b", "needs 1 form"),
        (5, "hello", "cannot read 'hello'"),
        (5, "feature number: one two", "declared twice"),
        (5, "feature gender", "a feature is written"),
        (5, "s -> noun ~ noun noun", "'noun' after ~ is none of the parts before it"),
        (5, "s -> noun ~ noun[number=?n]", "after ~ is none of the parts before it"),
        (5, 's -> noun ("now") ~ noun ("agora")', "after ~ is none of the parts before it"),
        (5, "noun[number=singular/plural]: key/keys~a/b/c", "needs 1 or 2 form"),
        (5, "noun[number=singular/plural]: key/keys~", "needs 1 or 2 form"),
        (5, "noun[~ number=singular/plural]: key/keys~a/b", "needs 1 form"),
        (5, "s[~ number=singular/plural] -> noun", "paired values"),
        (6, "feature x: 1 2\ns -> noun[number=?n] t[x=?n]\nt[x=1/2]: a/b", "values differ"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(line, text, message):
    with pytest.raises(DataError) as caught:
        Grammar.parse(GOOD + text, "my.grammar")
    assert str(caught.value).startswith(f"my.grammar:{line}: ") and message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_forms_of_two_languages_go_by_their_own_features():
    reader = Reader(
        """
feature number: one more
feature gender: he she
s -> big[number=?n gender=?g]
big[number=one ~ gender=he/she]: big~grandão/grandona
old[~ number=one/more gender=he/she]: old~velho/velha/velhos/velhas@2
""",
        "g",
    )
    entries = [(r.conditions, r.words, r.target, r.lemma, r.weight) for r in reader.rules if r.forms]
    told = [({name: c.values for name, c in conditions.items()}, *rest) for conditions, *rest in entries]
    assert told == [
        ({"number": ("one",), "gender": ("he",)}, ("big",), ("grandão",), "big", 1.0),
        ({"number": ("one",), "gender": ("she",)}, ("big",), ("grandona",), "big", 1.0),
        ({"number": ("one",), "gender": ("he",)}, ("old",), ("velho",), "old", 2.0),
        ({"number": ("one",), "gender": ("she",)}, ("old",), ("velha",), "old", 2.0),
        ({"number": ("more",), "gender": ("he",)}, ("old",), ("velhos",), "old", 2.0),
        ({"number": ("more",), "gender": ("she",)}, ("old",), ("velhas",), "old", 2.0),
    ]


def test_an_indented_first_line_and_an_empty_grammar_are_errors():
    with pytest.raises(DataError, match="g:1: an indented line"):
        Grammar.parse("  s -> x", "g")
    with pytest.raises(DataError, match="g: no rule found"):
        Grammar.parse("# nothing", "g")


def test_a_start_that_never_ends_in_words_is_an_error():
    with pytest.raises(DataError, match="s can never end in words"):
        Grammar.parse("s -> t\nt -> s", "g")
