"""How much of a suite a vocabulary allows to score, told before a model is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.errors import DataError
from nlprnn.probes.coverage import coverage
from nlprnn.tasks.encoding import learn_tokenizer
from nlprnn.tasks.notes import Note, to_stderr
from nlprnn.tasks.suites import open_suites
from nlprnn.text.corpus import open_corpus
from nlprnn.text.tokenizer import Tokenizer, load_tokenizer, train_tokenizer

MODEL, TYPES, CORPUS = "model", "types", "corpus"
TABLES = {".gz", ".csv", ".tsv", ".jsonl", ".parquet"}  # files of text that are no list of types


def check_vocabulary(
    vocabulary: str | Path,
    suites: str | Path | Sequence[str | Path] = "builtin",
    *,
    scoring: str = "published",
    mean: bool | None = None,
    end: bool | None = None,
    columns: Mapping[str, str] | None = None,
    note: Note = to_stderr,
) -> dict[str, Any]:
    """The JSON of `probe-agreement --vocab-only`: what of each suite could be scored, and which words are missing.

    `vocabulary` is a model directory, a file with one type a line, or a corpus, whose words are counted as `train-lm`
    would with its default settings; `kind` in the answer says as which it was read. The rest is as for
    `probe_agreement`. Raises DataError for what is none of these.
    """
    tokenizer, kind = _tokenizer(Path(vocabulary), note)
    found = open_suites(suites, tokenizer.knows, columns)
    return {
        "vocabulary": str(vocabulary),
        "kind": kind,
        "types": len(tokenizer),
        "suites": [coverage(tokenizer.knows, suite, scoring=scoring, mean=mean, end=end).json() for suite in found],
    }


def _tokenizer(path: Path, note: Note) -> tuple[Tokenizer, str]:
    if (path / "tokenizer.json").is_file():
        return load_tokenizer(path), MODEL
    if _lists_types(path):
        tokenizer, notes = train_tokenizer(TokenizerConfig(vocab=str(path)), [])
        for text in notes:
            note(f"note: {text}")
        return tokenizer, TYPES
    return learn_tokenizer(TokenizerConfig(), open_corpus(path).train, note), CORPUS


def _lists_types(path: Path) -> bool:
    """Is it a file in which no line has more than one word? A text shows otherwise in its first lines."""
    if path.is_dir() or path.suffix.lower() in TABLES or not path.exists():
        return False
    try:
        with path.open("rb") as stream:
            return all(len(line.split()) < 2 for line in stream)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", path) from error
