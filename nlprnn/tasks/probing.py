"""The agreement probe of one or more models, with its baselines, on any of the suites."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nlprnn.checkpoint import RUN, read_json
from nlprnn.errors import ConfigError
from nlprnn.probes import items, recency
from nlprnn.probes.builtin import BUILTIN, builtin_suite
from nlprnn.probes.readers import AnySuite, read_suites
from nlprnn.probes.sentence import SentenceVerdict, probe_sentence
from nlprnn.tasks.loading import NGRAM, TextModel, load_text_model
from nlprnn.tasks.notes import Note, to_stderr


def probe_agreement(
    models: TextModel | str | Path | Sequence[TextModel | str | Path],
    suites: str | Path | Sequence[str | Path] = "builtin",
    *,
    baseline: TextModel | str | Path | None = None,
    scoring: str = "published",
    mean: bool | None = None,
    end: bool | None = None,
    columns: Mapping[str, str] | None = None,
    items_path: str | Path | None = None,
    note: Note = to_stderr,
) -> dict[str, Any]:
    """The JSON of `probe-agreement`: which recency each model follows, suite by suite, beside the baselines.

    `suites` are `builtin`, `builtin-pt`, or files and folders in a published format; `columns` says what a table of
    one's own calls `good`, `bad` and so on; `baseline` is an n-gram model of the same text; `scoring` is `published`,
    `sentence`, `target` or `region`, which `mean` and `end` change (see `Scoring`); `items_path` gets every pair with
    its scores.
    """
    asked = [models] if isinstance(models, (TextModel, str, Path)) else list(models)
    opened = [_open(model) for model in asked]
    named = [suites] if isinstance(suites, (str, Path)) else list(suites)
    if items_path is not None and len(asked) > 1:
        raise ConfigError("--items takes one model at a time; the file has no column for its name")
    rival = load_text_model(baseline, NGRAM) if isinstance(baseline, (str, Path)) else baseline
    reports = []
    with contextlib.ExitStack() as stack:
        sink = None if items_path is None else stack.enter_context(items.items_file(items_path))
        for model in opened:
            _warn_of_another_text(model, rival, note)
            ngram = None if rival is None else rival.scorer
            found = [
                recency.probe_agreement(
                    model.scorer,
                    suite,
                    frequency=model.frequency(),
                    ngram=ngram,
                    scoring=scoring,
                    mean=mean,
                    end=end,
                    sink=sink,
                ).json()
                for suite in _suites(model, named, columns)
            ]
            reports.append({"model": str(model.directory), "suites": found})
    return {"models": reports}


def ask_sentence(model: TextModel | str | Path, sentence: str) -> SentenceVerdict:
    """What a model makes of a sentence with two alternatives, as in "the writer of the books is/are"."""
    return probe_sentence(_open(model).scorer, sentence)


def _open(model: TextModel | str | Path) -> TextModel:
    return model if isinstance(model, TextModel) else load_text_model(model)


def _suites(model: TextModel, names: Sequence[str | Path], columns: Mapping[str, str] | None) -> Iterator[AnySuite]:
    for name in names:
        if str(name) in BUILTIN:
            yield builtin_suite(model.tokenizer.knows, str(name))
        else:
            yield from read_suites(name, columns)


def _warn_of_another_text(model: TextModel, rival: TextModel | None, note: Note) -> None:
    """A baseline trained on another text says little; say so."""
    if rival is None:
        return
    texts = [read_json(entry.directory / RUN).get("corpus") for entry in (model, rival)]
    if texts[0] != texts[1]:
        note(f"note: {rival.directory} was not trained on the same text as {model.directory}")
