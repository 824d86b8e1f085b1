"""Settings: presets, limits, and configurations of other versions."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from nlprnn.config import cells, tokenizing
from nlprnn.config.language_model import LanguageModelConfig, StreamTrainingConfig
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.errors import ConfigError
from nlprnn.presets import PRESETS
from nlprnn.settings import Config, build, check_names, from_json

KINDS = (TokenizerConfig, LanguageModelConfig, StreamTrainingConfig)


@pytest.mark.parametrize("kind", KINDS)
def test_a_configuration_survives_json(kind: type[Config]) -> None:
    assert from_json(kind, dataclasses.asdict(kind())) == kind()


def test_a_setting_that_an_older_version_lacked_has_its_default() -> None:
    old = dataclasses.asdict(LanguageModelConfig(hidden=7))
    del old["weight_drop"]
    assert from_json(LanguageModelConfig, old) == LanguageModelConfig(hidden=7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"holographic": True}, r"holographic.*upgrade"),
        ({"hidden": "big"}, "hidden"),
        ({"tied": 1}, "tied"),
        ({"layers": True}, "layers"),
    ],
)
def test_what_this_version_does_not_know_is_refused(change: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_json(LanguageModelConfig, dataclasses.asdict(LanguageModelConfig()) | change)


def test_what_is_given_wins_over_the_preset_and_the_preset_over_the_default() -> None:
    chosen = build(StreamTrainingConfig, {"lr": 1.5, "clip": None}, "small")
    assert (chosen.lr, chosen.clip, chosen.optimizer) == (1.5, 0.25, "sgd")


def test_every_preset_is_made_of_settings() -> None:
    for values in PRESETS.values():
        check_names(values, *KINDS)


def test_merity_et_als_settings_are_those_of_their_published_code_for_penn_treebank() -> None:
    model, training = build(LanguageModelConfig, {}, "awd"), build(StreamTrainingConfig, {}, "awd")
    assert (model.cell, model.layers, model.hidden, model.embedding, model.tied) == ("lstm", 3, 1150, 400, True)
    assert (model.dropout_input or model.dropout, model.dropout_hidden, model.dropout) == (0.4, 0.25, 0.4)
    assert (model.dropout_embedding, model.weight_drop, model.locked_dropout) == (0.1, 0.5, True)
    assert (model.embedding, model.last_hidden) == (400, 400)
    assert (model.activation_penalty, model.slowness_penalty, model.recurrent_init) == (2.0, 1.0, "uniform")
    assert (training.optimizer, training.nonmonotone, training.lr, training.clip) == ("nt-asgd", 5, 30.0, 0.25)
    assert (training.batch_size, training.bptt, training.variable_bptt) == (20, 70, True)
    assert (training.rotated_columns, training.dropout_growth) == (False, 0.0)
    assert (training.weight_decay, training.warmup, training.schedule) == (1.2e-6, 0, "constant")


def test_gulordava_et_als_settings_are_those_of_their_published_english_model() -> None:
    model, training = build(LanguageModelConfig, {}, "gulordava"), build(StreamTrainingConfig, {}, "gulordava")
    assert (model.cell, model.layers, model.hidden, model.embedding, model.tied) == ("lstm", 2, 650, None, False)
    assert (model.dropout, model.locked_dropout, model.dropout_embedding, model.weight_drop) == (0.2, False, 0.0, 0.0)
    assert (training.optimizer, training.lr, training.schedule, training.clip) == ("sgd", 20.0, "plateau", 0.25)
    assert (training.batch_size, training.bptt, training.epochs, training.warmup) == (128, 35, 40, 0)
    assert (model.activation_penalty, model.slowness_penalty) == (0.0, 0.0)
    assert (training.rotated_columns, training.dropout_growth) == (False, 0.0)


@pytest.mark.parametrize("preset", ["awd", "gulordava"])
def test_a_published_recipe_trains_a_small_network_too(text: Path, tmp_path: Path, preset: str) -> None:
    from nlprnn import train_language_model
    from nlprnn.text.batching import StreamBatches

    narrow = 16 if preset == "awd" else None
    sizes = {"hidden": 24, "last_hidden": narrow, "embedding": narrow, "batch_size": 20}
    run = train_language_model(text, tmp_path / "lm", preset=preset, quiet=True, threads=1, epochs=3, seed=7, **sizes)
    log = [json.loads(line) for line in (tmp_path / "lm" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    tokens = sum(json.loads((tmp_path / "lm" / "counts.json").read_text(encoding="utf-8"))["counts"])
    bptt, variable = PRESETS[preset]["bptt"], preset == "awd"
    lengths = [StreamBatches(np.zeros(tokens), 20, bptt, variable, seed=7).length(epoch) for epoch in range(3)]
    assert [entry["step"] for entry in log] == list(itertools.accumulate(lengths))
    assert log[0]["lr"] == PRESETS[preset]["lr"]
    assert run.valid_perplexity < len(run.model.tokenizer) / 2


def test_two_kinds_of_averaging_at_once_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"--averaging 0.99: --optimizer nt-asgd averages"):
        StreamTrainingConfig(optimizer="nt-asgd", averaging=0.99)


def test_an_unknown_setting_is_told_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"hiden: no such setting; there are .*hidden"):
        check_names({"hiden": 3}, LanguageModelConfig)


def test_the_names_in_config_are_the_names_that_are_implemented() -> None:
    from nlprnn.nn.cells import CELLS
    from nlprnn.nn.kernels.sequence import FUSED
    from nlprnn.text.tokenizer import TOKENIZERS

    assert set(cells.CELLS) == set(CELLS) == set(FUSED)
    assert set(tokenizing.TOKENIZERS) == set(TOKENIZERS)
