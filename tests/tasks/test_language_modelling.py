"""What a language model begins with, and how its settings are chosen."""

from __future__ import annotations

import dataclasses
import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

import nlprnn
from nlprnn.config.language_model import LanguageModelConfig, StreamTrainingConfig
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.presets import FEW, FEW_PASSES, MANY, MANY_OF_SMALL, MANY_PASSES, SMALL_TEXT
from nlprnn.settings import build, flag
from nlprnn.tasks.language_modelling import Settings, fit_to_budget
from nlprnn.text.chunk_tokenizer import UNK_ID


def written(path: Path, seed: int, lines: int) -> Counter[str]:
    """A text of words of unlike frequency, and how often each occurs, with the ends of sentences."""
    chosen = random.Random(seed).choices("abcdefgh", [50, 20, 10, 5, 5, 4, 3, 3], k=lines * 5)
    path.write_text("".join(" ".join(chosen[n : n + 5]) + "\n" for n in range(0, len(chosen), 5)), encoding="utf-8")
    return Counter(chosen) + Counter({"<eos>": lines})


@pytest.mark.parametrize("unigram_bias", [True, False])
def test_before_it_has_learnt_it_is_a_unigram_model_or_knows_nothing(tmp_path: Path, unigram_bias: bool) -> None:
    train, valid = written(tmp_path / "train", 1, 400), written(tmp_path / "valid", 2, 80)
    run = nlprnn.train_language_model(
        tmp_path / "train",
        tmp_path / "model",
        valid=tmp_path / "valid",
        tokenizer="whitespace",
        hidden=8,
        epochs=1,
        lr=0.0,
        embedding_range=0.01,
        unigram_bias=unigram_bias,
        quiet=True,
    )
    types = len(train) + 1  # and <unk>, which never occurs
    seen = {word: (train[word] + 1) / (train.total() + types) if unigram_bias else 1 / types for word in train}
    wanted = math.exp(-sum(count * math.log(seen[word]) for word, count in valid.items()) / valid.total())
    assert run.valid_perplexity == pytest.approx(wanted, rel=0.002)


@pytest.mark.parametrize("settings", [{}, {"embedding_init": "uniform"}, {"init_range": 0.05}])
def test_first_embeddings_are_from_neighbours_unless_they_are_to_be_drawn(tmp_path: Path, settings: dict) -> None:
    written(tmp_path / "train", 1, 400)
    asked = {"tokenizer": "whitespace", "hidden": 16, "epochs": 1, "lr": 0.0, "weight_decay": 0.0, "quiet": True}
    run = nlprnn.train_language_model(tmp_path / "train", tmp_path / "model", **asked, **settings)
    lengths = run.model.model.vocabulary.embedding.detach().norm(dim=1)
    lengths = lengths[torch.arange(len(lengths)) != UNK_ID]  # which never occurs, and keeps what was drawn
    alike = torch.allclose(lengths, torch.tensor(0.3 * (16 / 3) ** 0.5), rtol=1e-4)
    assert alike == (not settings)


def test_recurrent_layers_learn_at_a_rate_of_their_own(tmp_path: Path) -> None:
    written(tmp_path / "train", 1, 400)
    asked = {"tokenizer": "whitespace", "hidden": 16, "batch_size": 8, "weight_decay": 0.0, "clip": 0.0, "quiet": True}

    def weights(lr: float, **settings: Any) -> dict[str, torch.Tensor]:
        out = tmp_path / "model"
        run = nlprnn.train_language_model(tmp_path / "train", out, overwrite=True, epochs=1, lr=lr, **asked, **settings)
        return run.model.model.state_dict()

    first, usual, frozen, whole = weights(0.0), weights(0.01), weights(0.01, recurrent_rate=0), weights(0.01)
    for name, value in first.items():
        moved = not torch.equal(frozen[name], value)
        assert moved == name.startswith("vocabulary"), name
        torch.testing.assert_close(usual[name], whole[name])
    slower, faster = (
        sum(
            float((weights(0.001, recurrent_rate=rate)[name] - first[name]).norm()) for name in first if "stack" in name
        )
        for rate in (0.4, 1.0)
    )
    assert 0.3 < slower / faster < 0.5
    assert StreamTrainingConfig().layer_share(0, 0) == 0.3
    assert StreamTrainingConfig(optimizer="sgd").layer_share(0, 0) == 1.0 == StreamTrainingConfig().layer_share(1, 0)


@pytest.mark.parametrize(
    ("affordable", "tokens", "suited"),
    [
        (FEW_PASSES, SMALL_TEXT, FEW),
        (FEW_PASSES + 0.1, SMALL_TEXT, {}),
        (MANY_PASSES - 0.1, SMALL_TEXT, {}),
        (MANY_PASSES, SMALL_TEXT, MANY),
        (MANY_PASSES, SMALL_TEXT - 1, MANY_OF_SMALL),
    ],
)
@pytest.mark.parametrize("given", [{}, {"lr": 0.5}, {"dropout": 0.7}])
def test_a_budget_decides_what_was_not_given_by_the_passes_it_allows_for(affordable, tokens, suited, given) -> None:
    training = build(StreamTrainingConfig, given | {"max_minutes": 1.0})
    chosen = Settings(tokenizer=TokenizerConfig(), model=build(LanguageModelConfig, given), training=training)
    told: list[str] = []
    found = fit_to_budget(chosen, given, affordable, tokens, told.append)
    flat, before = ({**dataclasses.asdict(one.model), **dataclasses.asdict(one.training)} for one in (found, chosen))
    assert flat == before | suited | given
    assert [f"some {affordable:.2g} passes" in line for line in told] == [True] * bool(suited)
    assert not any(f"{flag(name)} " in line for name in given for line in told)


@pytest.mark.parametrize(("affordable", "suited"), [(FEW_PASSES, FEW), (MANY_PASSES, {})])
def test_a_size_that_is_given_stays_and_has_nothing_of_a_network_for_many_passes(affordable, suited) -> None:
    given = {"hidden": 8}
    training = StreamTrainingConfig(max_minutes=1.0)
    chosen = Settings(tokenizer=TokenizerConfig(), model=build(LanguageModelConfig, given), training=training)
    found = fit_to_budget(chosen, given, affordable, SMALL_TEXT, lambda told: None)
    assert found == chosen.but({name: value for name, value in suited.items() if name != "hidden"})


def test_passes_that_are_given_hold_where_a_budget_allows_for_more() -> None:
    training = StreamTrainingConfig(max_minutes=600, epochs=2)
    chosen = Settings(tokenizer=TokenizerConfig(), model=LanguageModelConfig(), training=training)
    few = fit_to_budget(chosen, {"epochs": 2}, 2.0, SMALL_TEXT, lambda told: None)
    assert fit_to_budget(chosen, {"epochs": 2}, 1000.0, SMALL_TEXT, lambda told: None) == few


@pytest.mark.parametrize(("settings", "hidden"), [({}, 300), ({"preset": "small"}, 200), ({"hidden": 8}, 8)])
def test_a_short_budget_has_a_network_of_its_own_unless_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict, hidden: int
) -> None:
    monkeypatch.setattr("nlprnn.tasks.language_modelling.seconds_of_an_epoch", lambda *given: 10.0)
    written(tmp_path / "train", 1, 400)
    run = nlprnn.train_language_model(tmp_path / "train", tmp_path / "lm", max_minutes=0.01, quiet=True, **settings)
    assert run.model.model.config.hidden == hidden
    again = nlprnn.train_language_model(tmp_path / "train", tmp_path / "lm", resume=True, quiet=True)
    assert again.model.model.config == run.model.model.config
