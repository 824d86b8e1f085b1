"""Linzen, Dupoux and Goldberg (2016, TACL 4, 521-535): a TSV of 18 columns, a sentence from Wikipedia a row.

Of the two columns with the sentence, `orig_sentence` has its words, in lower case; in `sentence` all but the 10,000
most frequent types are replaced by their part of speech, which means nothing to a model of running text. `verb_index`
counts from one. The bad sentence has the verb's other present-tense form, which the suite does not give: it is derived
(see probes/verbs.py).

`n_diff_intervening` is the number of attractors; the words between subject and verb are counted from `subj_index` and
`verb_index`. `last_intervening` is the part of speech of the last noun between subject and verb, or `na`: what stands
nearest before the verb is the suite's own annotation. Published results of language models compare the two forms of
the verb after the words before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from nlprnn.errors import DataError
from nlprnn.probes.formats.columns import has_columns, records, tokens, whole_number
from nlprnn.probes.suite import MinimalPair
from nlprnn.probes.verbs import plural_form, third_person

NEEDED = ("orig_sentence", "verb", "verb_pos", "verb_index")
NUMBERS = {"NN": "singular", "NNS": "plural"}
VERBS = {"VBZ": "singular", "VBP": "plural"}
COVERAGE = "the words of orig_sentence; the other form of each verb is derived"

_third_person, _plural_form = lru_cache(maxsize=1 << 12)(third_person), lru_cache(maxsize=1 << 12)(plural_form)


def matches(head: bytes) -> bool:
    return has_columns(head, NEEDED)


def pairs(path: Path) -> Iterator[MinimalPair]:
    """Yield the pairs in order; a verb whose other form cannot be derived has no bad sentence.

    Raises DataError with the line of the first row that cannot be used.
    """
    for line, cells in records(path):
        yield _pair(cells, path, line)


def _pair(cells: dict[str, str], path: Path, line: int) -> MinimalPair:
    words, verb, tag = tokens(cells["orig_sentence"]), cells["verb"], cells["verb_pos"]
    place = whole_number(cells["verb_index"], "verb_index", path, line) - 1
    if tag not in VERBS:
        raise DataError(f"verb_pos is {tag!r}; VBZ and VBP are known", path, line)
    if not 0 < place < len(words) or words[place] != verb:
        found = f"{words[place]!r}" if 0 <= place < len(words) else "nothing"
        raise DataError(f"word {place + 1} is {found}, not the verb {verb!r}; mend the row or take it out", path, line)
    other = (_plural_form if tag == "VBZ" else _third_person)(verb)
    bad = "" if other in (None, verb) else " ".join([*words[:place], str(other), *words[place + 1 :]])
    count = cells.get("n_diff_intervening")
    return MinimalPair(
        " ".join(words),
        bad,
        attractors=None if not count else whole_number(count, "n_diff_intervening", path, line),
        subject=VERBS[tag],
        match=_match(cells),
        target=place,
        distance=_distance(cells, path, line),
    )


def _distance(cells: dict[str, str], path: Path, line: int) -> int | None:
    """Words between subject and verb; where it follows the verb there are none between to speak of."""
    places = [cells.get(name, "") for name in ("subj_index", "verb_index")]
    if not all(places):
        return None
    subject, verb = (whole_number(place, "an index", path, line) for place in places)
    return verb - subject - 1 if subject < verb else None


def _match(cells: dict[str, str]) -> bool | None:
    nearest, subject = cells.get("last_intervening", ""), cells.get("subj_pos", "")
    if nearest == "na":
        return True
    return nearest == subject if nearest in NUMBERS and subject in NUMBERS else None
