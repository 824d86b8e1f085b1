"""What a classifier takes from a language model: sizes, tokenizer and weights, after training it further if asked.

Howard and Ruder 2018, Universal language model fine-tuning for text classification.
"""

from __future__ import annotations

import dataclasses
import math
import signal
from pathlib import Path
from typing import Any

import torch

from nlprnn.checkpoint import CONFIG, STATE, WEIGHTS, ModelDirectory, load_weights, read_config
from nlprnn.config.classification import ClassifierTrainingConfig
from nlprnn.config.language_model import LanguageModelConfig, StreamTrainingConfig
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.errors import ConfigError, ModelDirectoryError
from nlprnn.inference.streams import stream_nll
from nlprnn.metrics.likelihood import perplexity
from nlprnn.models.classifier import Classifier
from nlprnn.models.language_model import LanguageModel
from nlprnn.presets import FINE_TUNING, TRANSFER
from nlprnn.settings import build, flag, from_json
from nlprnn.tasks.encoding import encode
from nlprnn.tasks.language_modelling import Settings, language_network, stream_batches, train_network
from nlprnn.tasks.loading import LANGUAGE_MODEL, TextModel
from nlprnn.tasks.notes import Note
from nlprnn.tasks.signature import check_text, write_signature
from nlprnn.text.bucketing import Ragged, ragged
from nlprnn.text.labelled import LabelledCorpus
from nlprnn.text.labelled_batches import text_batches
from nlprnn.training.progress import Progress

TUNED = "language-model"  # the part of a run that trains the language model further
STANDARD, TOKENS = 2000, 8000  # texts that tell how the pooled vector varies, and their tokens read side by side
SMALLEST = 1e-3  # deviation of a unit
SAME = ("seed", "threads", "device", "kernels", "precision")  # of the classifier's training, for that part too


def inherited(given: dict[str, Any]) -> dict[str, Any]:
    """The settings given, those of ULMFiT for all others that matter, and those that the language model decides.

    Raises ConfigError where one that it decides is given otherwise, ModelDirectoryError where there is none.
    """
    path = Path(given["pretrained"])
    tokenizer, model = _stored(path)
    taken = dataclasses.asdict(tokenizer)
    taken |= {name: getattr(model, name) for name in ("cell", "layers", "hidden", "last_hidden")}
    taken |= {"embedding": model.embedding or model.hidden, "bidirectional": False}
    for name, value in taken.items():
        if given.get(name) not in (None, value):
            told = "reads in one direction" if name == "bidirectional" else f"has {value}"
            raise ConfigError(f"{flag(name)} {given[name]}: the language model {path} {told}; leave the option out")
    return TRANSFER | {name: value for name, value in given.items() if value is not None} | taken


def _stored(path: Path) -> tuple[TokenizerConfig, LanguageModelConfig]:
    """What a language model was made with."""
    config = read_config(path, LANGUAGE_MODEL)
    try:
        return from_json(TokenizerConfig, config.get("tokenizer")), from_json(LanguageModelConfig, config.get("model"))
    except ConfigError as error:
        raise ModelDirectoryError(f"{path / CONFIG}: {error}; train the model again") from None


def take_weights(classifier: Classifier, base: LanguageModel) -> None:
    """Copy embeddings and recurrent layers; a classifier with the sizes of `inherited` has the same ones."""
    with torch.no_grad():
        classifier.embedding.copy_(base.vocabulary.embedding)
    classifier.stack.load_state_dict(base.stack.state_dict())


@torch.inference_mode()
def standardise(classifier: Classifier, texts: Ragged) -> None:
    """Have the pooled vector's units start with mean 0 and deviation 1 over texts.

    The states of a language model vary little around what they are for any text, which a head on top would first have
    to find out. Howard and Ruder 2018 have batch normalisation there; here the figures are those of some texts.
    """
    classifier.eval()
    some = ragged((texts[index] for index in range(min(len(texts), STANDARD))), classifier.embedding.shape[0])
    rows = [
        classifier.pooled(text.to(classifier.device), lengths).double()
        for _, text, lengths in text_batches(some, TOKENS)
    ]
    pooled = torch.cat(rows)
    classifier.shift.copy_(pooled.mean(dim=0))
    classifier.scale.copy_(1 / pooled.std(dim=0, correction=0).clamp(min=SMALLEST))


def fine_tune(
    base: TextModel,
    text: LabelledCorpus,
    training: ClassifierTrainingConfig,
    path: Path,
    resume: bool,
    quiet: bool,
    note: Note,
) -> tuple[LanguageModel, dict[str, Any]]:
    """Train a language model further on the texts of a corpus, and tell its perplexity on the held-out ones.

    It goes on in the directory `path` with `resume`. An interruption is passed on once the checkpoint is written.
    """
    directory, device = ModelDirectory(path), torch.device(training.device)
    how = build(StreamTrainingConfig, FINE_TUNING | {name: getattr(training, name) for name in SAME})
    tokenizer, sizes = _stored(base.directory)
    train, held_out = (encode(part.lines(), base.tokenizer, note) for part in (text.train, text.valid))
    network = language_network(Settings(training=how, tokenizer=tokenizer, model=sizes), len(base.tokenizer), device)
    assert isinstance(base.model, LanguageModel)
    network.load_state_dict(base.model.state_dict())
    before = perplexity(stream_nll(network, held_out.ids), len(held_out.ids))
    note(f"training the language model on {len(train.ids):,} tokens of the texts; its perplexity is {before:.2f}")
    resume = resume and (path / STATE).is_file()
    if not resume:
        directory.clear()
        write_signature(path, text, how)
    check_text(path, text)
    batches = stream_batches(train, how)
    trained = train_network(directory, how, network, batches, held_out, Progress(quiet), resume)
    if trained.interrupted is not None:
        note("interrupted while training the language model; the same command with --resume goes on")
        signal.raise_signal(trained.interrupted)
    load_weights(network, path / WEIGHTS)
    after, state = trained.state.best_record["valid_perplexity"], trained.state
    if not math.isfinite(after) or after > before:
        note(f"note: its perplexity rose from {before:.2f} to {after:.2f}")
    found = {"perplexity_before": before, "perplexity": after, "seconds": round(state.seconds, 2), "steps": state.step}
    return network, found
