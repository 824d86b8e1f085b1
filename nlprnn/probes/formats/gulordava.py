"""Gulordava, Bojanowski, Grave, Linzen and Baroni (2018, NAACL): four languages, and a subset of Linzen et al.

Three files of one name hold the same items, in the same order. `.tab` has a header and two rows an item, the correct
and the wrong form. `.text` has a sentence a line, and `.gold` a line of 12 fields for each, without a header: pattern,
constr_id, sent_id, position of the target, its part of speech and morphology, right form, wrong form, lemma, position
and part of speech of the cue that it agrees with, context. The `.gold` of the Linzen subset has four: position, right
form, wrong form, number of attractors. Positions count from zero. The word that stands in the sentence is that of the
sentence it was made from; either form takes its place.

Attractors are counted as the authors do: words between cue and target with the cue's part of speech and the other
number, in the sentence that the nonce ones were made from; only `.tab` has them. Where the cue is a noun and there is
none, the nearest noun cannot have another number; otherwise it is not annotated. `<eos>` is taken off.

Published results compare the two forms after the words before them, for the original sentences and the nonce ones
apart. The authors' script carries the model's state on from sentence to sentence; here each starts anew, so that no
score depends on the order of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

from nlprnn.errors import DataError
from nlprnn.probes.formats.columns import BOM, first_line, has_columns, records, tokens, whole_number
from nlprnn.probes.suite import MinimalPair
from nlprnn.probes.verbs import verb_numbers

NEEDED = ("constr_id", "sent_id", "correct_number", "form", "class", "len_prefix", "sent")
NUMBERS = {"sing": "singular", "plur": "plural"}
GOLD_FIELDS, LINZEN_FIELDS = 12, 4
ORIGINAL, NONCE = "original", "nonce"
EOS = "<eos>"
AGREEING = ("cue", "target")  # verbs with subjects, adjectives with nouns and others

Key = tuple[str, str, str]  # pattern, constr_id, sent_id


def table_matches(head: bytes) -> bool:
    return has_columns(head, NEEDED)


def gold_matches(head: bytes) -> bool:
    """Do the first line's fields look like those of a `.gold`?"""
    fields = first_line(head).split(b"\t")
    return len(fields) == GOLD_FIELDS and all(field.isdigit() for field in (*fields[1:4], fields[9]))


def linzen_matches(head: bytes) -> bool:
    fields = first_line(head).split(b"\t")
    return len(fields) == LINZEN_FIELDS and fields[0].isdigit() and fields[3].isdigit()


def table_pairs(path: Path, kind: str) -> Iterator[MinimalPair]:
    """Yield the ORIGINAL or the NONCE pairs of a `.tab`, in order.

    Raises DataError with the line of the first row that cannot be used, or of the first without its partner.
    """
    waiting: dict[Key, tuple[int, dict[str, str]]] = {}
    for line, cells in records(path):
        if cells["class"] not in ("correct", "wrong"):
            raise DataError(f"class is {cells['class']!r}; correct and wrong are known", path, line)
        pattern = cells.get("pattern") or cells.get("pattern_id", "")
        item = (pattern, cells["constr_id"], cells["sent_id"])
        if item not in waiting:
            waiting[item] = line, cells
            continue
        first_at, first = waiting.pop(item)
        if first["class"] == cells["class"]:
            raise DataError(f"{_told(item)} is {cells['class']} as in line {first_at}; mend the row", path, line)
        right, wrong = (first, cells) if first["class"] == "correct" else (cells, first)
        if _kind(cells["sent_id"]) == kind:
            yield _table_pair(item, right, wrong["form"], path, line)
    for item, (line, cells) in waiting.items():
        missing = "wrong" if cells["class"] == "correct" else "correct"
        raise DataError(f"{_told(item)} has no row that is {missing}; add it or take this one out", path, line)


def gold_pairs(path: Path, kind: str) -> Iterator[MinimalPair]:
    """Yield the ORIGINAL or the NONCE pairs of a `.gold` and the `.text` beside it, in order.

    Raises DataError with the line of the first that cannot be used, and where the two are not equally long.
    """
    for line, sentence, fields in _aligned(path, GOLD_FIELDS):
        pattern, constr_id, sent_id, place, _, morphology, right, wrong, _, cue = fields[:10]
        if _kind(sent_id) != kind:
            continue
        target = whole_number(place, "the position", path, line)
        if kind == ORIGINAL:
            _check_step(sentence, target, right, path, line)
        good, bad = _sentences(sentence, target, (right, wrong), path, line)
        yield MinimalPair(
            good,
            bad,
            construction=_construction(pattern),
            subject=next((NUMBERS[key] for key in NUMBERS if f"Number={key.capitalize()}" in morphology), None),
            target=target,
            group=_group((pattern, constr_id, sent_id)),
            distance=_between(target - whole_number(cue, "the cue's position", path, line)),
        )


def linzen_pairs(path: Path) -> Iterator[MinimalPair]:
    """Yield the pairs of the Linzen subset's `.gold` and the `.text` beside it, in order; DataError as above."""
    for line, sentence, (place, right, wrong, attractors) in _aligned(path, LINZEN_FIELDS):
        target = whole_number(place, "the position", path, line)
        count = whole_number(attractors, "the number of attractors", path, line)
        _check_step(sentence, target, right, path, line)
        good, bad = _sentences(sentence, target, (right, wrong), path, line)
        numbers = verb_numbers(right, wrong) or {}
        yield MinimalPair(
            good,
            bad,
            attractors=count,
            subject=next((number for number, form in numbers.items() if form == right), None),
            match=True if count == 0 else None,
            target=target,
        )


def kinds(read: Callable[[Path, str], Iterator[MinimalPair]], path: Path) -> list[str]:
    """Which of ORIGINAL and NONCE a file has; it is read until that is known."""
    return [kind for kind in (ORIGINAL, NONCE) if next(read(path, kind), None) is not None]


def _table_pair(item: Key, right: dict[str, str], wrong: str, path: Path, line: int) -> MinimalPair:
    if right["correct_number"] not in (*NUMBERS, "none"):
        raise DataError(f"correct_number is {right['correct_number']!r}; sing and plur are known", path, line)
    target = whole_number(right["len_prefix"], "len_prefix", path, line)
    count = whole_number(right["n_attr"], "n_attr", path, line) if right.get("n_attr") else None
    good, bad = _sentences(right["sent"], target, (right["form"], wrong), path, line)
    steps = right.get("len_context", "")
    construction = _construction(item[0])
    cue = construction.partition("__")[2].split("_")[0]
    return MinimalPair(
        good,
        bad,
        construction=construction,
        attractors=count,
        subject=NUMBERS.get(right["correct_number"]),
        match=True if count == 0 and cue == "NOUN" else None,
        target=target,
        group=_group(item),
        distance=_between(whole_number(steps, "len_context", path, line)) if steps else None,
    )


def _check_step(sentence: str, place: int, right: str, path: Path, line: int) -> None:
    """An original sentence has the right form; DataError where it has not: the two files are out of step."""
    words = tokens(sentence)
    if 0 < place < len(words) and words[place].casefold() != right.casefold():
        told = f"word {place} of line {line} in {path.stem}.text is {words[place]!r}, not the form {right!r}"
        raise DataError(f"{told}; keep the two files of a set together", path, line)


def _sentences(sentence: str, place: int, forms: tuple[str, str], path: Path, line: int) -> Iterator[str]:
    """The sentence with each of the forms at its place."""
    words = tokens(sentence)
    if words[-1:] == [EOS]:
        words.pop()
    if not 0 < place < len(words):
        raise DataError(f"position {place} in a sentence of {len(words)} words; mend the row", path, line)
    for form in forms:
        if len(form.split()) != 1:
            raise DataError(f"the form {form!r} is not one word; mend the row or take it out", path, line)
        yield " ".join([*words[:place], form, *words[place + 1 :]])


def _aligned(path: Path, count: int) -> Iterator[tuple[int, str, list[str]]]:
    """Yield (line, sentence, fields) of a `.gold` and its `.text`."""
    text = path.with_suffix(".text")
    if not text.is_file():
        raise DataError(f"{text.name} is missing beside it; keep the two files of a set together", path)
    for line, (gold, sentence) in enumerate(zip_longest(_lines(path), _lines(text), fillvalue=""), start=1):
        if not gold and not sentence:
            continue
        if not gold or not sentence:
            shorter = text.name if gold else path.name
            told = f"{path.name} and {text.name} are not equally long: {shorter} has no line {line}"
            raise DataError(f"{told}; keep the two files of a set together", path)
        fields = gold.split("\t")
        if len(fields) != count:
            raise DataError(f"{len(fields)} fields instead of {count}; mend the line", path, line)
        yield line, sentence, fields


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as stream:
        for line, raw in enumerate(stream, start=1):
            try:
                yield (raw.removeprefix(BOM) if line == 1 else raw).decode("utf-8").strip("\r\n ")
            except UnicodeDecodeError as error:
                raise DataError("not UTF-8; convert the file to UTF-8", path, line) from error


def _between(steps: int) -> int | None:
    """Words between cue and target, so many words apart; None where the cue does not come first."""
    return steps - 1 if steps > 0 else None


def _kind(sent_id: str) -> str:
    return ORIGINAL if sent_id == "0" else NONCE


def _construction(pattern: str) -> str:
    """`L!NOUN_VERB_VERB!Number=Sing!Number=Plur`, as in `.gold`, is `L__NOUN_VERB_VERB`, as in `.tab`."""
    return "__".join(pattern.split("!")[:2])


def _group(item: Key) -> str:
    """The sentence that an item was made from."""
    return f"{_construction(item[0])}__{item[1]}"


def _told(item: Key) -> str:
    return f"item {item[1]}, sentence {item[2]} of {_construction(item[0])}"
