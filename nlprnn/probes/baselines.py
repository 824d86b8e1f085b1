"""What knows no syntax, on the same pairs: the nearest noun, the more frequent verb form, the more frequent word.

Each is counted on pairs that the model was scored on, as they pass by; each is None where it cannot be had.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from nlprnn.probes.suite import MinimalPair
from nlprnn.probes.tally import SplitCell, SplitTally

Frequency = Callable[[str], "int | None"]  # how often a word was seen in training; None where that is not known


class Baselines:
    """Counts the baselines that need annotation and training frequencies only.

    nearest_noun: agrees with the noun nearest before the verb; on pairs with `match` annotated.
    majority: always takes the number, singular or plural, whose verb forms in this suite are more frequent in
    training; on pairs with `subject` annotated. None where both are as frequent.
    unigram: takes the more frequent of the two target words; equal frequencies are wrong.
    """

    def __init__(self, frequency: Frequency | None) -> None:
        self.frequency = frequency
        self.nearest = SplitTally()
        self.unigram = SplitTally()
        self.subjects: Counter[tuple[str, bool | None]] = Counter()  # pairs by (subject, match)
        self.forms: dict[str, set[str]] = {"singular": set(), "plural": set()}

    def add(self, pair: MinimalPair) -> None:
        if pair.match is not None:
            self.nearest.add(pair.match, pair.match)
        words = pair.target_words()
        if self.frequency is None or words is None:
            return
        good, bad = self.frequency(words[0]), self.frequency(words[1])
        if good is None or bad is None:
            return
        self.unigram.add(good > bad, pair.match)
        if pair.subject is not None:
            other = "plural" if pair.subject == "singular" else "singular"
            self.forms[pair.subject].add(words[0])
            self.forms[other].add(words[1])
            self.subjects[pair.subject, pair.match] += 1

    def cells(self) -> dict[str, SplitCell | None]:
        tallies = {"nearest_noun": self.nearest, "majority": self._majority(), "unigram": self.unigram}
        return {name: tally.cell() if tally.all.n else None for name, tally in tallies.items()}

    def _majority(self) -> SplitTally:
        tally, number = SplitTally(), self.majority_number()
        if number is not None:
            for (subject, match), times in self.subjects.items():
                tally.add(subject == number, match, times)
        return tally

    def majority_number(self) -> str | None:
        """The number whose verb forms are more frequent in training; None where neither is."""
        ambiguous = self.forms["singular"] & self.forms["plural"]
        seen = {number: sum(map(self._seen, words - ambiguous)) for number, words in self.forms.items()}
        if seen["singular"] == seen["plural"]:
            return None
        return max(seen, key=lambda number: seen[number])

    def _seen(self, word: str) -> int:
        return (self.frequency(word) if self.frequency else None) or 0
