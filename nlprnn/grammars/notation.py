"""Reads the text format of feature grammars; knows nothing of sampling.

A grammar is a UTF-8 text file. `#` starts a comment, an indented line continues the one above it.

    feature number: singular plural                 a feature and all its values
    feature kind: person thing

    sentence -> np[number=?n] vp[number=?n] "."     a rule; the first rule's left side is the start
    np[number=?n] -> (adjective: 0.2) noun[number=?n] @ 3
    noun[number=singular/plural kind=person]:       a lexicon entry each: the forms in the order
        writer/writers  child/children @2           of the values that a slash separates
    verb[number=singular/plural]: be=is/are         the lemma, where it is not the first form

Rules. `"quoted"` parts are words. `(part: p)` is an optional part, there with probability p (0.5 if not said).
`@ w` is the weight among the rules of the same left side, 1 if not said. Features: `name=value`; `value|value` is
either; `name=?v` is a variable, and everything that carries the same variable in one rule agrees; `name==v` has the
value of ?v and `name=!v` any other value, but neither counts as agreement. A feature that is not named is free.
Lexicon entries: `_` stands for a space inside a form, a single form serves all values. With several features that have
slashes, the values of the last change fastest.

Two languages. What follows `~` is read in the other language; what has no `~` reads the same in both.

    np[number=?n] -> adjective[number=?n] noun[number=?n] ~ noun adjective
    noun[number=singular/plural]: key/keys~chave/chaves
    adjective[~ number=singular/plural]: big~grande/grandes
    negation[number=?n] -> do[number=?n] "not" ~ "não"

In a rule, the parts before `~` are named again in the order of the other language: the second np is the second np, an
optional part stands without its brackets, and one that is not named is not translated. In a lexicon's head, `~`
separates the features that the forms of either language go by; without it both go by the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, product
from pathlib import Path

from nlprnn.errors import DataError

NAME = r"[A-Za-z][\w-]*"
HEAD = re.compile(rf"({NAME})(?:\[([^\]]*)\])?")
TOKEN = re.compile(rf'\s*(?:("[^"]*")|({NAME}(?:\[[^\]]*\])?)|(\()|(:\s*[0-9.]+\s*\))|(\)))')
CONDITION = re.compile(r"([A-Za-z]\w*)=(\?|=|!|)([\w|/-]+)")
RULE = re.compile(r"(.*?)->(.*?)(?:@\s*([0-9.]+))?$")
LEXICON = re.compile(rf"({NAME}(?:\[[^\]]*\])?)\s*:(.*)$")
ENTRY = re.compile(r"(?:([^\s=/@]+)=)?([^\s=@]+?)(?:@([0-9.]+))?$")


@dataclass(frozen=True)
class Condition:
    """What is asked of a feature. `kind` is "" (one of `values`), "?" (a variable), "=" or "!" (compared with it)."""

    kind: str
    values: tuple[str, ...] = ()
    variable: str = ""


@dataclass(frozen=True)
class Part:
    """One place on the right of a rule: a category with conditions, or a word (then `category` is empty)."""

    category: str
    conditions: dict[str, Condition] = field(default_factory=dict)
    word: str = ""


@dataclass(frozen=True)
class Rule:
    """`category[conditions] -> parts`. A lexicon entry is a rule for each form, with `lemma` and all `forms` set."""

    category: str
    conditions: dict[str, Condition]
    parts: tuple[Part, ...]
    weight: float
    line: int
    lemma: str = ""
    forms: tuple[str, ...] = ()
    target: tuple[int | str, ...] | None = None  # in the other language: indices of parts, and words; None: as it is

    @property
    def words(self) -> tuple[str, ...]:
        """The words that the rule itself puts into a sentence."""
        return tuple(part.word for part in self.parts if not part.category)


class Reader:
    """Turns the text of one grammar into its features and rules; every mistake is a DataError with file and line."""

    def __init__(self, text: str, path: str | Path) -> None:
        self.path = path
        self.features: dict[str, tuple[str, ...]] = {}
        self.rules: list[Rule] = []
        self.carried: dict[str, list[str]] = {}  # category -> the features it carries; the start category is first
        for line, statement in self._statements(text):
            self._statement(statement, line)
        if not any(not rule.forms for rule in self.rules):
            raise DataError('no rule found; write at least one, as in: sentence -> noun verb "."', path)
        for rule in sorted(self.rules, key=lambda rule: bool(rule.forms)):
            known = self.carried.setdefault(rule.category, [])
            known.extend(name for name in rule.conditions if name not in known)
        self._check()

    def _fail(self, message: str, line: int) -> DataError:
        return DataError(message, self.path, line)

    def _statements(self, text: str) -> Iterator[tuple[int, str]]:
        """Joins continuation lines; yields the number of the first line and the statement."""
        start, parts = 0, list[str]()
        for number, raw in enumerate(text.splitlines(), 1):
            bare = raw.split("#", 1)[0].rstrip()
            if not bare:
                continue
            if bare[0].isspace():
                if not parts:
                    raise self._fail(
                        "an indented line continues the one above it, and there is none; remove the indentation", number
                    )
                parts.append(bare.strip())
                continue
            if parts:
                yield start, " ".join(parts)
            start, parts = number, [bare]
        if parts:
            yield start, " ".join(parts)

    def _statement(self, statement: str, line: int) -> None:
        if statement.startswith("feature "):
            name, colon, values = statement[len("feature ") :].partition(":")
            name = name.strip()
            if not colon or not values.split() or not re.fullmatch(NAME, name):
                raise self._fail("a feature is written `feature name: value value`", line)
            if name in self.features:
                raise self._fail(f"the feature {name} is declared twice; remove one", line)
            self.features[name] = tuple(values.split())
        elif "->" in statement:
            self._rule(statement, line)
        elif match := LEXICON.match(statement):
            self._lexicon(match[1], match[2], line)
        else:
            raise self._fail(
                f"cannot read {statement[:40]!r}; expected `feature ...`, `left -> right` or `category: words`", line
            )

    def _rule(self, statement: str, line: int) -> None:
        match = RULE.match(statement)
        assert match is not None  # "->" is in it
        category, conditions, paired = self._head(match[1].strip(), line)
        if any(paired):
            feature = next(iter(paired[0] or paired[1]))
            raise self._fail(f"paired values ({feature}) are for lexicon entries; use a variable, {feature}=?x", line)
        weight = self._number(match[3] or "1", line)
        source, tilde, target = match[2].partition("~")
        alternatives = list(self._alternatives(source.strip(), line))
        everything = max((parts for parts, _ in alternatives), key=len)
        order = self._target(target.strip(), everything, line) if tilde else None
        for numbered, share in alternatives:
            here = {number: place for place, number in enumerate(numbered)}
            kept = (
                None
                if order is None
                else tuple(
                    item if isinstance(item, str) else here[item]
                    for item in order
                    if isinstance(item, str) or item in here
                )
            )
            self.rules.append(Rule(category, conditions, tuple(numbered.values()), weight * share, line, target=kept))

    def _target(self, text: str, parts: dict[int, Part], line: int) -> list[int | str]:
        """The right side in the other language: words, and the numbers of `parts` in their order there."""
        waiting: dict[str, list[int]] = {}
        for number, part in parts.items():
            waiting.setdefault(part.category, []).append(number)
        order: list[int | str] = []
        for item in re.findall(r'"[^"]*"|[^\s"]+', text):
            if item.startswith('"'):
                order.extend(item[1:-1].split())
            elif waiting.get(item):
                order.append(waiting[item].pop(0))
            else:
                raise self._fail(
                    f"{item!r} after ~ is none of the parts before it; name a part that is left, bare, or quote a word",
                    line,
                )
        return order

    def _lexicon(self, head: str, body: str, line: int) -> None:
        category, conditions, paired = self._head(head, line)
        names = list(dict.fromkeys([*paired[0], *paired[1]]))
        for text in re.sub(r"\s*@\s*", "@", body).split():
            match = ENTRY.match(text)
            source, tilde, target = match[2].partition("~") if match else ("", "", "")
            forms = self._forms(source, paired[0], text, line)
            others = self._forms(target, paired[1], text, line) if tilde else {}
            first = next(iter(forms.values()))
            assert match is not None  # without one, there were no forms
            for chosen in product(*((paired[0] | paired[1])[name] for name in names)):
                value = dict(zip(names, chosen, strict=True))
                form = forms[tuple(value[name] for name in paired[0])]
                self.rules.append(
                    Rule(
                        category,
                        conditions | {name: Condition("", (value[name],)) for name in names},
                        (Part("", word=form),),
                        self._number(match[3] or "1", line),
                        line,
                        (match[1] or first).replace("_", " "),
                        tuple(forms.values()),
                        (others[tuple(value[name] for name in paired[1])],) if tilde else None,
                    )
                )

    def _forms(
        self, text: str, paired: dict[str, tuple[str, ...]], entry: str, line: int
    ) -> dict[tuple[str, ...], str]:
        """Values of the paired features -> the form that goes with them."""
        values = list(product(*paired.values()))
        forms = [form.replace("_", " ") for form in text.split("/")]
        if not all(forms) or len(forms) not in (1, len(values)):
            raise self._fail(
                f"the entry {entry!r} needs {' or '.join(sorted({'1', str(len(values))}))} form(s), one for each of "
                f"{' and '.join('/'.join(listed) for listed in paired.values()) or 'its values'}",
                line,
            )
        return dict(zip(values, forms * (len(values) // len(forms)), strict=True))

    def _head(self, text: str, line: int) -> tuple[str, dict[str, Condition], list[dict[str, tuple[str, ...]]]]:
        """Category, conditions, and in either language the features whose values are paired with forms."""
        match = HEAD.fullmatch(text)
        if match is None:
            raise self._fail(f"cannot read the category {text!r}; write name or name[feature=value]", line)
        conditions: dict[str, Condition] = {}
        sides: list[dict[str, tuple[str, ...]]] = [{}]
        for item in (match[2] or "").split():
            if item == "~" and len(sides) == 1:
                sides.append({})
                continue
            found = CONDITION.fullmatch(item)
            if found is None:
                raise self._fail(
                    f"cannot read the condition {item!r}; write feature=value, =?variable, ==variable or =!variable",
                    line,
                )
            name, kind, value = found.groups()
            if name not in self.features:
                raise self._fail(f"the feature {name} is not declared; add `feature {name}: ...` above", line)
            if kind:
                conditions[name] = Condition(kind, variable=value)
                continue
            values = tuple(re.split(r"[|/]", value))
            for unknown in set(values) - set(self.features[name]):
                raise self._fail(f"{name} has no value {unknown!r}; it has {', '.join(self.features[name])}", line)
            if "/" in value:
                sides[-1][name] = values
            conditions[name] = Condition("", values)
        return match[1], conditions, [sides[0], sides[-1]]

    def _alternatives(self, text: str, line: int) -> Iterator[tuple[dict[int, Part], float]]:
        """The right side with every choice of its optional parts, which keep their numbers, and its probability."""
        choices: list[list[tuple[tuple[Part, ...], float]]] = []
        inside: list[Part] | None = None
        position = 0
        while position < len(text):
            match = TOKEN.match(text, position)
            if match is None:
                raise self._fail(f"cannot read {text[position:].strip()[:30]!r} on the right of the rule", line)
            position = match.end()
            word, name, opening, probability, closing = match.groups()
            if opening:
                if inside is not None:
                    raise self._fail("an optional part inside an optional part; give it a rule of its own", line)
                inside = []
            elif probability or closing:
                if not inside:
                    raise self._fail("a closing bracket without an optional part before it", line)
                p = 0.5 if closing else self._number(probability[1:-1].strip(), line)
                if p >= 1:
                    raise self._fail(f"an optional part's probability lies between 0 and 1, not {p:g}", line)
                choices.append([(tuple(inside), p), ((), 1 - p)])
                inside = None
            else:
                parts = [Part("", word=w) for w in word[1:-1].split()] if word else [self._part(name, line)]
                if inside is None:
                    choices.append([(tuple(parts), 1.0)])
                else:
                    inside.extend(parts)
        if inside is not None or not choices:
            raise self._fail("the right side is empty or its optional part is not closed; finish it", line)
        starts = [0, *accumulate(len(choice[0][0]) for choice in choices)]
        for combination in product(*choices):
            share = 1.0
            for _, p in combination:
                share *= p
            numbered = (enumerate(parts, start) for start, (parts, _) in zip(starts, combination, strict=False))
            yield {number: part for part_numbers in numbered for number, part in part_numbers}, share

    def _part(self, text: str, line: int) -> Part:
        category, conditions, paired = self._head(text, line)
        if any(paired):
            feature = next(iter(paired[0] or paired[1]))
            raise self._fail(
                f"paired values ({feature}) belong to lexicon entries; on the right write value|value", line
            )
        return Part(category, conditions)

    def _number(self, text: str, line: int) -> float:
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if number <= 0:
            raise self._fail(f"a weight or probability is a number above 0, not {text!r}", line)
        return number

    def _check(self) -> None:
        """Names that nothing defines, and variables that nothing binds."""
        for rule in self.rules:
            sides = [rule.conditions, *(part.conditions for part in rule.parts)]
            bound: dict[str, str] = {}
            for name, condition in ((n, c) for side in sides for n, c in side.items() if c.kind == "?"):
                first = bound.setdefault(condition.variable, name)
                if self.features[first] != self.features[name]:
                    raise self._fail(
                        f"?{condition.variable} stands for {first} and for {name}, whose values differ", rule.line
                    )
            for condition in (c for side in sides for c in side.values() if c.kind in ("=", "!")):
                if condition.variable not in bound:
                    raise self._fail(
                        f"nothing binds {condition.variable}; write ?{condition.variable} somewhere in the rule",
                        rule.line,
                    )
            if any(condition.kind in ("=", "!") for condition in rule.conditions.values()):
                raise self._fail("the left side takes values and ?variables only", rule.line)
            for part in rule.parts:
                if part.category and part.category not in self.carried:
                    raise self._fail(
                        f"no rule or lexicon entry makes {part.category}; add one or correct the name", rule.line
                    )
                for name in set(part.conditions) - set(self.carried.get(part.category, ())):
                    raise self._fail(
                        f"{part.category} never carries the feature {name}; name it on its left sides", rule.line
                    )
