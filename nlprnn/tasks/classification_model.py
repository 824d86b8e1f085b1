"""A trained classifier taken from its directory, and what can be done with it in Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from nlprnn.checkpoint import CALIBRATION, CLASSIFIER, CONFIG, WEIGHTS, load_weights, read_config, read_json
from nlprnn.config.classification import ClassifierConfig, ClassifierTokenizerConfig
from nlprnn.errors import ConfigError, ModelDirectoryError
from nlprnn.inference.classification import text_scores
from nlprnn.models.classifier import Classifier
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.nn.kernels.process import prepare
from nlprnn.settings import from_json
from nlprnn.tasks.baseline import Baseline
from nlprnn.tasks.labels import Labels
from nlprnn.tasks.notes import Note, nowhere, to_stderr
from nlprnn.text.labelled_batches import encode_texts
from nlprnn.text.tokenizer import Tokenizer, load_tokenizer

WINDOW = 4000  # texts read before the first is classified, so that those of like length go together
EXPLAINED = 100  # texts, likewise, where each is read once more for each of its words
ROWS = 4000  # of these readings at a time


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What is told of a text."""

    label: str  # the class, or the score
    probability: float | None  # of that class; None for scores
    probabilities: dict[str, float] | None  # of all classes; None for scores
    score: float | None  # the score itself; None for classes
    words: list[tuple[str, float]] | None = None  # each word, and what it adds to the label's log-odds, or the score


@dataclasses.dataclass(frozen=True)
class ClassificationModel:
    """A classifier with its tokenizer, its labels, the temperature that calibrates it, and the baseline beside it."""

    directory: Path
    model: Classifier
    tokenizer: Tokenizer
    labels: Labels
    max_length: int  # tokens of a text that are read
    temperature: float = 1.0
    baseline: Baseline | None = None  # only within a run may there be none

    def outputs(self, texts: Sequence[str], note: Note = to_stderr, fast: bool = False) -> np.ndarray:
        """Calibrated log-probabilities of the classes, (N, K), or the network's scores, (N, 1); see `text_scores`."""
        encoded = encode_texts(texts, self.tokenizer, self.max_length)
        if encoded.cut:
            note(f"note: {encoded.describe()}")
        found = text_scores(self.model, encoded.ids, fast).astype(np.float64)
        return found if self.labels.scores else calibrated(found, self.temperature)

    def classify(
        self, texts: Iterable[str], explain: bool = False, note: Note = to_stderr, window: int = WINDOW
    ) -> Iterator[Judgement | None]:
        """What is told of each text, None of an empty one; in order and in constant memory.

        Read in bfloat16 where the processor has it (see `text_scores`), but for what words add.

        With `explain` also which words moved it: for each the log-odds of the label less what they are without the
        word (leave one out; Li, Monroe and Jurafsky 2016, equation 1, in odds), or, of scores, the score less that
        without it. `window` texts are read before the first is classified.
        """
        lines = iter(texts)
        while read := list(islice(lines, min(window, EXPLAINED) if explain else window)):
            filled = [text for text in read if not _empty(text)]
            found = iter(self._judgements(filled, explain, note) if filled else ())
            yield from (None if _empty(text) else next(found) for text in read)

    def _judgements(self, texts: Sequence[str], explain: bool, note: Note) -> list[Judgement]:
        """Of texts that are not empty, at least one."""
        outputs = self.outputs(texts, note, fast=True)
        words = self._explained(texts, outputs) if explain else [None] * len(texts)
        return [self._judged(row, moved) for row, moved in zip(outputs, words, strict=True)]

    def _judged(self, outputs: np.ndarray, words: list[tuple[str, float]] | None) -> Judgement:
        """From the outputs of one text, (K,) or (1,)."""
        label = self.labels.told(outputs[None])[0]
        if self.labels.scores:
            return Judgement(f"{label:.4g}", None, None, float(label), words)
        chances = dict(zip(self.labels.names, np.exp(outputs).tolist(), strict=True))
        name = self.labels.names[label]
        return Judgement(name, chances[name], chances, None, words)

    def _explained(self, texts: Sequence[str], told: np.ndarray) -> list[list[tuple[str, float]]]:
        """The words of each text, white-space separated, with what each adds to what was told of it, in float32."""
        whole = self.outputs(texts, nowhere)
        words = [self.tokenizer.words(text) for text in texts]
        rows = np.repeat(np.arange(len(texts)), [len(some) for some in words])
        without = (" ".join(some[:place] + some[place + 1 :]) for some in words for place in range(len(some)))
        lacking = [self.outputs(part, nowhere) for part in iter(lambda: list(islice(without, ROWS)), [])]
        changes = self._strength(whole[rows], told[rows]) - self._strength(np.concatenate(lacking), told[rows])
        ends = np.cumsum([len(some) for some in words])[:-1]
        return [
            list(zip(some, moved.tolist(), strict=True))
            for some, moved in zip(words, np.split(changes, ends), strict=True)
        ]

    def _strength(self, outputs: np.ndarray, judged: np.ndarray) -> np.ndarray:
        """The log-odds (N,), by outputs (N, K), of the label that others judge to be the one; or the score."""
        if self.labels.scores:
            return self.labels.told(outputs)
        label = judged.argmax(axis=1)
        there = np.arange(len(label))
        others = outputs.copy()
        others[there, label] = -np.inf
        return outputs[there, label] - np.logaddexp.reduce(others, axis=1)


def _empty(text: str) -> bool:
    return not text or text.isspace()


def calibrated(log_probs: np.ndarray, temperature: float) -> np.ndarray:
    """Log-probabilities (N, K) divided by a temperature and made to add up to one again (Guo et al. 2017)."""
    scaled = log_probs / temperature
    return scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True)


def load_classifier(directory: str | Path) -> ClassificationModel:
    """The classifier in a directory. Raises ModelDirectoryError where it is missing, broken, or of another kind."""
    directory = Path(directory)
    config = read_config(directory, CLASSIFIER)
    tokenizer, labels = load_tokenizer(directory), Labels.load(directory)
    try:
        settings = from_json(ClassifierConfig, config.get("model"))
        text = from_json(ClassifierTokenizerConfig, config.get("tokenizer"))
    except ConfigError as error:
        raise ModelDirectoryError(f"{directory / CONFIG}: {error}; train the model again") from None
    with torch.device("meta"):  # without first weights, which are only replaced
        model = Classifier(settings, len(tokenizer), len(labels.names))
    load_weights(model, directory / WEIGHTS)
    prepare(model.device)
    model.use(choose("auto", "auto", model.device))
    baseline = Baseline.load(directory, tokenizer, len(labels.names))
    return ClassificationModel(
        directory, model.eval(), tokenizer, labels, text.max_length, _temperature(directory), baseline
    )


def _temperature(directory: Path) -> float:
    """The one that was fitted on validation; 1 where training ended before that."""
    if not (directory / CALIBRATION).is_file():
        return 1.0
    stored = read_json(directory / CALIBRATION)
    temperature = stored.get("temperature") if isinstance(stored, dict) else None
    if not isinstance(temperature, (int, float)) or not temperature > 0:
        raise ModelDirectoryError(f"{directory / CALIBRATION}: has no temperature above 0; train the model again")
    return float(temperature)
