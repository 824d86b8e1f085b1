"""A trained translator taken from its directory, alone or with others, and what can be done with it in Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from nlprnn.checkpoint import CONFIG, TRANSLATOR, WEIGHTS, load_weights, read_config
from nlprnn.config.decoding import Sampling, Search
from nlprnn.config.translation import TranslatorConfig
from nlprnn.errors import ConfigError, ModelDirectoryError
from nlprnn.inference.beam import Hypothesis
from nlprnn.inference.translation import attended, sample_ids, translate_ids
from nlprnn.models.translator import Translator
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.nn.kernels.process import prepare
from nlprnn.reports.alignment import Alignment
from nlprnn.settings import from_json
from nlprnn.tasks.notes import Note, to_stderr
from nlprnn.text.bucketing import Ragged, ragged
from nlprnn.text.tokenizer import Tokenizer, load_tokenizer

SOURCE, TARGET = "source", "target"  # the folders of two tokenizers; a joint one stands in the directory itself
WINDOW = 2000  # sentences read before the first is translated, so that those of like length go together
LONGEST = 1000  # tokens of a sentence that are read

Decode = Callable[[Ragged, Sequence[int]], list[list[Hypothesis]]]  # of sources, and their places in all of the text


@dataclasses.dataclass(frozen=True)
class Translation:
    """A translation of a sentence."""

    text: str
    score: float  # what it is ranked by, see Search; of a drawn one its log-probability
    log_prob: float  # nats, its end included
    ended: bool  # False: cut off, because it became far too long


@dataclasses.dataclass(frozen=True)
class TranslationModel:
    """One translator, or several that decide together, with the tokenizers of both languages."""

    directory: Path
    members: tuple[Translator, ...]
    source: Tokenizer
    target: Tokenizer

    def joined(self, others: Sequence[TranslationModel]) -> TranslationModel:
        """An ensemble of this and others. Raises ConfigError where one has other vocabularies."""
        for other in others:
            mine, its = (self.source, self.target), (other.source, other.target)
            if [one.fingerprint() for one in mine] != [one.fingerprint() for one in its]:
                raise ConfigError(
                    f"--ensemble {other.directory}: its vocabulary is not that of {self.directory}; train both on the "
                    "same text with the same tokenizer settings"
                )
        return dataclasses.replace(self, members=tuple(one for model in (self, *others) for one in model.members))

    def translate(
        self, sentences: Iterable[str], how: Search | None = None, note: Note = to_stderr, window: int = WINDOW
    ) -> Iterator[list[Translation]]:
        """The best translations of each sentence, best first; of an empty one an empty one. In constant memory.

        `window` sentences are read before the first is translated.
        """
        chosen = how or Search()
        return self._windows(
            sentences, lambda sources, _: translate_ids(self.members, sources, chosen, self._never), note, window
        )

    def sample(
        self,
        sentences: Iterable[str],
        sampling: Sampling,
        seed: int = 1,
        draws: int = 1,
        note: Note = to_stderr,
        window: int = WINDOW,
    ) -> Iterator[list[Translation]]:
        """So many translations drawn for each sentence, the same for the same seed and place in the text."""

        def decode(sources: Ragged, places: Sequence[int]) -> list[list[Hypothesis]]:
            seeds = [int(np.random.SeedSequence((seed, place)).generate_state(1)[0]) for place in places]
            return sample_ids(self.members, sources, sampling, seeds, draws, self._never)

        return self._windows(sentences, decode, note, window)

    def align(self, pairs: Sequence[tuple[str, str]]) -> list[Alignment]:
        """What each word of a translation attends to in the source: words, or tokens where these are whole words.

        Of a word of several tokens the weights are the mean over its target tokens and the sum over its source tokens.
        Raises ConfigError for a model without attention.
        """
        self.check_attention()
        sources = ragged((self.source.encode(source) for source, _ in pairs), len(self.source))
        targets = ragged((self.target.encode(target) for _, target in pairs), len(self.target))
        found = attended(self.members, sources, targets)
        assert found is not None, "every member has attention"
        return [
            _alignment(weights, _units(self.source, source), _units(self.target, target))
            for weights, (source, target) in zip(found, pairs, strict=True)
        ]

    def check_attention(self) -> None:
        """Raise ConfigError where a member has no attention, so that nothing can be aligned."""
        if any(member.attention is None for member in self.members):
            raise ConfigError(f"{self.directory} has no attention, so nothing can be aligned; leave --alignments out")

    @property
    def _never(self) -> tuple[int, ...]:
        """`<unk>` is written by models of whole words alone."""
        return () if self._whole_words else (self.target.unk_id,)

    @property
    def _whole_words(self) -> bool:
        return self.target.starts_word is None

    def _windows(
        self, sentences: Iterable[str], decode: Decode, note: Note, window: int
    ) -> Iterator[list[Translation]]:
        """Translations of some sentences after the other, each at its place."""
        lines, start = iter(sentences), 0
        while read := list(islice(lines, window)):
            encoded = [self.source.encode(line) for line in read]
            for place, ids in enumerate(encoded):
                if len(ids) > LONGEST:
                    note(f"note: line {start + place + 1} has {len(ids):,} tokens; only the first {LONGEST:,} are read")
            filled = [place for place, ids in enumerate(encoded) if ids]
            sources = ragged((encoded[place][:LONGEST] for place in filled), len(self.source))
            found = decode(sources, [start + place for place in filled]) if filled else []
            texts = self._written([read[place] for place in filled], sources, found)
            of = dict(zip(filled, texts, strict=True))
            yield from (of.get(place, [Translation("", 0.0, 0.0, True)]) for place in range(len(read)))
            start += len(read)

    def _written(
        self, lines: Sequence[str], sources: Ragged, found: Sequence[Sequence[Hypothesis]]
    ) -> list[list[Translation]]:
        """Hypotheses as text; in those with `<unk>` the source token stands that it attends to most."""
        unknown = [
            (row, rank)
            for row, several in enumerate(found)
            for rank, one in enumerate(several)
            if self.target.unk_id in one.ids
        ]
        replaced: dict[tuple[int, int], list[str]] = {}
        if unknown and self._whole_words:
            pairs = [sources[row] for row, _ in unknown], [found[row][rank].ids for row, rank in unknown]
            weights = attended(self.members, ragged(pairs[0], len(self.source)), ragged(pairs[1], len(self.target)))
            for (row, rank), weight in zip(unknown, weights or (), strict=weights is not None):
                replaced[row, rank] = self._copied(lines[row], found[row][rank].ids, weight)
        return [
            [self._translation(one, replaced.get((row, rank))) for rank, one in enumerate(several)]
            for row, several in enumerate(found)
        ]

    def _copied(self, line: str, ids: Sequence[int], weights: np.ndarray) -> list[str]:
        """The tokens of a translation, `<unk>` replaced by what the source has at the place attended to most."""
        there = self.source.written(line)
        return [
            there[int(row.argmax())] if token == self.target.unk_id else self.target.token(token)
            for token, row in zip(ids, weights, strict=False)  # the last row is that of <eos>
        ]

    def _translation(self, one: Hypothesis, tokens: list[str] | None) -> Translation:
        text = self.target.decode(one.ids) if tokens is None else self.target.join(tokens)
        return Translation(text, one.score, one.log_prob, one.ended)


def _units(tokenizer: Tokenizer, text: str) -> list[tuple[str, int]]:
    """The words of a text, each with its number of tokens; where tokens are whole words, these."""
    if tokenizer.starts_word is None:
        return [(token, 1) for token in tokenizer.written(text)]
    _, word_of = tokenizer.encode_words(text)
    return [(word, word_of.count(index)) for index, word in enumerate(tokenizer.words(text))]


def _alignment(weights: np.ndarray, source: list[tuple[str, int]], target: list[tuple[str, int]]) -> Alignment:
    """weights (T + 1, S) of tokens as those of words."""
    rows = np.cumsum([0, *(count for _, count in target)])
    columns = np.cumsum([0, *(count for _, count in source)])
    by_word = np.add.reduceat(weights, columns[:-1], axis=1)
    merged = [by_word[start:stop].mean(axis=0) for start, stop in zip(rows, [*rows[1:], rows[-1] + 1], strict=True)]
    words = [word for word, _ in source], [*(word for word, _ in target), "<eos>"]
    return Alignment(*words, [[float(weight) for weight in row] for row in merged])


def load_translator(directory: str | Path) -> TranslationModel:
    """The translator in a directory. Raises ModelDirectoryError where it is missing, broken, or of another kind."""
    directory = Path(directory)
    config = read_config(directory, TRANSLATOR)
    source, target = load_tokenizers(directory)
    try:
        settings = from_json(TranslatorConfig, config.get("model"))
    except ConfigError as error:
        raise ModelDirectoryError(f"{directory / CONFIG}: {error}; train the model again") from None
    with torch.device("meta"):  # without first weights, which are only replaced
        model = Translator(settings, 0 if source is target else len(source), len(target))
    load_weights(model, directory / WEIGHTS)
    prepare(model.device)
    model.use(choose("auto", "auto", model.device))
    return TranslationModel(directory, (model.eval(),), source, target)


def load_tokenizers(directory: Path) -> tuple[Tokenizer, Tokenizer]:
    """Those of the source and of the target: the same one, where a joint one was saved."""
    if (directory / SOURCE / "tokenizer.json").is_file():
        return load_tokenizer(directory / SOURCE), load_tokenizer(directory / TARGET)
    joint = load_tokenizer(directory)
    return joint, joint
