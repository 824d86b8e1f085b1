import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nlprnn.errors import DataError
from nlprnn.probes.formula import Reference, parse

BITS = {("a", 1): 2.0, ("a", 2): 5.0, ("b", 1): 3.0, ("b", 2): 0.5, ("no-gap_x", 6): 7.25, ("a", None): 7.0}


def holds(text, bits=BITS):
    return parse(text).holds(lambda asked: bits[asked.condition, asked.region])


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("(1;%a%) < (1;%b%)", True),
        ("(1;%a%)<(1;%a%)", False),
        ("(1;%a%)>(2;%b%)", True),
        ("[(1;%a%) < (1;%b%)] & [(2;%a%) < (2;%b%)]", False),
        ("[(1;%a%) < (1;%b%)] | [(2;%a%) < (2;%b%)]", True),
        ("( (1;%a%) + (2;%a%) ) < ( (1;%b%) + (2;%b%) )", False),  # 7 < 3.5
        ("[(2;%a%) - (1;%a%)] > [(1;%b%) - (2;%b%)]", True),  # 3 > 2.5
        ("[(1;%a%)-(1;%b%)]+[[(2;%a%)+(2;%b%)]-[(1;%a%)+(1;%b%)]]>0", False),  # -1 + (5.5 - 5) > 0
        ("(*;%a%) = (1;%a%) + (2;%a%)", True),
        ("( 6 ; %no-gap_x% ) = 7.25", True),
        ("5 - 4 - 3 < 0", True),  # from left to right: not 5 - (4 - 3)
        ("5 + 4 = 9 - 1 + 1", True),  # not 9 - (1 + 1)
        ("5-(3+2)=0", True),
        ("(5-3)+2=4", True),
        ("1 > 2 & 1 > 2 | 1 < 2", True),  # equally strong, from left to right
        ("1 < 2 | 1 < 2 & 1 > 2", False),
        ("(1;%a%) > -1.5e0", True),
        ("1 = 1.0009", True),
        ("1 = 1.0011", False),
        ("1000 = 1000.01", True),
        ("((((1;%a%)))) < [(((3)))]", True),
    ],
)
def test_formulas_are_true_or_false_as_worked_out_by_hand(text, truth):
    assert holds(text) is truth


def test_the_third_conjunct_counts_too():
    assert not holds("[1 < 2] & [2 < 3] & [4 < 3]")


def test_a_formula_tells_what_it_asks_for():
    found = parse("[(1;%a%) < (*;%b%)] & [(1;%a%) > (2;%a%)]").references()
    assert found == [Reference(1, "a"), Reference(None, "b"), Reference(2, "a")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "breaks off"),
        ("(1;%a%) <", "breaks off"),
        ("(1;%a%)", "is a number, not true or false"),
        ("(1;%a%) + 3", "is a number, not true or false"),
        ("(1;%a%) < (2;%a%) < (1;%b%)", "two comparisons in a row"),
        ("(1;%a%) & (2;%a%)", "something else than comparisons beside '&'"),
        ("[1 < 2] + 3 < 4", r"something else than numbers beside '\+'"),
        ("(1 < 2", r"lacks a '\)'"),
        ("[1 < 2)", r"lacks a '\]'"),
        ("1 < 2 )", r"should end before '\)'"),
        ("1 < 2 (1;%a%)", "should end before"),
        ("1 < 2 * 3", r"cannot be read from '\* 3' on"),
        ("(1;a) < 2", "cannot be read from ';a"),
        ("__import__('os') < 2", "cannot be read"),
        ("< 2", "lacks a region or a number before '<'"),
        ("(" * 200 + "1 < 2" + ")" * 200, "more than 100 parentheses"),
    ],
)
def test_what_is_no_formula_is_told_in_one_line(text, told):
    with pytest.raises(DataError, match=told) as caught:
        parse(text, "suite.json")
    assert str(caught.value).startswith("suite.json: the formula") and "\n" not in str(caught.value)


NUMBERS = st.integers(-100_000, 100_000).map(lambda number: number / 1000)


@st.composite
def sums(draw, depth=3):
    """(text, value) of an arithmetic expression, written with parentheses around every part."""
    if depth == 0 or draw(st.booleans()):
        if draw(st.booleans()):
            name, region = draw(st.sampled_from(sorted((key for key in BITS if key[1]), key=str)))
            return f"({region};%{name}%)", BITS[name, region]
        number = draw(NUMBERS)
        return f"{number:f}", number
    (left, a), (right, b) = draw(sums(depth - 1)), draw(sums(depth - 1))
    brackets = draw(st.sampled_from(["()", "[]"]))
    sign = draw(st.sampled_from("+-"))
    return f"{brackets[0]}{left} {sign} {right}{brackets[1]}", a + b if sign == "+" else a - b


@settings(max_examples=50)
@given(sums(), sums())
def test_comparisons_of_any_sums_are_those_of_their_values(left, right):
    (first, a), (second, b) = left, right
    assert holds(f"{first} < {second}") == (a < b)
    assert holds(f"{first} > {second}") == (a > b)
    assume(abs(abs(a - b) - 1e-3 - 1e-5 * abs(b)) > 1e-9)
    assert holds(f"{first} = {second}") == math.isclose(a, b, rel_tol=0, abs_tol=1e-3 + 1e-5 * abs(b))


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from("&|")), min_size=1, max_size=8))
def test_and_and_or_are_taken_from_left_to_right(parts):
    text, truth = "", parts[0][0]
    for place, (value, sign) in enumerate(parts):
        text += (f" {sign} " if place else "") + ("1 < 2" if value else "2 < 1")
        if place:
            truth = (truth and value) if sign == "&" else (truth or value)
    assert holds(text) is truth


@given(st.text(alphabet="()[]1;%a<>=&|+-*. ", max_size=30))
def test_any_string_is_a_formula_or_told(text):
    try:
        found = parse(text)
    except DataError:
        return
    assert found.holds(lambda asked: 1.0) in (True, False)
