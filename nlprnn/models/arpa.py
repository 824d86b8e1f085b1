r"""The ARPA format of backoff n-gram models, written and read, gzip-compressed if the name ends in `.gz`.

Logs are base 10 in the file and natural in the model. `<eos>` is `</s>` in the file, the start of a sentence
is `<s>`.

Tokens with white space in them, or spelled `<s>`, `</s>` or `<unk>` without being that, cannot stand in the
format. If a vocabulary has such a token, the file starts with the comment line HEADER, and in all of its
tokens the characters concerned and `%` are written as percent signs and the hexadecimal bytes of UTF-8, as in
URLs (a space is `%20`). Without that line nothing is changed back, so a foreign file's `100%25` stays what it
is. Other programs skip the line (it precedes `\data\`).

Foreign files (KenLM, SRILM and others) are read as backoff models. N-grams whose beginnings are not listed
get them, with the probability that backing off gives and backoff 0, so that no score changes. An `<unk>` that
is not listed gets log10 -99.
"""

from __future__ import annotations

import gzip
import re
import zlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote, unquote

import numpy as np

from nlprnn.errors import DataError
from nlprnn.files import replacing
from nlprnn.models.ngram import EOS, UNK, NGramModel

HEADER = "# nlprnn: tokens are percent-encoded"
NEVER = -99.0
"""log10 of a probability of zero, by the format's custom."""
LN10 = float(np.log(10))
ROWS = 1 << 16


def write_arpa(model: NGramModel, tokens: Sequence[str], path: str | Path) -> None:
    """Write the model, tokens[i] being the string of id i, whole or not at all.

    The nine digits written give each float32 back exactly. DataError if the file cannot be written.
    """
    assert len(tokens) == len(set(tokens)) == model.vocabulary and "" not in tokens
    path = Path(path)
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed:
                    packed.writelines(_written(model, tokens))
            else:
                file.writelines(_written(model, tokens))
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror}); choose another place", path) from error


def read_arpa(path: str | Path) -> tuple[NGramModel, list[str]]:
    """The model of an ARPA file and its tokens: `<eos>`, `<unk>`, and the others in the order of the file.

    DataError, with the line, if the file is missing or malformed.
    """
    path = Path(path)
    try:
        with cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb") as file:
            return _Reader(path, file).read()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot be read ({error}); give an ARPA file, .gz if compressed", path) from error


def _written(model: NGramModel, tokens: Sequence[str]) -> Iterator[bytes]:
    names = list(tokens[2:])
    if any(_must_be_encoded(name) for name in names):
        yield f"{HEADER}\n".encode()
        names = [_encoded(name) for name in names]
    names = ["</s>", "<unk>", *names, "<s>"]  # by node of order 1
    yield b"\\data\\\n"
    for n, table in enumerate(model.log_probs, start=1):
        yield f"ngram {n}={len(table)}\n".encode()
    for n in range(1, model.order + 1):
        yield f"\n\\{n}-grams:\n".encode()
        for low in range(0, len(model.log_probs[n - 1]), ROWS):
            logs = model.log_probs[n - 1][low : low + ROWS].astype(np.float64) / LN10
            if n == 1 and low + ROWS >= len(names):
                logs[-1] = NEVER  # <s>
            backoffs = model.backoffs[n - 1][low : low + ROWS].astype(np.float64) / LN10
            # Only contexts have a backoff, so the highest order has two columns.
            tails = [f"\t{x:.9g}\n" for x in backoffs.tolist()] if n < model.order else ["\n"] * len(logs)
            rows = _words(model, n, low, low + len(logs)).tolist()
            for log, row, tail in zip(logs.tolist(), rows, tails, strict=True):
                yield f"{log:.9g}\t{' '.join([names[i] for i in row])}{tail}".encode()
    yield b"\n\\end\\\n"


def _words(model: NGramModel, n: int, low: int, high: int) -> np.ndarray:
    """The ids (high - low, n) of the n-grams of nodes low to high - 1, V for `<s>`."""
    node, columns = np.arange(low, high), []
    for keys in reversed(model.keys[1:n]):
        node, last = np.divmod(keys[node], model.vocabulary)
        columns.append(last)
    return np.stack([node, *reversed(columns)], axis=1)


def _must_be_encoded(token: str) -> bool:
    return token in ("<s>", "</s>", "<unk>") or re.search(r"\s", token) is not None


def _encoded(token: str) -> str:
    unsafe = r"[\s%<]" if token.startswith("<") else r"[\s%]"
    return re.sub(unsafe, lambda match: quote(match.group(), safe=""), token)


@dataclass(frozen=True)
class _Section:
    """The n-grams of one order as listed: words (M, n), natural logs (M,), and the line of the first."""

    words: np.ndarray
    log_probs: np.ndarray
    backoffs: np.ndarray
    first: int


class _Reader:
    """One pass over a file's lines, as bytes: there only ASCII white space parts tokens and ends lines."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.lines = file
        self.number = 0
        self.encoded = False
        self.notes: list[str] = []

    def read(self) -> tuple[NGramModel, list[str]]:
        declared, line = self._declared()
        index: dict[bytes, int] = {}
        sections = []
        for n, count in enumerate(declared, start=1):
            if line != b"\\%d-grams:" % n:
                raise self._error(f"expected \\{n}-grams: here")
            sections.append(self._section(n, count, index))
            line = self._filled()
        if line != b"\\end\\":
            raise self._error("expected \\end\\ here")
        nodes, tokens = self._vocabulary(index, sections[0].first)
        return self._model(sections, nodes, len(tokens)), tokens

    def _error(self, what: str, line: int | None = None) -> DataError:
        return DataError(f"{what}; give a complete ARPA file", self.path, self.number if line is None else line)

    def _next(self) -> bytes | None:
        """The next line without its ends, None after the last."""
        line = self.lines.readline()
        self.number += bool(line)
        return line.strip() if line else None

    def _filled(self) -> bytes | None:
        line = self._next()
        while line == b"":
            line = self._next()
        return line

    def _declared(self) -> tuple[list[int], bytes | None]:
        """The number of n-grams of each order that the head promises, and the line after the head."""
        line = self._next()
        while line != b"\\data\\":
            if line is None:
                raise self._error("no \\data\\ line, so this is not an ARPA file")
            self.encoded |= line == HEADER.encode()
            line = self._next()
        declared: list[int] = []
        line = self._filled()
        while line is not None and (found := re.fullmatch(rb"ngram\s+(\d+)\s*=\s*(\d+)", line)):
            declared.append(int(found[2]))
            if int(found[1]) != len(declared):
                raise self._error(f"expected the number of {len(declared)}-grams here")
            line = self._filled()
        if not declared:
            raise self._error("expected ngram 1= and a number here")
        return declared, line

    def _section(self, n: int, count: int, index: dict[bytes, int]) -> _Section:
        """One order's n-grams; the 1-grams fill the index (token -> row), the others' words are rows in it."""
        words, logs, backoffs = array("i"), array("d"), array("d")
        first = self.number + 1
        while line := self._next():
            fields = line.split()
            if line.startswith(b"\\"):
                raise self._error("expected an empty line before this one")
            if not n + 1 <= len(fields) <= n + 2:
                raise self._error(f"expected a log-probability, {n} tokens and perhaps a backoff")
            try:
                logs.append(float(fields[0]))
                backoffs.append(float(fields[n + 1]) if len(fields) == n + 2 else 0.0)
            except ValueError:
                raise self._error("expected numbers before and after the tokens") from None
            if n == 1 and index.setdefault(fields[1], len(index)) != len(logs) - 1:
                raise self._error("this 1-gram is listed twice")
            try:
                words.extend([index[token] for token in fields[1 : n + 1]])
            except KeyError as error:
                raise self._error(f"{error.args[0].decode(errors='replace')} is not among the 1-grams") from None
        if len(logs) != count:
            raise self._error(f"{count} {n}-grams are promised in the head, {len(logs)} are here")
        tables = []
        for values, most in ((np.array(logs), 1e-4), (np.array(backoffs), np.inf)):
            values[values == -np.inf] = NEVER
            # Rounding may leave a certain event's log-probability a trace above zero.
            if not (good := (values <= most) & (values < np.inf)).all():
                raise self._error("not a log of a probability or backoff", first + int(np.argmin(good)))
            tables.append(values * LN10)
        return _Section(np.array(words).reshape(-1, n), tables[0], tables[1], first)

    def _vocabulary(self, index: dict[bytes, int], first: int) -> tuple[np.ndarray, list[str]]:
        """The node of order 1 for each row of the 1-grams, and the tokens by id."""
        if b"</s>" not in index:
            raise self._error("</s> is not among the 1-grams", first)
        unknown = b"<unk>" if b"<unk>" in index else b"<UNK>"
        special = {b"</s>": EOS, unknown: UNK}
        tokens = ["<eos>", "<unk>"]
        nodes = np.empty(len(index), dtype=np.int32)
        for token, row in index.items():
            nodes[row] = special.get(token, len(tokens))
            if token not in special and token != b"<s>":
                try:
                    tokens.append(unquote(token.decode()) if self.encoded else token.decode())
                except UnicodeDecodeError:
                    raise self._error("this token is not UTF-8", first + row) from None
        if unknown not in index:
            self.notes.append("<unk> is not listed: it has log10 probability -99")
        if b"<s>" in index:
            nodes[index[b"<s>"]] = len(tokens)
        else:
            self.notes.append("<s> is not listed: sentences start without context")
        return nodes, tokens

    def _model(self, sections: list[_Section], nodes: np.ndarray, vocabulary: int) -> NGramModel:
        """Build the tables upwards: an order's nodes are its own n-grams and the beginnings of all longer ones."""
        log_probs = np.full(vocabulary + 1, NEVER * LN10, dtype=np.float32)
        backoffs = np.zeros(vocabulary + 1, dtype=np.float32)
        log_probs[nodes], backoffs[nodes] = sections[0].log_probs, sections[0].backoffs
        model = NGramModel([np.zeros(0, dtype=np.int64)], [log_probs], [backoffs], self.notes)
        # Of the sections from the current order on: nodes of order 1 (M, n), and the rows that they come from (M,).
        words, rows = [], []
        for section in sections[1:]:
            listed = nodes[section.words]
            rows.append(np.flatnonzero((listed[:, 1:] < vocabulary).all(axis=1)))
            words.append(listed[rows[-1]])
        if skipped := sum(map(len, (section.words for section in sections[1:]))) - sum(map(len, rows)):
            self.notes.append(f"{skipped} n-grams with <s> after the first place were skipped: they never apply")
        at = [listed[:, 0].astype(np.int64) for listed in words]  # each n-gram's node so far
        for n, section in enumerate(sections[1:], start=2):
            wanted = [node * vocabulary + listed[:, n - 1] for node, listed in zip(at, words, strict=True)]
            keys = np.unique(np.concatenate(wanted))
            at = [np.searchsorted(keys, key) for key in wanted]
            own, row, at, listed, words, rows = at[0], rows[0], at[1:], words[0], words[1:], rows[1:]
            if len(first := np.unique(own, return_index=True)[1]) < len(own):
                twice = np.setdiff1d(np.arange(len(own)), first)[0]
                raise self._error(f"this {n}-gram is listed twice", section.first + int(row[twice]))
            log_probs = np.full(len(keys), np.nan, dtype=np.float32)
            backoffs = np.zeros(len(keys), dtype=np.float32)
            log_probs[own], backoffs[own] = section.log_probs[row], section.backoffs[row]
            for node, longer in zip(at, words, strict=True):
                # Not listed, but a longer one's beginning: what backing off from order n - 1 gives.
                absent = np.flatnonzero(np.isnan(log_probs[node]))
                if len(absent):
                    backoff = model.backoffs[-1][keys[node[absent]] // vocabulary]
                    log_probs[node[absent]] = model.score_ngrams(longer[absent, :n]) + backoff
            model.keys.append(keys)
            model.log_probs.append(log_probs)
            model.backoffs.append(backoffs)
        model.backoffs[-1] = np.zeros(0, dtype=np.float32)
        return model
