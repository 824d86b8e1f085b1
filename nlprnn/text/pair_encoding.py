"""Pairs of sentences as ids; what training leaves out of them is counted. Knows no batch and no model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nlprnn.errors import DataError
from nlprnn.text.bucketing import Ragged, RaggedBuilder
from nlprnn.text.parallel import Pair
from nlprnn.text.tokenizer import Tokenizer

MOST_RATIO = 9  # tokens of one side for each of the other, beyond which a pair is no translation
RATIO_FROM = 20  # tokens of the longer side: up to here, a word may well be a phrase


@dataclass(frozen=True)
class Dropped:
    """Pairs left out of training: with an empty side, too long, or of sides too unlike in length."""

    empty: int = 0
    long: int = 0
    ratio: int = 0

    @property
    def total(self) -> int:
        return self.empty + self.long + self.ratio

    def describe(self) -> str:
        """One line for a note."""
        return (
            f"{self.total:,} sentence pairs are left out of training: {self.empty:,} with an empty side, {self.long:,} "
            f"too long, {self.ratio:,} with one side more than {MOST_RATIO} times as long as the other"
        )


@dataclass(frozen=True)
class EncodedPairs:
    """Pairs as ids without `<eos>`: row i of `source` belongs to row i of `target`. And what was left out."""

    source: Ragged
    target: Ragged
    dropped: Dropped

    def __len__(self) -> int:
        return len(self.source)


def encode_pairs(
    pairs: Iterable[Pair], source_tokenizer: Tokenizer, target_tokenizer: Tokenizer, max_length: int | None = None
) -> EncodedPairs:
    """Pairs as ids, two or four bytes a token.

    For training, `max_length` is given, and pairs are left out and counted, each for the first that applies: an empty
    side; more than `max_length` tokens on a side; a side of more than RATIO_FROM tokens and MOST_RATIO times the
    other. Without it, for validation and tests, all pairs are kept. Raises DataError if every pair is left out.
    """
    sources, targets = RaggedBuilder(len(source_tokenizer)), RaggedBuilder(len(target_tokenizer))
    encode_source, encode_target = source_tokenizer.encode, target_tokenizer.encode
    kept = empty = long = ratio = 0
    for source_text, target_text, _ in pairs:
        source, target = encode_source(source_text), encode_target(target_text)
        if max_length is not None:
            shorter, longer = sorted((len(source), len(target)))
            if shorter == 0:
                empty += 1
                continue
            if longer > max_length:
                long += 1
                continue
            if longer > RATIO_FROM and longer > MOST_RATIO * shorter:
                ratio += 1
                continue
        kept += 1
        sources.append(source)
        targets.append(target)
    dropped = Dropped(empty, long, ratio)
    if not kept and dropped.total:
        raise DataError(f"{dropped.describe()}, and none is left; check the text, or allow longer sentences")
    return EncodedPairs(sources.build(), targets.build(), dropped)
