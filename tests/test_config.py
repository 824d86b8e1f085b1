"""Settings: presets, limits, and configurations of other versions."""

from __future__ import annotations

import dataclasses

import pytest

from nlprnn import config
from nlprnn.config import LanguageModelConfig, TokenizerConfig, TrainingConfig, build, check_names, from_json
from nlprnn.errors import ConfigError

KINDS = (TokenizerConfig, LanguageModelConfig, TrainingConfig)


@pytest.mark.parametrize("kind", KINDS)
def test_a_configuration_survives_json(kind: type[config.Config]) -> None:
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
    chosen = build(TrainingConfig, {"lr": 1.5, "clip": None}, "small")
    assert (chosen.lr, chosen.clip, chosen.optimizer) == (1.5, 0.25, "sgd")


def test_every_preset_is_made_of_settings() -> None:
    for values in config.PRESETS.values():
        check_names(values, *KINDS)


def test_an_unknown_setting_is_told_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"hiden: no such setting; there are .*hidden"):
        check_names({"hiden": 3}, LanguageModelConfig)


def test_the_names_in_config_are_the_names_that_are_implemented() -> None:
    from nlprnn.nn.cells import CELLS
    from nlprnn.nn.kernels.sequence import FUSED
    from nlprnn.text.tokenizer import TOKENIZERS

    assert set(config.CELLS) == set(CELLS) == set(FUSED)
    assert set(config.TOKENIZERS) == set(TOKENIZERS)
