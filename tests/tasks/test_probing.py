"""Several models put together in one report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from nlprnn import probe_agreement
from nlprnn.tasks.notes import nowhere


def copied(model: Path, place: Path, **training: object) -> Path:
    shutil.copytree(model, place)
    config = json.loads((place / "config.json").read_text(encoding="utf-8"))
    config["training"] |= training
    (place / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return place


def test_models_that_differ_in_their_seed_alone_are_told_together(small_model: Path, tmp_path: Path) -> None:
    other_seed = copied(small_model, tmp_path / "seed", seed=7, threads=2)
    other_recipe = copied(small_model, tmp_path / "recipe", epochs=9)
    suite = tmp_path / "own.tsv"
    suite.write_text("good\tbad\nthe book is old .\tthe book are old .\n", encoding="utf-8")
    models = [small_model, other_recipe, other_seed, small_model]
    report = probe_agreement(models, suite, note=nowhere)
    assert [recipe["models"] for recipe in report["recipes"]] == [[str(small_model), str(other_seed)]]
    accuracy = report["recipes"][0]["suites"][0]["accuracy"]
    assert accuracy == {"mean": report["models"][0]["suites"][0]["accuracy"], "deviation": 0.0}
    assert len(report["comparisons"]) == 6 and all(one["p_corrected"] == 1.0 for one in report["comparisons"])
