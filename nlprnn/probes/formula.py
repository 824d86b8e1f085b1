"""SyntaxGym's formulas: what is expected of the surprisals of an item's regions. Knows no model and no file.

The language, as its authors define it (Gauthier, Hu, Wilcox, Qian and Levy 2020, ACL demonstrations; Hu et al. 2020):

    (6;%match_sing%)    the surprisal of region 6 in the condition match_sing; (*;%...%) of its whole sentence
    + -                 sums and differences of them and of numbers, from left to right
    < > =               comparisons; = allows a difference of 0.001 bit and a hundred-thousandth of the right side
    & |                 and, or: equally strong, from left to right
    ( ) [ ]             parentheses
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nlprnn.errors import DataError

ABSOLUTE, RELATIVE = 1e-3, 1e-5  # how far `=` lets two values differ
DEPTH = 100  # parentheses in parentheses
LEVELS = ("&|", "<>=", "+-")  # operators, those that bind least first
LOGICAL, COMPARISONS, ARITHMETIC = LEVELS
CLOSING = {"(": ")", "[": "]"}
TOKEN = re.compile(
    r"\s*(?:\(\s*(?P<region>[0-9]{1,9}|\*)\s*;\s*%(?P<condition>[^%]+)%\s*\)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<sign>[-+<>=&|()\[\]]))"
)


@dataclass(frozen=True)
class Reference:
    """A region of a condition; `region` is None for the whole sentence."""

    region: int | None
    condition: str


@dataclass(frozen=True)
class Chain:
    """Operands of one level, joined from left to right."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


Node = Reference | float | Chain
Surprisal = Callable[[Reference], float]  # in bits


@dataclass(frozen=True)
class Formula:
    """A prediction: `text` as it was written, `root` as it is understood."""

    text: str
    root: Node

    def references(self) -> list[Reference]:
        """The regions that it asks for, each once, in order."""
        return list(dict.fromkeys(_references(self.root)))

    def holds(self, surprisal: Surprisal) -> bool:
        return bool(_value(self.root, surprisal))


def parse(text: str, path: str | Path | None = None) -> Formula:
    """Raises DataError, with `path` where it is given, for what is no formula or not true or false."""
    return _Parser(text, path).formula()


def _references(node: Node) -> Iterator[Reference]:
    if isinstance(node, Reference):
        yield node
    elif isinstance(node, Chain):
        yield from _references(node.first)
        for _, operand in node.rest:
            yield from _references(operand)


def _value(node: Node, surprisal: Surprisal) -> float | bool:
    if isinstance(node, Reference):
        return surprisal(node)
    if not isinstance(node, Chain):
        return node
    value = _value(node.first, surprisal)
    for sign, operand in node.rest:
        value = OPERATIONS[sign](value, _value(operand, surprisal))
    return value


OPERATIONS: dict[str, Callable[[float, float], float | bool]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "=": lambda left, right: left == right or abs(left - right) <= ABSOLUTE + RELATIVE * abs(right),
    "&": lambda left, right: bool(left) and bool(right),
    "|": lambda left, right: bool(left) or bool(right),
}


def _is_logical(node: Node) -> bool:
    """Is it true or false, and not a number?"""
    return isinstance(node, Chain) and node.rest[0][0] not in ARITHMETIC


class _Parser:
    """Recursive descent over LEVELS."""

    def __init__(self, text: str, path: str | Path | None) -> None:
        self.text, self.path = text, path
        self.tokens: list[Reference | float | str] = []
        self.spelt: list[str] = []  # the tokens as they were written
        self.at = 0
        self.depth = 0

    def formula(self) -> Formula:
        self._read()
        root = self._level(0)
        if self.at < len(self.tokens):
            raise self._error(f"should end before {self.spelt[self.at]!r}")
        if not _is_logical(root):
            raise self._error("is a number, not true or false; compare it with < > or =")
        return Formula(self.text, root)

    def _read(self) -> None:
        end = len(self.text.rstrip())
        place = 0
        while place < end:
            found = TOKEN.match(self.text, place)
            if found is None:
                raise self._error(f"cannot be read from {self.text[place:].strip()[:20]!r} on")
            place = found.end()
            self.spelt.append(found[0].strip())
            if found["region"]:
                region = None if found["region"] == "*" else int(found["region"])
                self.tokens.append(Reference(region, found["condition"].strip()))
            else:
                self.tokens.append(float(found["number"]) if found["number"] else found["sign"])

    def _level(self, level: int) -> Node:
        if level == len(LEVELS):
            return self._atom()
        first = self._level(level + 1)
        rest: list[tuple[str, Node]] = []
        while (sign := self._peek()) and isinstance(sign, str) and sign in LEVELS[level]:
            if rest and LEVELS[level] == COMPARISONS:
                raise self._error("has two comparisons in a row; join them with &")
            self.at += 1
            rest.append((sign, self._level(level + 1)))
        for operand in [first, *(node for _, node in rest)] if rest else []:
            if _is_logical(operand) != (LEVELS[level] == LOGICAL):
                kind = "numbers" if _is_logical(operand) else "comparisons"
                raise self._error(f"has something else than {kind} beside {rest[0][0]!r}")
        return Chain(first, tuple(rest)) if rest else first

    def _atom(self) -> Node:
        token = self._peek()
        self.at += 1
        if isinstance(token, (Reference, float)):
            return token
        if token in ("+", "-") and isinstance(number := self._peek(), float):
            self.at += 1
            return -number if token == "-" else number
        closing = CLOSING.get(token) if isinstance(token, str) else None
        if closing is None:
            raise self._error(f"lacks a region or a number before {token!r}" if token else "breaks off")
        self.depth += 1
        if self.depth > DEPTH:
            raise self._error(f"has more than {DEPTH} parentheses in each other")
        inner = self._level(0)
        if self._peek() != closing:
            raise self._error(f"lacks a {closing!r}")
        self.at += 1
        self.depth -= 1
        return inner

    def _peek(self) -> Reference | float | str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _error(self, what: str) -> DataError:
        return DataError(f"the formula {self.text.strip()!r} {what}", self.path)
