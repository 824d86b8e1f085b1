"""Texts and their labels, read as often as wanted: for training, validation and test, and as classes or scores.

Where no validation texts are given, every tenth text of each label is held out by a rule that is kept with the model.
Knows no tokenizer.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from nlprnn.errors import DataError
from nlprnn.text.labelled_sources import WHOLE, Columns, Labelled, LabelledSource, find_labelled, number_of
from nlprnn.text.lines import Lines, open_sources

EVERY = 10  # one text in so many is held out: a text has one label, where a line of a language model has many words
BLOCK_TEXTS = 1000  # handed on at a time
_SHOWN = 10  # labels in an error


@dataclass(frozen=True)
class Share:
    """Which of some texts: number `turn` of every `every` (held), or all the others.

    by_label: counted for each label by itself, so that all are held out alike.
    """

    every: int
    turn: int
    by_label: bool
    held: bool

    def of(self, texts: Iterable[tuple[LabelledSource, Labelled]]) -> Iterator[tuple[LabelledSource, Labelled]]:
        """Those of the texts that are among them, with their sources."""
        seen: Counter[str] = Counter()
        for source, item in texts:
            key = item.label if self.by_label else ""
            if (seen[key] % self.every == self.turn) == self.held:
                yield source, item
            seen[key] += 1


class LabelledTexts:
    """Labelled texts, to be read as often as wanted; all of some sources, or those that shares of them keep.

    counts: how many texts have each label.
    """

    def __init__(
        self, sources: Sequence[LabelledSource], digest: str, counts: Counter[str], shares: tuple[Share, ...] = ()
    ) -> None:
        self.sources, self.digest, self.counts, self.shares = list(sources), digest, counts, shares

    def __iter__(self) -> Iterator[Labelled]:
        return (item for _, item in self.located())

    def __len__(self) -> int:
        return self.counts.total()

    def located(self) -> Iterator[tuple[LabelledSource, Labelled]]:
        """Each text with the source that can tell where it stands."""
        every = ((source, item) for source in self.sources for item in source.texts())
        texts: Iterator[tuple[LabelledSource, Labelled]] = every
        for share in self.shares:
            texts = share.of(texts)
        return texts

    def selected(self, share: Share) -> LabelledTexts:
        """Those of these texts that `share` keeps; they may be shared again, to hold some out within a fold."""
        kept = LabelledTexts(self.sources, self.digest, Counter(), (*self.shares, share))
        kept.counts.update(item.label for item in kept)
        return kept

    def lines(self) -> Lines:
        """The texts alone, one a line: what `train_tokenizer` learns a vocabulary from."""
        return open_sources([TextSource(self)])

    def fingerprint(self) -> str:
        """A hexadecimal digest of the texts and labels, and of which of them these are."""
        return hashlib.sha256(f"{self.shares!r}{self.digest}".encode()).hexdigest()

    @property
    def name(self) -> str:
        """The files, for errors."""
        names = [source.name for source in self.sources]
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"

    def describe(self) -> str:
        """One line for people: the files, and how many texts and labels."""
        return f"{self.name}: {len(self):,} texts, {len(self.counts):,} labels"


@dataclass(frozen=True)
class TextSource:
    """Labelled texts without their labels."""

    texts: LabelledTexts

    @property
    def name(self) -> str:
        return self.texts.name

    def blocks(self) -> Iterator[str]:
        items = iter(self.texts)
        while block := [item.text for item in islice(items, BLOCK_TEXTS)]:
            yield "\n".join(block) + "\n"


@dataclass(frozen=True)
class LabelledCorpus:
    """Texts to train on, to validate on and, if there are any, to test on.

    `split` tells how the validation texts came about, as JSON values: {"rule": "labels", "every": 10}, the tenth of
    every ten texts of a label; {"rule": "rows", "every": 10}, the tenth of every ten texts; or {"rule": "files"}.
    """

    train: LabelledTexts
    valid: LabelledTexts
    test: LabelledTexts | None
    split: dict[str, Any]


def open_labelled(
    paths: str | Path | Sequence[str | Path],
    text_column: str | None = None,
    label_column: str | None = None,
    part: str = "train",
) -> LabelledTexts:
    """The labelled texts of some files, of a folder of classes, or of one part (train, valid, test) of what has parts.

    What a path may be, `find_labelled` tells; several are read one after the other. All is read through once, to check
    and to count it. Raises DataError, one line with file, place and remedy, for all that cannot be used.
    """
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    assert given, "there is at least one path"
    columns = Columns(text_column, label_column)
    return _opened([_part(find_labelled(path, columns), part, path) for path in given])


def open_labelled_corpus(
    paths: str | Path | Sequence[str | Path],
    valid: str | Path | None = None,
    test: str | Path | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    split: dict[str, Any] | None = None,
) -> LabelledCorpus:
    """The texts in `paths` with their own validation and test parts, with those given, or with some held out.

    `split` is the record of an earlier corpus, to hold out the same texts. Raises DataError as `open_labelled` does,
    and where there are too few texts to hold some out.
    """
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    assert given, "a corpus has at least one path"
    columns = Columns(text_column, label_column)
    found = [find_labelled(path, columns) for path in given]
    train = _opened([_part(parts, "train", path) for parts, path in zip(found, given, strict=True)])
    own = found[0] if len(found) == 1 else {}

    def other(part: str, path: str | Path | None) -> LabelledTexts | None:
        if path is not None:
            return open_labelled(path, text_column, label_column, part)
        return _opened([_part(own, part, given[0])]) if part in own else None

    validation, tests = other("valid", valid), other("test", test)
    if split is not None and split["rule"] == "files" and validation is None:
        raise DataError("the validation texts were a file of their own; give it with --valid", given[0])
    if validation is not None and (split is None or split["rule"] == "files"):
        return LabelledCorpus(train, validation, tests, {"rule": "files"})
    record = split or _rule(train)
    share = Share(int(record["every"]), int(record["every"]) - 1, record["rule"] == "labels", held=True)
    held = train.selected(share) if valid is None or validation is None else validation
    if not len(held):
        raise DataError(f"{len(train)} texts are too few to hold some out; give others with --valid", given[0])
    return LabelledCorpus(train.selected(replace(share, held=False)), held, tests, record)


def _rule(texts: LabelledTexts) -> dict[str, Any]:
    """By labels, unless most texts have a label of their own, as scores with decimals do: then none would be held."""
    by_label = sum(count // EVERY for count in texts.counts.values())
    return {"rule": "labels" if 2 * by_label * EVERY >= len(texts) else "rows", "every": EVERY}


def _part(found: dict[str, list[LabelledSource]], part: str, path: str | Path) -> LabelledSource:
    sources = found.get(WHOLE) or found.get(part)
    if not sources:
        raise DataError(f"has no {part} texts, only {', '.join(found)}; name the file itself", path)
    if len(sources) > 1:
        both = " or ".join(source.name for source in sources[:2])
        raise DataError(f"which are its {part} texts, {both}? Name one of them", path)
    return sources[0]


def _opened(sources: Sequence[LabelledSource]) -> LabelledTexts:
    digest = hashlib.sha256()
    counts: Counter[str] = Counter()
    for source in sources:
        before = counts.total()
        for item in source.texts():
            digest.update(f"{item.text}\0{item.label}\n".encode())
            counts[item.label] += 1
        if counts.total() == before:
            raise DataError("no texts; give some with their labels", source.name)
    return LabelledTexts(sources, digest.hexdigest(), counts)


@dataclass(frozen=True)
class Classes:
    """The labels a classifier tells apart; a class is the number of its name. As JSON: the list of names."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, texts: LabelledTexts) -> Classes:
        """The labels of training texts, numbers in their order, else alphabetically, numbers within them by value.

        Raises DataError where there is one label only, or one number is written in two ways.
        """
        labels = sorted(texts.counts, key=_natural)
        if len(labels) < 2:
            raise DataError(f"all texts have the label {labels[0]!r}; give texts of two labels at least", texts.name)
        numbers = [number_of(label) for label in labels]
        if None not in numbers:
            labels.sort(key=float)
            for one, other in pairwise(labels):
                if float(one) == float(other):
                    raise DataError(f"the labels {one!r} and {other!r} are one number; write it one way", texts.name)
        return cls(tuple(labels))

    @property
    def values(self) -> list[float] | None:
        """The classes as scores, in ascending order; None where a label is not a number."""
        numbers = [number_of(name) for name in self.names]
        return None if None in numbers else [number for number in numbers if number is not None]

    @property
    def numeric(self) -> bool:
        """Whether all labels are numbers."""
        return self.values is not None

    def ids(self, texts: LabelledTexts) -> np.ndarray:
        """The class of each text, (N,) int64. Raises DataError for the first label that is none of these."""
        number = {name: i for i, name in enumerate(self.names)}
        ids = np.empty(len(texts), dtype=np.int64)
        for index, (source, item) in enumerate(texts.located()):
            if item.label not in number:
                known = ", ".join(self.names[:_SHOWN]) + (", ..." if len(self.names) > _SHOWN else "")
                remedy = f"there are {known}; correct it, or remove the text"
                raise source.fault(item.line, f"the label {item.label!r} was never seen in training, {remedy}")
            ids[index] = number[item.label]
        return ids


def scores_of(texts: LabelledTexts) -> np.ndarray:
    """The label of each text as a number, (N,) float64. Raises DataError for the first that is none."""
    scores = np.empty(len(texts))
    for index, (source, item) in enumerate(texts.located()):
        value = number_of(item.label)
        if value is None:
            raise source.fault(item.line, f"the label {item.label!r} is not a number; correct it, or train classes")
        scores[index] = value
    return scores


def _natural(label: str) -> tuple[list[Any], str]:
    """For sorting: text and whole numbers by turns, so that 2 stars come before 10 stars."""
    parts: list[Any] = re.split(r"(\d+)", label.lower())
    parts[1::2] = map(int, parts[1::2])
    return parts, label
