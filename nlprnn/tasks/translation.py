"""Translation from parallel text to model directory: text, model, trainer and directory put together."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import Any

from nlprnn.checkpoint import ModelDirectory
from nlprnn.config.decoding import Search
from nlprnn.config.translation import PairTokenizerConfig, TranslationTrainingConfig, TranslatorConfig
from nlprnn.errors import ConfigError
from nlprnn.inference.translation import predict_targets
from nlprnn.metrics.likelihood import perplexity
from nlprnn.metrics.translation import translation_quality
from nlprnn.models.translator import Translator
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.tasks.computing import place
from nlprnn.tasks.encoding import bar, learn_tokenizer
from nlprnn.tasks.notes import Note, nowhere, to_stderr
from nlprnn.tasks.places import Paths, default_out, several
from nlprnn.tasks.run_settings import RunSettings, choose_settings
from nlprnn.tasks.signature import check_text, write_signature
from nlprnn.tasks.training_runs import TrainingRun, begin, finish
from nlprnn.tasks.translation_evaluation import evaluate_pairs
from nlprnn.tasks.translation_model import (
    SOURCE,
    TARGET,
    TRANSLATOR,
    TranslationModel,
    load_tokenizers,
    load_translator,
)
from nlprnn.text.bucketing import PairBatches
from nlprnn.text.pair_encoding import EncodedPairs, encode_pairs
from nlprnn.text.parallel import Parallel
from nlprnn.text.parallel_corpus import ParallelCorpus, open_parallel_corpus
from nlprnn.text.tokenizer import Tokenizer
from nlprnn.training.progress import Progress
from nlprnn.training.trainer import Trainer, Validation

GREEDY = Search(beam=1)  # how validation translates


@dataclasses.dataclass(frozen=True, kw_only=True)
class TranslatorRun(TrainingRun):
    """What `train-translator` tells; the validation pairs are translated greedily."""

    model: TranslationModel
    valid_bleu: float
    valid_chrf: float
    valid_perplexity: float
    signature: str  # sacreBLEU's, of valid_bleu


@dataclasses.dataclass(frozen=True)
class Settings(RunSettings):
    """All that decides what a run computes."""

    tokenizer: PairTokenizerConfig
    model: TranslatorConfig
    training: TranslationTrainingConfig


def train_translator(
    pairs: Paths,
    out: str | Path | None = None,
    *,
    valid: Paths = (),
    test: Paths = (),
    source: str | None = None,
    target: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    quiet: bool = False,
    note: Note = to_stderr,
    **settings: Any,
) -> TranslatorRun:
    """Train a translator on pairs of sentences and leave it in the model directory `out`.

    `pairs` are two text files, or one table, folder or data set; so are `valid` and `test`. `source` and `target` name
    columns or languages. `settings` are fields of PairTokenizerConfig, TranslatorConfig and TranslationTrainingConfig.
    Raises NlprnnError for anything that cannot work.
    """
    paths = several(pairs)
    path = Path(out) if out is not None else default_out(paths, "translator")
    settle = functools.partial(choose_settings, Settings, TRANSLATOR, path, settings, resume)
    with begin(path, settle, resume=resume, overwrite=overwrite, quiet=quiet, note=note) as run:
        chosen, directory, note = run.chosen, run.directory, run.note
        text = open_parallel_corpus(paths, several(valid), several(test), source, target)
        tokenizers = _learn(chosen.tokenizer, text.train, note) if run.fresh else load_tokenizers(path)
        train = _encode(text.train, tokenizers, chosen.tokenizer.max_length)
        held_out = _encode(text.valid, tokenizers)
        batches = PairBatches(train.source, train.target, chosen.training.batch_tokens, chosen.training.seed)
        model = place(lambda: translator_network(chosen, tokenizers), run.device)
        _tell(note, text, train, held_out, tokenizers)
        if run.fresh:
            directory.clear()
            _write_head(directory, chosen, tokenizers, text)
        check_text(path, text)
        learner = TranslationModel(path, (model,), *tokenizers)
        validate = functools.partial(_validate, learner, text.valid, held_out, chosen.training.best_by)
        trained = Trainer(model, batches, validate, chosen.training, directory, Progress(quiet)).run(resume)
        best = load_translator(path)
        evaluate = None if text.test is None else functools.partial(evaluate_pairs, best, text.test, note=note)
        return finish(TranslatorRun, directory, best, trained, evaluate)


def translator_network(chosen: Settings, tokenizers: tuple[Tokenizer, Tokenizer]) -> Translator:
    """The network with its first weights, on the CPU."""
    source, target = tokenizers
    model = Translator(chosen.model, 0 if source is target else len(source), len(target), chosen.training.seed)
    model.use(choose(chosen.training.kernels, chosen.training.precision, model.device))
    return model


def _learn(config: PairTokenizerConfig, train: Parallel, note: Note) -> tuple[Tokenizer, Tokenizer]:
    """The tokenizers of source and target, twice the same one where the vocabulary is joint."""
    if config.joint:
        joint = learn_tokenizer(config, train.lines(SOURCE, TARGET), note)
        return joint, joint
    if config.vocab is not None:
        raise ConfigError(f"--vocab {config.vocab} is one vocabulary; leave out --separate")
    return learn_tokenizer(config, train.lines(SOURCE), note), learn_tokenizer(config, train.lines(TARGET), note)


def _encode(pairs: Parallel, tokenizers: tuple[Tokenizer, Tokenizer], max_length: int | None = None) -> EncodedPairs:
    with bar("encoding", "pair") as progress:
        counted = (progress(done, len(pairs)) or pair for done, pair in enumerate(pairs))
        return encode_pairs(counted, *tokenizers, max_length)


def _tell(
    note: Note,
    text: ParallelCorpus,
    train: EncodedPairs,
    held_out: EncodedPairs,
    tokenizers: tuple[Tokenizer, Tokenizer],
) -> None:
    source, target = tokenizers
    types = f"{len(target):,} types for both" if source is target else f"{len(source):,} and {len(target):,} types"
    note(f"{len(train):,} pairs to train on, {len(held_out):,} to validate on, {types}")
    if train.dropped.total:
        note(f"note: {train.dropped.describe()}")
    if text.split["rule"] == "blocks":
        note(f"validation pairs: every {text.split['every']}th block of {text.split['block']} pairs, held out")


def _write_head(
    directory: ModelDirectory, chosen: Settings, tokenizers: tuple[Tokenizer, Tokenizer], text: ParallelCorpus
) -> None:
    """What a model directory holds before the first weights; run.json last, as the sign that the rest is there."""
    directory.write_config(TRANSLATOR, **chosen.to_json())
    source, target = tokenizers
    if source is target:
        source.save(directory.path)
    else:
        for tokenizer, name in ((source, SOURCE), (target, TARGET)):
            (directory.path / name).mkdir(exist_ok=True)
            tokenizer.save(directory.path / name)
    write_signature(directory.path, text, chosen.training)


def _validate(model: TranslationModel, pairs: Parallel, encoded: EncodedPairs, best_by: str) -> Validation:
    """Perplexity of the given translations, and BLEU and chrF of the model's own, greedy ones."""
    predicted = predict_targets(model.members[0], encoded.source, encoded.target)
    found = [best[0].text for best in model.translate((pair.source for pair in pairs), GREEDY, nowhere)]
    quality = translation_quality(found, [pair.target for pair in pairs])
    figure = perplexity(predicted.nll, predicted.tokens)
    record = {"valid_perplexity": figure, "valid_bleu": quality.bleu, "valid_chrf": quality.chrf}
    best = {"perplexity": figure, "bleu": -quality.bleu, "chrf": -quality.chrf}
    told = f"valid ppl {figure:7.2f} BLEU {quality.bleu:5.2f} chrF {quality.chrf:5.2f}"
    return Validation(best[best_by], {**record, "signature": quality.signature}, told)
