"""Surprisal, entropy and entropy reduction, in bits, of words, regions and tokens: of a text, or of a table of stimuli.

With w_1 ... w_n the words of a sentence and c_i all before w_i,

    surprisal             -log2 p(w_i | c_i)                                                (Hale 2001; Levy 2008)
    entropy               H_i = - sum over all types w of p(w | c_i) log2 p(w | c_i): before w_i is read
    entropy reduction     H_i - H_(i+1): what reading w_i did to the uncertainty of the next word    (Frank 2010)

The entropy is of a single step ahead (Roark et al. 2009), where Hale (2003, 2006) has that of all that may follow. Hale
counts a rise as 0: max(0, reduction). It is left signed here, so that reductions add up over words as surprisals do:
those of a region to what the whole region did. Types are words and punctuation marks, <unk> and <eos>; H_i is the
entropy of the next one before the first of w_i. Of subwords and characters it is that of the next token, and is called
what it is, `token_entropy`: it knows what the next word may begin with, not which it may be.

Every sentence is read from a fresh state after <eos>; nothing is carried over from the one before.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nlprnn.errors import ConfigError, DataError
from nlprnn.inference.entropy import next_token_entropies
from nlprnn.inference.scoring import READ, SentenceScore, word_log_probs
from nlprnn.metrics.likelihood import bits
from nlprnn.tasks.loading import TextModel
from nlprnn.tasks.notes import Note, nowhere, to_stderr
from nlprnn.text.plain import every_line
from nlprnn.text.stimuli import Sentence, Stimuli, is_table, read_lines, read_sentences, read_words

MEASURES = ("surprisal", "unknown")


class WordSurprisal(NamedTuple):
    """One word of a text; the last row of a sentence is its end, `<eos>`."""

    sentence_id: int  # the line, from 1
    word_id: int  # from 1
    word: str
    surprisal: float  # -log2 p, given all before it in the line
    unknown: int  # 1 where the model read <unk> in its place, or in a part of it


class TokenSurprisal(NamedTuple):
    """One token of a text."""

    sentence_id: int
    token_id: int
    token: str
    word_id: int
    surprisal: float
    unknown: int


@dataclass(frozen=True)
class Table:
    """A header, and rows as they are computed; a cell is None where nothing was scored."""

    header: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def surprisal(
    model: TextModel,
    file: str | Path | None,
    by: str = "word",
    *,
    entropy: bool = False,
    column: str | None = None,
    separator: str | None = None,
    word: str | None = None,
    sentence: str | None = None,
    region: str | None = None,
    note: Note = to_stderr,
) -> Table:
    """What a model says of every `word`, `region` or `token` of a file, or (None) of standard input, beside its cells.

    The file is a text with a sentence a line; or a table (.csv, .tsv) of sentences, in `column`, with `separator`
    between their regions; or, where `word` and `sentence` name columns (the latter several, with commas between), one
    of words, with the column `region`: see text/stimuli.py. A region's surprisal is the sum over its words, its entropy
    that before its first. `note` is told at the end of unknown words. Raises ConfigError for options that do not go
    together, DataError for unusable tables.
    """
    stimuli = _read(file, by, column, separator, word, sentence, region)
    if by == "token":
        header = (*stimuli.kept, *TokenSurprisal._fields)
        rows = _token_rows(model, stimuli, entropy, note)
    else:
        header = (*stimuli.columns, *MEASURES)
        rows = _part_rows(model, stimuli, entropy, note)
    if entropy:
        whole = model.tokenizer.starts_word is None
        header += ("entropy", "entropy_reduction") if whole else ("token_entropy", "token_entropy_reduction")
    for name in header:
        if header.count(name) > 1:
            raise DataError(f"has a column {name!r} already, which would stand twice; rename it", file)
    return Table(header, rows)


def word_surprisal(model: TextModel, lines: Iterable[str]) -> Iterator[WordSurprisal]:
    """The surprisal of each white-space separated word; those of a line add up to the line's, its end included."""
    for row in _part_rows(model, read_lines(lines), False, nowhere):
        yield WordSurprisal(*row)


def token_surprisal(model: TextModel, lines: Iterable[str]) -> Iterator[TokenSurprisal]:
    """The surprisal of each of the model's tokens."""
    for row in _token_rows(model, read_lines(lines), False, nowhere):
        yield TokenSurprisal(*row)


def _read(
    file: str | Path | None,
    by: str,
    column: str | None,
    separator: str | None,
    word: str | None,
    sentence: str | None,
    region: str | None,
) -> Stimuli:
    """The sentences of a file in any of its forms. Raises ConfigError where the options contradict each other."""
    table = file is not None and is_table(file)
    if not table and (column or word or sentence or region):
        told = "standard input" if file is None else file
        raise ConfigError(f"{told} is read as text; columns can be named of a table, a file that ends in .csv or .tsv")
    if (word is None) != (sentence is None):
        raise ConfigError("--word and --sentence go together: the column of words, and those that tell sentences apart")
    if word is None or sentence is None or file is None:
        if region is not None:
            raise ConfigError("--region is a column of a table of words; name theirs with --word and --sentence")
        if separator is not None and not separator.strip():
            raise ConfigError("--separator is blank; give what stands between regions, such as '|'")
        if by == "region" and separator is None:
            raise ConfigError("--by region: give what stands between regions, as in --separator '|', or their --region")
        if not table or file is None:
            return read_lines(every_line(file), separator, by == "region")
        return read_sentences(Path(file), column, separator, by == "region")
    if column is not None or separator is not None:
        raise ConfigError("--column and --separator are for tables of sentences; leave them out, or --word")
    if by == "token":
        raise ConfigError("--by token takes text or a table of sentences; leave out --word and --sentence")
    if (by == "region") != (region is not None):
        raise ConfigError("--by region and --region, the column that names regions, go together; give both or neither")
    return read_words(Path(file), word, [name.strip() for name in sentence.split(",")], region)


def _part_rows(model: TextModel, stimuli: Stimuli, entropy: bool, note: Note) -> Iterator[tuple[Any, ...]]:
    """The cells of each part with its surprisal, whether anything in it was unknown, and if asked both entropies."""
    for sentence, score, entropies in _scored(model, stimuli.sentences, entropy, note):
        words = None if score is None else _Words(score, entropies, model.tokenizer.unk_id)
        first = 0
        for part in sentence.parts:
            if words is None or not part.words:
                yield (*part.cells, *[None] * (4 if entropy else 2))
            else:
                yield (*part.cells, *words.measures(first, first + part.words))
            first += part.words


class _Words:
    """What was found of the words of a sentence and of its end, in bits."""

    def __init__(self, score: SentenceScore, entropies: np.ndarray | None, unk: int) -> None:
        self.end = len(score.words)
        self.surprisal = [bits(-log_prob) for log_prob in word_log_probs(score).tolist()]
        self.unknown = _unknown(score, unk)
        first = np.searchsorted(score.word_of, np.arange(self.end + 1))  # each word's first token
        self.entropy = None if entropies is None else [bits(nats) for nats in entropies[first].tolist()]

    def measures(self, first: int, after: int) -> tuple[float | int | None, ...]:
        """Those of the words from `first` up to `after`; nothing is known of what follows the end."""
        known = sum(self.surprisal[first:after]), int(any(place in self.unknown for place in range(first, after)))
        if self.entropy is None:
            return known
        before = self.entropy[first]
        return (*known, before, None if after > self.end else before - self.entropy[after])


def _token_rows(model: TextModel, stimuli: Stimuli, entropy: bool, note: Note) -> Iterator[tuple[Any, ...]]:
    """The cells beside a sentence with each of its tokens; nothing of a sentence without words."""
    for sentence, score, entropies in _scored(model, stimuli.sentences, entropy, note):
        if score is None:
            yield (*sentence.cells, sentence.id, *[None] * (len(TokenSurprisal._fields) + (1 if entropy else -1)))
            continue
        uncertain = None if entropies is None else [bits(nats) for nats in entropies.tolist()]
        rows = zip(score.ids.tolist(), score.word_of.tolist(), score.log_probs.tolist(), strict=True)
        for place, (token, word, log_prob) in enumerate(rows):
            unknown = int(token == model.tokenizer.unk_id)
            row = sentence.id, place + 1, model.tokenizer.token(token), word + 1, bits(-log_prob), unknown
            if uncertain is None:
                yield (*sentence.cells, *row)
            else:
                after = uncertain[place + 1 : place + 2]
                yield (*sentence.cells, *row, uncertain[place], uncertain[place] - after[0] if after else None)


def _scored(
    model: TextModel, sentences: Iterator[Sentence], entropy: bool, note: Note
) -> Iterator[tuple[Sentence, SentenceScore | None, np.ndarray | None]]:
    """Each sentence with its score and the entropies before its tokens, in nats; None where it has no words."""
    scorer, unknown, words = model.scorer, 0, 0
    while chunk := list(itertools.islice(sentences, READ)):
        scores = list(scorer.score(sentence.text for sentence in chunk if sentence.text))
        found = next_token_entropies(scorer, [score.ids for score in scores]) if entropy else [None] * len(scores)
        each = zip(scores, found, strict=True)
        for sentence in chunk:
            score, entropies = next(each) if sentence.text else (None, None)
            yield sentence, score, entropies
            if score is not None:
                words += len(score.words)
                unknown += len(_unknown(score, model.tokenizer.unk_id))
    if unknown:
        note(f"note: {unknown} of {words} words are <unk> to the model, whole or in part (unknown is 1)")


def _unknown(score: SentenceScore, unk: int) -> set[int]:
    """The places of words that were read as <unk>, or with it."""
    return set(score.word_of[score.ids == unk].tolist())
