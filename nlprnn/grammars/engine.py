"""Samples sentences from feature grammars: rules are made ground once, then a sentence is one weighted walk.

The core is the derivation tree; a sentence is one way to read off its leaves, its translation another. It knows no
grammar in particular. The format is told in `notation`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib import resources
from itertools import accumulate, count, product
from math import inf, prod
from pathlib import Path
from random import Random

from nlprnn.errors import DataError
from nlprnn.grammars.notation import Part, Reader, Rule

# More nodes than this in one sentence means that the recursive rules weigh too much to come to an end.
MOST_NODES = 20_000

# A category, and the values that are allowed for some or all of its features.
Symbol = tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]


@dataclass(frozen=True)
class Production:
    """A rule with every variable replaced by a value. `children` stand for the rule's parts, words as plain strings."""

    rule: Rule
    features: dict[str, str]
    children: tuple[Symbol | str, ...]
    weight: float


@dataclass
class Node:
    """One step of a derivation. Nodes whose feature was unified through one variable share the number in `links`."""

    category: str
    rule: Rule
    features: dict[str, str]
    links: dict[str, int]
    children: list[Node | str] = field(default_factory=list)


@dataclass(frozen=True)
class Token:
    """A leaf: the form in the sentence (a lexicon entry or a rule's own word), and what the grammar knows of it."""

    form: str
    lemma: str
    category: str = ""
    features: dict[str, str] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)
    forms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Derivation:
    """A derivation tree."""

    root: Node

    def nodes(self) -> Iterator[Node | str]:
        """Every node and every word, parents first, left to right."""
        stack: list[Node | str] = [self.root]
        while stack:
            node = stack.pop()
            yield node
            if isinstance(node, Node):
                stack.extend(reversed(node.children))

    def tokens(self) -> list[Token]:
        """The leaves in order."""
        tokens: list[Token] = []
        entry: Node | None = None
        for node in self.nodes():
            if isinstance(node, Node):
                entry = node if node.rule.forms else None
            elif entry is not None:
                tokens.append(
                    Token(node, entry.rule.lemma, entry.category, entry.features, entry.links, entry.rule.forms)
                )
                entry = None
            else:
                tokens.append(Token(node, node))
        return tokens

    def text(self) -> str:
        """The sentence: words joined by spaces, closing punctuation joined to the word before it."""
        words: list[str] = []
        for token in self.tokens():
            if words and token.form in (".", ",", "?", "!", ";", ":"):
                words[-1] += token.form
            else:
                words.append(token.form)
        return " ".join(words)

    def translation(self) -> list[str]:
        """The words in the other language, for a grammar of two."""
        words: list[str] = []
        stack: list[Node | str] = [self.root]
        while stack:
            node = stack.pop()
            if isinstance(node, str):
                words.extend(node.split())
            elif node.rule.target is None:
                stack.extend(reversed(node.children))
            else:
                stack.extend(item if isinstance(item, str) else node.children[item] for item in node.rule.target[::-1])
        return words


class Grammar:
    """A grammar that is ready to be sampled. `start` is the category of its first rule."""

    def __init__(
        self, features: dict[str, tuple[str, ...]], carried: dict[str, list[str]], rules: list[Rule], path: str | Path
    ) -> None:
        self.features, self._carried, self.rules, self.path = features, carried, rules, path
        self.start = next(iter(carried))
        self._productions = self._ground()
        self._choices: dict[Symbol, tuple[list[Production], list[float]]] = {}

    @classmethod
    def parse(cls, text: str, path: str | Path = "<grammar>") -> Grammar:
        """Reads a grammar from its text. Raises DataError with `path` and the line."""
        reader = Reader(text, path)
        grammar = cls(reader.features, reader.carried, reader.rules, path)
        if not grammar.can_make(grammar.start):
            raise DataError(f"{grammar.start} can never end in words; add rules or entries that fit its features", path)
        return grammar

    @classmethod
    def load(cls, path: str | Path) -> Grammar:
        """Reads a grammar file, or by its bare name one that comes with the package. Raises DataError."""
        shipped = resources.files("nlprnn.grammars").joinpath(f"{path}.grammar")
        if isinstance(path, str) and path.isidentifier() and shipped.is_file():
            return cls.parse(shipped.read_text(encoding="utf-8"), f"{path}.grammar")
        try:
            return cls.parse(Path(path).read_text(encoding="utf-8"), path)
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(
                f"cannot read the grammar ({type(error).__name__}); give a UTF-8 text file", path
            ) from error

    def restricted(self, keep: Callable[[Rule], bool]) -> Grammar:
        """The grammar without the rules and entries that `keep` refuses; some categories may then make nothing."""
        return Grammar(self.features, self._carried, [rule for rule in self.rules if keep(rule)], self.path)

    def can_make(self, category: str, **features: str) -> bool:
        """Whether any sentence can be derived from the category with these features."""
        return bool(self._choice(_symbol(category, features))[0])

    def size(self, category: str | None = None) -> float:
        """How many derivations a category has (default: the start); infinite where its rules recurse."""
        known: dict[Symbol, float] = {}

        def count_of(symbol: Symbol) -> float:
            if symbol not in known:
                known[symbol] = inf  # what a symbol inside itself finds
                known[symbol] = sum(
                    prod(count_of(child) for child in production.children if not isinstance(child, str))
                    for production in self._choice(symbol)[0]
                )
            return known[symbol]

        return count_of(_symbol(category or self.start, {}))

    def sentence(self, rng: Random, start: str | None = None, **features: str) -> Derivation:
        """Draws a derivation of `start` (default: the grammar's own) with the given features.

        The same state of `rng` gives the same sentence. Where features are free, every rule that fits takes part with
        its weight. Raises DataError where the rules recurse without coming to an end.
        """
        symbol = _symbol(start or self.start, features)
        assert self.can_make(symbol[0], **features), f"{self.path} cannot make {symbol}"
        fresh = count(1)
        top: list[Node | str] = [""]
        todo: list[tuple[list[Node | str], int, Symbol, dict[str, int]]] = [(top, 0, symbol, {})]
        for _ in range(MOST_NODES):
            if not todo:
                break
            siblings, index, symbol, links = todo.pop()
            production = self._draw(symbol, rng)
            links = {name: links.get(name) or next(fresh) for name in production.features}
            rule = production.rule
            variables = {c.variable: links[name] for name, c in rule.conditions.items() if c.kind == "?"}
            node = Node(symbol[0], rule, production.features, links)
            siblings[index] = node
            for place, (part, child) in enumerate(zip(rule.parts, production.children, strict=True)):
                node.children.append(child if isinstance(child, str) else "")
                if isinstance(child, str):
                    continue
                shared: dict[str, int] = {}
                for name, condition in part.conditions.items():
                    if condition.kind == "?":
                        if condition.variable not in variables:
                            variables[condition.variable] = next(fresh)
                        shared[name] = variables[condition.variable]
                todo.append((node.children, place, child, shared))
        if todo:
            raise DataError(f"{start or self.start} grew without end; give recursive rules less weight", self.path)
        assert isinstance(top[0], Node)
        return Derivation(top[0])

    def _draw(self, symbol: Symbol, rng: Random) -> Production:
        productions, cumulative = self._choice(symbol)
        # The upper bound guards against a product that rounds up to the total.
        return productions[bisect_right(cumulative, rng.random() * cumulative[-1], 0, len(productions) - 1)]

    def _choice(self, symbol: Symbol) -> tuple[list[Production], list[float]]:
        """The productions that fit a symbol, and their accumulated weights."""
        if symbol not in self._choices:
            found = [p for p in self._productions.get(symbol[0], []) if _fits(p.features, symbol)]
            self._choices[symbol] = found, list(accumulate(p.weight for p in found))
        return self._choices[symbol]

    def _ground(self) -> dict[str, list[Production]]:
        """All productions by category, without those that can never end in words.

        The weight of a rule is shared equally by the values of the variables that its left side does not settle.
        """
        waiting = [(number, p) for number, rule in enumerate(self.rules) for p in self._instances(rule)]
        alive: dict[str, dict[tuple[str, ...], dict[str, str]]] = {}
        ending: list[tuple[int, Production]] = []
        while True:
            done: list[tuple[int, Production]] = []
            left: list[tuple[int, Production]] = []
            for item in waiting:
                children = (child for child in item[1].children if not isinstance(child, str))
                ends = all(any(_fits(f, child) for f in alive.get(child[0], {}).values()) for child in children)
                (done if ends else left).append(item)
            if not done:
                break
            for _, p in done:
                alive.setdefault(p.rule.category, {})[tuple(p.features.values())] = p.features
            ending, waiting = ending + done, left
        ending.sort(key=lambda item: item[0])  # in the file's order again, which every sample depends on
        shares = Counter((number, tuple(p.features.values())) for number, p in ending)
        productions: dict[str, list[Production]] = {}
        for number, p in ending:
            weight = p.rule.weight / shares[number, tuple(p.features.values())]
            productions.setdefault(p.rule.category, []).append(replace(p, weight=weight))
        return productions

    def _instances(self, rule: Rule) -> Iterator[Production]:
        """The rule with every assignment of values to its variables and to the features its left side leaves free."""
        variables: dict[str, str] = {}  # variable -> a feature whose values it takes
        for conditions in (rule.conditions, *(part.conditions for part in rule.parts)):
            variables.update({c.variable: name for name, c in conditions.items() if c.kind == "?"})
        own: dict[str, tuple[str, ...]] = {}
        for name in self._carried[rule.category]:
            condition = rule.conditions.get(name)
            if condition is None or condition.kind != "?":
                own[name] = self.features[name] if condition is None else condition.values
        for values in product(*own.values(), *(self.features[name] for name in variables.values())):
            fixed = dict(zip(own, values, strict=False))
            bound = dict(zip(variables, values[len(own) :], strict=True))
            features = {
                name: fixed[name] if name in fixed else bound[rule.conditions[name].variable]
                for name in self._carried[rule.category]
            }
            yield Production(rule, features, tuple(self._child(part, bound) for part in rule.parts), rule.weight)

    def _child(self, part: Part, bound: dict[str, str]) -> Symbol | str:
        if not part.category:
            return part.word
        allowed: list[tuple[str, tuple[str, ...]]] = []
        for name, condition in sorted(part.conditions.items()):
            if condition.kind == "":
                values = condition.values
            elif condition.kind == "!":
                values = tuple(v for v in self.features[name] if v != bound[condition.variable])
            else:
                values = (bound[condition.variable],)
            allowed.append((name, values))
        return part.category, tuple(allowed)


def _symbol(category: str, features: dict[str, str]) -> Symbol:
    return category, tuple((name, (value,)) for name, value in sorted(features.items()))


def _fits(features: dict[str, str], symbol: Symbol) -> bool:
    return all(features.get(name) in values for name, values in symbol[1])
