"""What all sides of translation.py read: one vocabulary, and the same pairs in the same order, as plain files."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("en", "de")  # source and target: the endings of the files in the data folder
LONGEST = 100  # tokens of a sentence; pairs with a longer one, or an empty one, are left out
FREE_LENGTH = 1.5  # most tokens of a translation, over those of its batch's longest source: JoeyNMT's default


@dataclass(frozen=True)
class Sizes:
    """The networks, and how they are trained."""

    types: int = 8000  # of the joint vocabulary
    embedding: int = 256
    hidden: int = 512  # units of the decoder; the encoder has half as many in each direction
    dropout: float = 0.3
    batch: int = 64  # sentences, in training and in translating
    rate: float = 0.001  # of Adam


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    sizes: Sizes
    rounds: int
    updates: int  # of training in a round, with which the networks learn what they then translate with
    each: int  # every so-manieth batch of sources is translated in a round


@dataclass(frozen=True)
class Sources:
    """The batches of sentences to translate, longest first."""

    longest: list[int]  # of each batch: tokens of its longest source, <eos> included
    references: list[int]  # and of its longest reference

    def chosen(self, each: int) -> list[int]:
        """Every so-manieth batch, from the middle of the first few on."""
        return list(range(min(each // 2, len(self.longest) - 1), len(self.longest), each))

    def steps(self, numbers: list[int], forced: bool) -> list[int]:
        """The longest translation in these batches: as long as references are, or far longer, so that most end."""
        if forced:
            return [self.references[number] for number in numbers]
        return [int(FREE_LENGTH * self.longest[number]) for number in numbers]


def prepare(data: Path, folder: Path, sizes: Sizes) -> Sources:
    """Write into `folder` what all sides read.

    tokenizer.model, vocabulary.txt: SentencePiece's, a line for each piece that stands for text; train.source and
    train.target: in the order in which everybody trains; valid.source and valid.target: longest source first.
    """
    from nlprnn.config.tokenizing import TokenizerConfig
    from nlprnn.text.chunk_tokenizer import EOS_ID, UNK_ID
    from nlprnn.text.parallel import Parallel, open_parallel
    from nlprnn.text.tokenizer import Tokenizer, train_tokenizer

    def usable(pairs: Parallel, tokenizer: Tokenizer) -> Iterator[tuple[str, str, int, int]]:
        """Pairs with their lengths in tokens. White space becomes single spaces: each side knows other kinds of it."""
        for pair in pairs:
            source, target = (" ".join(text.split()) for text in pair[:2])
            lengths = [len(tokenizer.encode(text)) for text in (source, target)]
            if all(0 < length <= LONGEST for length in lengths):
                yield source, target, *lengths

    train, valid = (open_parallel([data], *LANGUAGES, part=part) for part in ("train", "valid"))
    config = TokenizerConfig(tokenizer="bpe", vocab_size=sizes.types)
    tokenizer, _ = train_tokenizer(config, train.lines("source", "target"))
    tokenizer.save(folder)
    pieces = [tokenizer.token(index) for index in range(len(tokenizer)) if index not in (EOS_ID, UNK_ID)]
    (folder / "vocabulary.txt").write_text("".join(piece + "\n" for piece in pieces), encoding="utf-8")
    shuffled = list(usable(train, tokenizer))
    random.Random(1).shuffle(shuffled)
    ordered = sorted(usable(valid, tokenizer), key=lambda pair: -pair[2])
    for name, pairs in (("train", shuffled), ("valid", ordered)):
        for side, ending in enumerate(("source", "target")):
            lines = "".join(pair[side] + "\n" for pair in pairs)
            (folder / f"{name}.{ending}").write_text(lines, encoding="utf-8")
    batches = [ordered[start : start + sizes.batch] for start in range(0, len(ordered), sizes.batch)]
    return Sources(*([max(pair[side] for pair in batch) + 1 for batch in batches] for side in (2, 3)))


def full() -> Plan:
    return Plan(Sizes(), rounds=5, updates=50, each=4)


def quick() -> Plan:
    """Enough to see where it stands: the networks have hardly learnt when to end."""
    return Plan(Sizes(), rounds=2, updates=20, each=8)


def toy() -> Plan:
    """Sizes of no interest, to see that everything runs."""
    return Plan(dataclasses.replace(Sizes(), types=120, embedding=8, hidden=8, batch=4), rounds=2, updates=2, each=2)
