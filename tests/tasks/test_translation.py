"""Training a translator: what is left in the directory, which weights are kept, and exact resume."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from nlprnn import Search, load, train_translator
from nlprnn.checkpoint import LOG, STATE, WEIGHTS, read_tensors
from nlprnn.errors import ConfigError, ModelDirectoryError
from nlprnn.metrics.translation import TranslationQuality
from nlprnn.models.translator import Translator
from nlprnn.tasks import translation
from nlprnn.tasks.translation import TranslatorRun
from nlprnn.tasks.translation_model import TranslationModel

TINY: dict[str, Any] = {
    "tokenizer": "words",
    "hidden": 8,
    "embedding": 8,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "batch_tokens": 1500,  # an epoch is a step
    "threads": 1,
}


def sixty(parallel_text: Path, folder: Path) -> Path:
    path = folder / "sixty.tsv"
    lines = (parallel_text / "pairs.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:60]), encoding="utf-8")
    return path


@pytest.fixture
def pairs(parallel_text: Path, tmp_path: Path) -> Path:
    """Sixty pairs, of which three are held out."""
    return sixty(parallel_text, tmp_path)


def sources(path: Path) -> list[str]:
    return [line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines()]


def logged(path: Path) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in (path / LOG).read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in record.items() if key != "seconds"} for record in records]


@pytest.mark.parametrize(
    ("joint", "tokenizer", "tied"),
    [(True, "words", True), (False, "words", False), (False, "bpe", True)],
)
def test_what_training_leaves_translates_as_the_run_that_made_it(
    pairs: Path, tmp_path: Path, joint: bool, tokenizer: str, tied: bool
) -> None:
    settings = TINY | {"tokenizer": tokenizer, "joint": joint, "epochs": 1, "tied": tied}
    if tokenizer == "bpe":
        settings["vocab_size"] = 80
    out = tmp_path / "out"
    run = train_translator(pairs, out, quiet=True, note=lambda text: None, **settings)
    again = load(out)
    assert isinstance(again, TranslationModel)
    assert (again.source is again.target) == joint
    assert (out / "tokenizer.json").is_file() == joint
    assert (out / "source" / "tokenizer.json").is_file() == (out / "target" / "tokenizer.json").is_file() == (not joint)
    assert (again.members[0].source is None) == joint
    tensors = read_tensors(out / WEIGHTS)
    assert len(tensors["vocabulary.embedding"]) == len(again.target)
    assert joint or len(tensors["source"]) == len(again.source)
    assert ("vocabulary.output" in tensors) == (not tied)
    some = sources(pairs)[:8]
    one, other = (list(model.translate(some, Search(beam=2))) for model in (run.model, again))
    assert one == other
    summary = run.summary()
    assert summary["model"] == str(out)
    assert {"valid_bleu", "valid_chrf", "valid_perplexity", "signature", "seconds", "steps", "tokens_per_second"} < set(
        summary
    )
    assert json.loads((out / "run.json").read_text())["result"] == summary
    assert "interrupted" not in summary


def stop_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM to this process in that step of training."""
    forward, seen = Translator.forward, 0

    def counting(self: Translator, *arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGTERM)
        return forward(self, *arguments)

    monkeypatch.setattr(Translator, "forward", counting)


RESUMED = TINY | {"epochs": 2, "batch_tokens": 150, "averaging": 0.9, "evaluations_per_epoch": 2, "joint": False}


@pytest.fixture(scope="module")
def whole(parallel_text: Path, tmp_path_factory: pytest.TempPathFactory) -> TranslatorRun:
    """A run of ten steps that never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    path = sixty(parallel_text, folder)
    return train_translator(path, folder / "whole", test=path, quiet=True, **RESUMED)


@pytest.mark.parametrize("step", [1, 5, 8])  # an epoch has five
def test_a_run_stopped_and_resumed_ends_with_the_same_weights_bit_for_bit(
    whole: TranslatorRun, pairs: Path, tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stop_at(step, patch)
        stopped = train_translator(pairs, tmp_path / "parts", test=pairs, quiet=True, **RESUMED)
    assert (stopped.interrupted, stopped.steps, stopped.test) == (signal.SIGTERM, step, None)
    assert whole.steps == 10
    assert list(stopped.model.translate(["a dog ."], Search(1)))  # what is kept so far is a model
    resumed = train_translator(pairs, tmp_path / "parts", test=pairs, quiet=True, resume=True)
    for name in (WEIGHTS, STATE):
        one, other = (read_tensors(run.model.directory / name) for run in (whole, resumed))
        assert one.keys() == other.keys()
        assert [key for key in one if not torch.equal(one[key], other[key])] == []
    assert logged(whole.model.directory) == logged(tmp_path / "parts")
    told = {"model", "seconds", "tokens_per_second"}
    assert {k: v for k, v in whole.summary().items() if k not in told} == {
        k: v for k, v in resumed.summary().items() if k not in told
    }


def test_a_finished_run_that_is_resumed_stays_as_it_is(pairs: Path, tmp_path: Path) -> None:
    first = train_translator(pairs, tmp_path / "out", quiet=True, epochs=1, **TINY)
    before = read_tensors(tmp_path / "out" / WEIGHTS)
    again = train_translator(pairs, tmp_path / "out", quiet=True, resume=True)
    assert {**again.summary(), "seconds": 0} == {**first.summary(), "seconds": 0}
    assert all(torch.equal(part, before[name]) for name, part in read_tensors(tmp_path / "out" / WEIGHTS).items())


# BLEU, chrF and perplexity of five validations: each has its best at another place, the first of equals counts
SCRIPT = {"bleu": [1.0, 7.0, 3.0, 7.0, 0.0], "chrf": [10.0, 20.0, 20.5, 11.0, 12.0], "perplexity": [9, 8, 7, 6, 6.5]}


@pytest.mark.parametrize(
    ("best_by", "best", "patience"),
    [("bleu", 2, None), ("bleu", 2, 1), ("chrf", 3, 1), ("chrf", 3, 2), ("perplexity", 4, None)],
)
def test_the_chosen_figure_decides_which_weights_are_kept_and_when_to_stop(
    pairs: Path, tmp_path: Path, best_by: str, best: int, patience: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = {name: iter(figures) for name, figures in SCRIPT.items()}
    monkeypatch.setattr(translation, "perplexity", lambda nll, tokens: next(script["perplexity"]))
    monkeypatch.setattr(
        translation,
        "translation_quality",
        lambda found, wanted: TranslationQuality(next(script["bleu"]), next(script["chrf"]), "signed"),
    )
    kept: dict[int, torch.Tensor] = {}
    validate = translation._validate

    def watched(model: TranslationModel, *arguments: Any) -> Any:
        kept[len(kept) + 1] = model.members[0].readout.detach().clone()
        return validate(model, *arguments)

    monkeypatch.setattr(translation, "_validate", watched)
    settings = TINY | {"epochs": 5, "best_by": best_by, "patience": patience}
    run = train_translator(pairs, tmp_path / "out", quiet=True, **settings)
    assert run.valid_bleu == SCRIPT["bleu"][best - 1]
    assert run.valid_chrf == SCRIPT["chrf"][best - 1]
    assert run.valid_perplexity == SCRIPT["perplexity"][best - 1]
    assert torch.equal(read_tensors(tmp_path / "out" / WEIGHTS)["readout"], kept[best])
    assert len({float(weight.sum()) for weight in kept.values()}) == len(kept)
    assert len(kept) == (5 if patience is None else best + patience)


def test_what_validation_tells_is_what_the_kept_weights_do(pairs: Path, tmp_path: Path) -> None:
    from sacrebleu import corpus_bleu, corpus_chrf

    settings = TINY | {"epochs": 6, "hidden": 16, "lr": 0.05, "warmup": 0, "best_by": "perplexity", "batch_tokens": 300}
    run = train_translator(pairs, tmp_path / "out", valid=pairs, quiet=True, **settings)
    lines = [line.split("\t") for line in pairs.read_text(encoding="utf-8").splitlines()]
    found = [one.text for (one,) in run.model.translate([source for source, _ in lines], Search(beam=1))]
    references = [[target for _, target in lines]]
    assert run.valid_bleu == pytest.approx(corpus_bleu(found, references).score)
    assert run.valid_chrf == pytest.approx(corpus_chrf(found, references).score)
    assert run.valid_chrf > 0
    records = logged(tmp_path / "out")
    assert run.valid_perplexity == min(record["valid_perplexity"] for record in records)
    assert {(record["valid_bleu"], record["valid_chrf"], record["valid_perplexity"]) for record in records} >= {
        (run.valid_bleu, run.valid_chrf, run.valid_perplexity)
    }


def test_pairs_left_out_of_training_are_told_and_held_out_ones_are_named(pairs: Path, tmp_path: Path) -> None:
    odd = "\tempty\n" + "too long " * 60 + "\ta b\n" + "x " * 30 + "\ty\n"
    pairs.write_text(pairs.read_text(encoding="utf-8") + odd, encoding="utf-8")
    notes: list[str] = []
    train_translator(pairs, tmp_path / "out", note=notes.append, epochs=1, **TINY)
    assert notes[0].startswith("57 pairs to train on, 3 to validate on, ")
    assert "3 sentence pairs" in notes[1] and "1 with an empty side, 1 too long, 1 with one side more" in notes[1]
    assert notes[2] == "validation pairs: every 20th block of 1 pairs, held out"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"attention": "dot", "hidden": 9}, "--hidden 9: dot attention needs an even number"),
        ({"vocab": "words.txt", "joint": False}, "--vocab words.txt is one vocabulary; leave out --separate"),
        ({"tokenizer": "bpe", "vocab": "words.txt"}, "--vocab does not go with --tokenizer bpe"),
        ({"best_by": "accuracy"}, "--best-by accuracy: choose one of bleu, chrf, perplexity"),
        ({"beam": 5}, "beam: no such setting"),
    ],
)
def test_settings_that_cannot_work_are_refused_and_leave_nothing(
    pairs: Path, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        train_translator(pairs, tmp_path / "out", quiet=True, **TINY | settings)
    assert str(caught.value).startswith(message)
    assert not (tmp_path / "out").exists()


def test_a_resumed_run_keeps_its_text_and_settings(pairs: Path, parallel_text: Path, tmp_path: Path) -> None:
    train_translator(pairs, tmp_path / "out", quiet=True, epochs=1, **TINY)
    with pytest.raises(ConfigError, match=r"--best-by chrf: the run to resume was started with bleu"):
        train_translator(pairs, tmp_path / "out", resume=True, best_by="chrf", quiet=True)
    with pytest.raises(ModelDirectoryError, match="was trained or validated on another text"):
        train_translator(parallel_text / "pairs.tsv", tmp_path / "out", resume=True, quiet=True)


def test_overwriting_leaves_no_tokenizer_of_the_old_model(pairs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for joint in (False, True):
        train_translator(pairs, out, quiet=True, epochs=1, overwrite=out.exists(), joint=joint, **TINY)
        model = load(out)
        assert isinstance(model, TranslationModel)
        assert (model.source is model.target) == joint
        assert (out / "tokenizer.json").exists() == joint
        assert (out / "source").exists() == (not joint)
