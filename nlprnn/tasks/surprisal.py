"""Surprisal of words and tokens, in bits, for every line of a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from nlprnn.inference.scoring import SentenceScore, word_log_probs
from nlprnn.metrics.likelihood import bits
from nlprnn.tasks.loading import TextModel
from nlprnn.text.plain import every_line


class WordSurprisal(NamedTuple):
    """One row of `surprisal`; the last row of a sentence is its end, `<eos>`."""

    sentence_id: int  # the line, from 1
    word_id: int  # from 1
    word: str
    surprisal: float  # -log2 p, given all before it in the line
    unknown: int  # 1 where the model read <unk> in its place, or in a part of it


class TokenSurprisal(NamedTuple):
    """One row of `surprisal --by token`."""

    sentence_id: int
    token_id: int
    token: str
    word_id: int
    surprisal: float
    unknown: int


ROWS: dict[str, type[Any]] = {"word": WordSurprisal, "token": TokenSurprisal}


def surprisal(model: TextModel, file: str | Path | None, by: str = "word") -> Iterator[Any]:
    """The rows of a file, or of standard input, as they are computed; `by` is one of ROWS."""
    return {"word": word_surprisal, "token": token_surprisal}[by](model, every_line(file))


def word_surprisal(model: TextModel, lines: Iterable[str]) -> Iterator[WordSurprisal]:
    """The surprisal of each white-space separated word; those of a line add up to the line's, its end included."""
    for number, score in _numbered(model, lines):
        unknown = {
            int(word) for word, token in zip(score.word_of, score.ids, strict=True) if token == model.tokenizer.unk_id
        }
        words = [*score.words, "<eos>"]
        for place, (word, log_prob) in enumerate(zip(words, word_log_probs(score).tolist(), strict=True)):
            yield WordSurprisal(number, place + 1, word, bits(-log_prob), int(place in unknown))


def token_surprisal(model: TextModel, lines: Iterable[str]) -> Iterator[TokenSurprisal]:
    """The surprisal of each of the model's tokens."""
    for number, score in _numbered(model, lines):
        rows = zip(score.ids.tolist(), score.word_of.tolist(), score.log_probs.tolist(), strict=True)
        for place, (token, word, log_prob) in enumerate(rows):
            text = model.tokenizer.token(token)
            yield TokenSurprisal(
                number, place + 1, text, word + 1, bits(-log_prob), int(token == model.tokenizer.unk_id)
            )


def _numbered(model: TextModel, lines: Iterable[str]) -> Iterator[tuple[int, SentenceScore]]:
    """Each line's number, from 1, and score; blank lines are counted and skipped."""
    numbers: list[int] = []

    def filled() -> Iterator[str]:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                numbers.append(number)
                yield line

    for score in model.score(filled()):
        yield numbers.pop(0), score
