"""Settings of classifiers: their limits, what they mean to the trainer, and configurations of other versions."""

from __future__ import annotations

import dataclasses

import pytest

from nlprnn.config.classification import (
    ClassifierConfig,
    ClassifierTokenizerConfig,
    ClassifierTrainingConfig,
    TransferConfig,
)
from nlprnn.config.language_model import LanguageModelConfig, StreamTrainingConfig
from nlprnn.errors import ConfigError
from nlprnn.presets import FINE_TUNING, TRANSFER
from nlprnn.settings import Config, check_names, from_json

KINDS = (ClassifierTokenizerConfig, ClassifierConfig, ClassifierTrainingConfig, TransferConfig)


@pytest.mark.parametrize("kind", KINDS)
def test_a_configuration_survives_json(kind: type[Config]) -> None:
    assert from_json(kind, dataclasses.asdict(kind())) == kind()


def test_no_setting_stands_in_two_parts_of_a_run() -> None:
    names = [item.name for kind in KINDS for item in dataclasses.fields(kind)]
    assert len(names) == len(set(names))


def test_the_recipes_of_transfer_are_made_of_settings() -> None:
    check_names(TRANSFER, *KINDS)
    check_names(FINE_TUNING, LanguageModelConfig, StreamTrainingConfig)


def test_layers_thaw_from_the_top_and_learn_less_further_down() -> None:
    plain = ClassifierTrainingConfig()
    assert {plain.layer_share(above, 0) for above in range(4)} == {1.0}
    ulmfit = ClassifierTrainingConfig(layer_decay=2.6, unfreezing=True)
    shares = [[ulmfit.layer_share(above, epoch) for above in (2, 1, 0)] for epoch in range(4)]
    one, two = pytest.approx(1 / 2.6), pytest.approx(1 / 2.6**2)
    assert shares == [[0.0, 0.0, 1.0], [0.0, one, 1.0], [two, one, 1.0], [two, one, 1.0]]


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (ClassifierConfig, {"ordinal": True, "regression": True}, "leave one out"),
        (ClassifierTrainingConfig, {"folds": 1}, "--folds 1: give at least 2"),
        (ClassifierTrainingConfig, {"layer_decay": 0.5}, "--layer-decay 0.5: give a number of at least 1"),
        (ClassifierTokenizerConfig, {"max_length": 3}, "--max-length 3: give a number of at least 4"),
        (TransferConfig, {"fine_tune": True}, "name one with --from"),
    ],
)
def test_what_cannot_work_is_told(kind: type[Config], values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        kind(**values)
