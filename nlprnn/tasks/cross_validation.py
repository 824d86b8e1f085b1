"""How well texts are classified by models that were trained without them: N of these, each without an Nth."""

from __future__ import annotations

import dataclasses
import shutil
import statistics
from typing import Any

import numpy as np

from nlprnn.checkpoint import FOLDS, PARTS, ModelDirectory, read_json, write_json
from nlprnn.errors import ConfigError
from nlprnn.tasks.classification_evaluation import evaluate_texts, figures_of_counts
from nlprnn.tasks.classifier_training import Way, fit
from nlprnn.tasks.labels import Labels
from nlprnn.tasks.notes import nowhere
from nlprnn.text.labelled import EVERY, LabelledCorpus, LabelledTexts, Share


def check_folds(whole: LabelledTexts, count: int, labels: Labels) -> None:
    """Raise ConfigError where the texts are too few for so many folds."""
    most = len(whole) if labels.scores else max(whole.counts.values())
    if count > most:
        of = "texts" if labels.scores else "texts of one label"
        raise ConfigError(f"--folds {count}: {whole.name} has {most:,} {of} at most; give no larger number")


def cross_validate(
    directory: ModelDirectory, whole: LabelledTexts, text: LabelledCorpus, way: Way
) -> tuple[dict[str, Any] | None, int | None]:
    """What the models of all folds come to, and None; or None, and the signal that stopped one of them.

    `whole` are the texts to be parted. A fold's model is chosen by a tenth of its own training texts or, where `text`
    has validation texts of their own, by these. Folds that are done are kept in the directory and not done again.
    """
    count, path = way.chosen.training.folds, directory.path / FOLDS
    chosen = dataclasses.replace(way.chosen, training=dataclasses.replace(way.chosen.training, folds=0))
    done: list[dict[str, Any]] = read_json(path) if way.resume and path.is_file() else []
    for fold in range(len(done), count):
        share = Share(count, fold, by_label=not way.labels.scores, held=True)
        held = whole.selected(share)
        way.note(f"fold {fold + 1} of {count}")
        rest = whole.selected(dataclasses.replace(share, held=False))
        part = ModelDirectory(directory.path / PARTS / f"fold-{fold + 1}")
        fitted = fit(part, _split(rest, text), dataclasses.replace(way, chosen=chosen))
        if fitted.interrupted is not None:
            return None, fitted.interrupted
        found = evaluate_texts(fitted.model, held, nowhere)
        done.append(found | {"seconds": round(fitted.state.seconds, 2)})
        write_json(path, done)
        shutil.rmtree(part.path)
    return together(way.labels, done), None


def _split(texts: LabelledTexts, text: LabelledCorpus) -> LabelledCorpus:
    if text.split["rule"] == "files":
        return LabelledCorpus(texts, text.valid, None, text.split)
    share = Share(EVERY, EVERY - 1, text.split["rule"] == "labels", held=True)
    held = texts.selected(share)
    if not len(held):
        raise ConfigError(f"{texts.name}: too few texts for --folds; give a smaller number, or --valid")
    return LabelledCorpus(texts.selected(dataclasses.replace(share, held=False)), held, None, text.split)


def together(labels: Labels, folds: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and deviation of accuracy over folds; all other figures over all predictions together, so the interval."""
    found: dict[str, Any] = {"folds": len(folds)}
    for prefix, parts in (("", folds), ("baseline_", [fold["baseline"] for fold in folds])):
        each = [part["accuracy"] for part in parts]
        pooled = figures_of_counts(labels, np.sum([part["confusion"] for part in parts], axis=0))
        pooled["mae"] = None
        if labels.values is not None:
            pooled["mae"] = sum(part["mae"] * part["n"] for part in parts) / pooled["n"]
        pooled |= {"accuracy": statistics.mean(each), "deviation": statistics.stdev(each), "each": each}
        found |= {prefix + name: value for name, value in pooled.items()}
    calibration = [fold["ece"] for fold in folds]
    found["ece"] = None if labels.scores else statistics.mean(calibration)
    return found | {"seconds": round(sum(fold["seconds"] for fold in folds), 2)}
