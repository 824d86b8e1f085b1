"""The agreement probe of one or more models, with its baselines, on any of the suites."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nlprnn.checkpoint import RUN, read_config, read_json
from nlprnn.probes import items, recency
from nlprnn.probes.comparison import compare
from nlprnn.probes.report import SuiteReport
from nlprnn.probes.seeds import spread
from nlprnn.probes.sentence import SentenceVerdict, probe_sentence
from nlprnn.tasks.loading import LANGUAGE_MODEL, NGRAM, TextModel, load_text_model
from nlprnn.tasks.notes import Note, to_stderr
from nlprnn.tasks.run_settings import FREE_ON_RESUME
from nlprnn.tasks.suites import open_suites

Model = TextModel | str | Path


def probe_agreement(
    models: Model | Sequence[Model],
    suites: str | Path | Sequence[str | Path] = "builtin",
    *,
    baseline: Model | None = None,
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
    its scores. Several models, and a model and its baseline, are compared pair by pair; models that differ in nothing
    but the seed are also told together.
    """
    asked = [models] if isinstance(models, (TextModel, str, Path)) else list(models)
    opened = [_open(model) for model in asked]
    rival = load_text_model(baseline, NGRAM) if isinstance(baseline, (str, Path)) else baseline
    reports: list[list[SuiteReport]] = []
    with contextlib.ExitStack() as stack:
        write = None if items_path is None else stack.enter_context(items.items_file(items_path, len(asked) > 1))
        for model in opened:
            _warn_of_another_text(model, rival, note)
            probe = functools.partial(
                recency.probe_agreement,
                model.scorer,
                frequency=model.frequency(),
                ngram=None if rival is None else rival.scorer,
                scoring=scoring,
                mean=mean,
                end=end,
                sink=None if write is None else functools.partial(write, str(model.directory)),
            )
            reports.append([probe(suite) for suite in open_suites(suites, model.tokenizer.knows, columns)])
    names = [str(model.directory) for model in opened]
    compared = compare(list(zip(names, reports, strict=True)), None if rival is None else str(rival.directory))
    return {
        "models": [
            {"model": name, "suites": [report.json() for report in found]}
            for name, found in zip(names, reports, strict=True)
        ],
        "comparisons": [comparison.json() for comparison in compared],
        "recipes": _recipes(opened, reports),
    }


def ask_sentence(model: Model, sentence: str) -> SentenceVerdict:
    """What a model makes of a sentence with two alternatives, as in "the writer of the books is/are"."""
    return probe_sentence(_open(model).scorer, sentence)


def _open(model: Model) -> TextModel:
    return model if isinstance(model, TextModel) else load_text_model(model)


def _recipes(models: Sequence[TextModel], reports: Sequence[Sequence[SuiteReport]]) -> list[dict[str, Any]]:
    """What the seeds of a recipe have in common and how far they differ, where there are several of one."""
    alike: dict[str, dict[str, Sequence[SuiteReport]]] = {}
    for model, found in zip(models, reports, strict=True):
        if model.kind == LANGUAGE_MODEL:
            alike.setdefault(_recipe(model.directory), {})[str(model.directory)] = found
    return [
        {"models": list(seeds), "suites": [spread(several) for several in zip(*seeds.values(), strict=True)]}
        for seeds in alike.values()
        if len(seeds) > 1
    ]


def _recipe(directory: Path) -> str:
    """What decides about a model, but for the seed."""
    config = read_config(directory, LANGUAGE_MODEL)
    passed_over = {"seed", *FREE_ON_RESUME}
    training = {name: value for name, value in config.get("training", {}).items() if name not in passed_over}
    return json.dumps([config | {"training": training}, _corpus(directory)], sort_keys=True)


def _corpus(directory: Path) -> Any:
    return read_json(directory / RUN).get("corpus")


def _warn_of_another_text(model: TextModel, rival: TextModel | None, note: Note) -> None:
    """A baseline trained on another text says little; say so."""
    if rival is not None and _corpus(model.directory) != _corpus(rival.directory):
        note(f"note: {rival.directory} was not trained on the same text as {model.directory}")
