"""`diagnose`: what recurrent networks can carry, and what a trained model does, as numbers, plots and one report.

Small networks of each cell show how gradients explode and vanish, what is done about it, and how long each remembers.
With a trained model and a text there is, too, how far back its gradients reach, which of its gates are saturated, and
how much context it uses.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlprnn.config.cells import CELLS
from nlprnn.diagnostics.bptt import TruncationRun
from nlprnn.diagnostics.context import Context, effective_context
from nlprnn.diagnostics.gains import UNITS
from nlprnn.diagnostics.measures import PLAIN, MeasureRun
from nlprnn.diagnostics.practice import TESTED
from nlprnn.diagnostics.rates import RateChoice
from nlprnn.diagnostics.reach import ReachCurve, gradient_reach
from nlprnn.diagnostics.recall import CellReach, Recall
from nlprnn.diagnostics.saturation import PartSaturation, saturation
from nlprnn.errors import ConfigError
from nlprnn.models.language_model import LanguageModel
from nlprnn.tasks.diagnosis_jobs import FULL, LEARNT, PARTS, QUICK, Budget, measure
from nlprnn.tasks.encoding import bar, encode
from nlprnn.tasks.loading import TextModel
from nlprnn.tasks.notes import Note, to_stderr
from nlprnn.tasks.signature import installed_version
from nlprnn.text.corpus import open_lines
from nlprnn.text.workers import available_processors

REACH, SATURATION, CONTEXT = MODEL_PARTS = ("reach", "saturation", "context")
ALL_PARTS = (*PARTS, *MODEL_PARTS)
SIMPLEST_FIRST = tuple(reversed(CELLS))
QUICK_PLACES, QUICK_TARGETS = 16, 100  # of a text, in a quick diagnosis

# What is told beside the fields of a class: its properties, and methods without arguments.
DERIVED: dict[type, tuple[str, ...]] = {
    ReachCurve: ("factor", "reaches"),
    MeasureRun: ("norm_median", "norm_max", "exploded"),
    RateChoice: ("chosen",),
    Recall: ("reached",),
    CellReach: ("median",),
    TruncationRun: ("within",),
    PartSaturation: ("low", "high", "always_low", "always_high"),
    Context: ("lengths",),
}
BESIDES = ("summary", "saturation", "unit", "norm")  # tables that some parts have besides that of their rows

Table = tuple[Sequence[str], Sequence[Sequence[Any]]]  # a header and rows


@dataclass(frozen=True)
class Diagnosis:
    """What was measured, by part, and how."""

    settings: dict[str, Any]
    found: dict[str, Any]  # of each part the class of nlprnn.diagnostics that its measuring function gives

    def tables(self) -> dict[str, Table]:
        """The numbers of every part, by name."""
        tables: dict[str, Table] = {}
        for part, found in self.found.items():
            curves = found.reach if part == LEARNT else found
            tables[part] = (curves.header, curves.rows())
            for name in BESIDES:
                owner = next((one for one in (found, curves) if hasattr(one, f"{name}_header")), None)
                if owner is not None:
                    tables[f"{part}-{name}"] = (getattr(owner, f"{name}_header"), getattr(owner, f"{name}_rows")())
        return tables

    def json(self) -> dict[str, Any]:
        """Everything, for reports and --json."""
        return {"settings": self.settings} | {part: _plain(found) for part, found in self.found.items()}


def diagnose(
    model: TextModel | None = None,
    text: str | Path | None = None,
    cells: Sequence[str] = SIMPLEST_FIRST,
    parts: Sequence[str] | None = None,
    quick: bool = False,
    seed: int = 1,
    processes: int | None = None,
    note: Note = to_stderr,
) -> Diagnosis:
    """Measure some parts (left out: all that can be) of some cells and, given both, of a model and a text.

    `quick` trains fewer networks for a shorter time. Networks are made from `seed` and those after it. `processes`
    defaults to one for each processor. Raises ConfigError for what does not go together, and DataError where the text
    is too short.
    """
    chosen, network = _checked(model, text, cells, parts)
    budgets = QUICK if quick else FULL
    versions = {name: installed_version(name) for name in ("nlprnn", "torch")}
    settings: dict[str, Any] = {"packages": versions, "cells": list(cells), "seed": seed, "quick": quick}
    settings |= {"tested": TESTED, "budgets": {}, "model": None, "text": None, "tokens": None}
    found: dict[str, Any] = {}
    if model is not None and network is not None and text is not None:
        store = encode(open_lines(text, None, "test"), model.tokenizer, note)
        settings |= {"model": str(model.directory), "text": str(text), "tokens": len(store)}
        found |= _of_model(network, store.ids, chosen, quick, seed)
    bare = [part for part in PARTS if part in chosen]
    if bare:
        with bar("diagnosing", "job") as progress:
            found |= measure(bare, cells, seed, budgets, processes or available_processors(), progress)
        settings["budgets"] = {part: _told(budgets[part]) for part in found if part in budgets}
    return Diagnosis(settings, found)


def _checked(
    model: TextModel | None, text: str | Path | None, cells: Sequence[str], parts: Sequence[str] | None
) -> tuple[Sequence[str], LanguageModel | None]:
    """The parts to measure, and the network. Raises ConfigError for what is unknown or does not go together."""
    for name, given, known in (("cells", cells, CELLS), ("parts", parts, ALL_PARTS)):
        for one in given or ():
            if one not in known:
                raise ConfigError(f"--{name} {one}: choose some of {','.join(known)}")
        if given is not None and (not given or len(set(given)) < len(given)):
            raise ConfigError(f"--{name} {','.join(given)}: give each once, of {','.join(known)}")
    if (model is None) != (text is None):
        raise ConfigError("a model is diagnosed on a text: give MODEL and --text FILE together")
    network = None if model is None else model.model
    if model is not None and not isinstance(network, LanguageModel):
        raise ConfigError(f"{model.directory} is an n-gram model, which has no gradients; give a neural one")
    chosen = parts or (PARTS if model is None else ALL_PARTS)
    asked = [part for part in chosen if part in MODEL_PARTS]
    if asked and model is None:
        raise ConfigError(f"--parts {','.join(asked)}: of a trained model; give MODEL and --text FILE")
    return chosen, network if asked and isinstance(network, LanguageModel) else None


def _of_model(model: LanguageModel, ids: np.ndarray, parts: Sequence[str], quick: bool, seed: int) -> dict[str, Any]:
    """What was found of a trained model, by part."""
    found: dict[str, Any] = {}
    if CONTEXT in parts:  # first, because it needs the longest text
        targets: dict[str, Any] = {"targets": QUICK_TARGETS} if quick else {}
        with bar("reading with less context", "history") as progress:
            found[CONTEXT] = effective_context(model, ids, seed=seed, progress=progress, **targets)
    if REACH in parts:
        found[REACH] = gradient_reach(model, ids, **({"places": QUICK_PLACES} if quick else {}))
    if SATURATION in parts:
        found[SATURATION] = saturation(model, ids)
    return {part: found[part] for part in MODEL_PARTS if part in found}


def _told(budget: Budget) -> dict[str, Any]:
    """How much of a part was measured; of rates and clipping the part itself tells."""
    if budget.practice is None:
        return {"seeds": budget.seeds, "hidden": UNITS}
    practice = dataclasses.asdict(budget.practice)
    if budget.practice.optimizer == PLAIN.optimizer:
        del practice["clip"]
    del practice["lr"]
    return {"seeds": budget.seeds, **practice}


def _plain(value: Any) -> Any:
    """Dataclasses as dicts, with what is derived from their fields, all the way down."""
    if dataclasses.is_dataclass(value):
        named = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
        for name in DERIVED.get(type(value), ()):
            derived = getattr(value, name)
            named[name] = derived() if callable(derived) else derived
        return _plain(named)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value
