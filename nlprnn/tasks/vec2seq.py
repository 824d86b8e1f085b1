"""From vectors and their texts to a model directory: vectors, texts, network, trainer and directory put together."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nlprnn.checkpoint import ModelDirectory
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.config.vec2seq import Vec2SeqConfig, Vec2SeqTrainingConfig
from nlprnn.models.vec2seq import Vec2Seq
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.tasks.computing import place
from nlprnn.tasks.encoding import learn_tokenizer
from nlprnn.tasks.notes import Note, to_stderr
from nlprnn.tasks.places import Paths, default_out, several
from nlprnn.tasks.run_settings import RunSettings, choose_settings
from nlprnn.tasks.signature import check_text, write_signature
from nlprnn.tasks.training_runs import TrainingRun, begin, finish
from nlprnn.tasks.vec2seq_model import VEC2SEQ, Vec2SeqModel, evaluate_vec2seq, load_vec2seq
from nlprnn.text.tokenizer import Tokenizer, load_tokenizer
from nlprnn.text.vector_batches import EncodedVectorTexts, VectorBatches, encode_vector_texts
from nlprnn.text.vectors import TEXT_COLUMN, Columns, VectorCorpus, open_vector_corpus
from nlprnn.training.progress import Progress
from nlprnn.training.trainer import Trainer, Validation


@dataclasses.dataclass(frozen=True, kw_only=True)
class Vec2SeqRun(TrainingRun):
    """What `train-vec2seq` tells."""

    model: Vec2SeqModel
    valid_perplexity: float


@dataclasses.dataclass(frozen=True)
class Settings(RunSettings):
    """All that decides what a run computes."""

    tokenizer: TokenizerConfig
    model: Vec2SeqConfig
    training: Vec2SeqTrainingConfig


def train_vec2seq(
    texts: Paths,
    out: str | Path | None = None,
    *,
    valid: Paths = (),
    test: Paths = (),
    columns: Sequence[str] | None = None,
    text_column: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    quiet: bool = False,
    note: Note = to_stderr,
    **settings: Any,
) -> Vec2SeqRun:
    """Train a network to make texts from vectors and leave it in the model directory `out`.

    `texts` are a .npy file and a text file, or a table; so are `valid` and `test`. `columns` name a table's numbers, by
    default all but the text. `settings` are fields of TokenizerConfig, Vec2SeqConfig and Vec2SeqTrainingConfig.
    Raises NlprnnError for anything that cannot work.
    """
    paths = several(texts)
    path = Path(out) if out is not None else default_out(paths, VEC2SEQ)
    settle = functools.partial(choose_settings, Settings, VEC2SEQ, path, settings, resume)
    with begin(path, settle, resume=resume, overwrite=overwrite, quiet=quiet, note=note) as run:
        chosen, directory, note = run.chosen, run.directory, run.note
        which = Columns(None if columns is None else tuple(columns), text_column or TEXT_COLUMN)
        text = open_vector_corpus(paths, several(valid), several(test), which)
        tokenizer = learn_tokenizer(chosen.tokenizer, text.train.texts, note) if run.fresh else load_tokenizer(path)
        train = encode_vector_texts(text.train.vectors, text.train.texts, tokenizer, chosen.model.max_length)
        held_out = encode_vector_texts(text.valid.vectors, text.valid.texts, tokenizer)
        network = place(lambda: vec2seq_network(chosen, train, tokenizer), run.device)
        _tell(note, text, train, held_out, tokenizer)
        if run.fresh:
            directory.clear()
            _write_head(directory, chosen, tokenizer, text)
        check_text(path, text)
        batches = VectorBatches(train, chosen.training.batch_tokens, chosen.training.seed)
        learner = Vec2SeqModel(path, network, tokenizer, text.train.columns)
        validate = functools.partial(_validate, learner, held_out)
        trained = Trainer(network, batches, validate, chosen.training, directory, Progress(quiet)).run(resume)
        best = load_vec2seq(path)
        evaluate = None if text.test is None else functools.partial(evaluate_vec2seq, best, text.test)
        return finish(Vec2SeqRun, directory, best, trained, evaluate)


def vec2seq_network(chosen: Settings, train: EncodedVectorTexts, tokenizer: Tokenizer) -> Vec2Seq:
    """The network with its first weights, on the CPU."""
    network = Vec2Seq(chosen.model, train.vectors.shape[1], len(tokenizer), chosen.training.seed)
    network.standardise_by(train.vectors)
    network.use(choose(chosen.training.kernels, chosen.training.precision, network.device))
    return network


def _tell(
    note: Note, text: VectorCorpus, train: EncodedVectorTexts, held_out: EncodedVectorTexts, tokenizer: Tokenizer
) -> None:
    names = "" if text.train.columns is None else f" ({', '.join(text.train.columns)})"
    size = train.vectors.shape[1]
    note(f"vectors of {size} number{'' if size == 1 else 's'}{names}")
    note(f"{len(train):,} texts to train on, {len(held_out):,} to validate on, {len(tokenizer):,} types")
    if train.too_long:
        note(f"note: left out of training, being longer than --max-length: {train.too_long:,}")
    constant = [str(index + 1) for index in (train.vectors == train.vectors[0]).all(axis=0).nonzero()[0]]
    if constant:
        note(f"note: the same in every training vector, so nothing is learnt from it: number {', '.join(constant)}")
    if text.split["rule"] == "blocks":
        note(f"validation texts: every {text.split['every']}th block of {text.split['block']} rows, held out")


def _write_head(directory: ModelDirectory, chosen: Settings, tokenizer: Tokenizer, text: VectorCorpus) -> None:
    """What a model directory holds before the first weights; run.json last, as the sign that the rest is there."""
    columns = None if text.train.columns is None else list(text.train.columns)
    described = {"size": text.train.vectors.shape[1], "columns": columns}
    directory.write_config(VEC2SEQ, **chosen.to_json(), vectors=described)
    tokenizer.save(directory.path)
    write_signature(directory.path, text, chosen.training)


def _validate(model: Vec2SeqModel, held_out: EncodedVectorTexts) -> Validation:
    """The perplexity of texts that were not trained on."""
    figure, _ = model.perplexity(held_out)
    return Validation(figure, {"valid_perplexity": figure}, f"valid ppl {figure:8.3f}")
