"""What a classifier tells of a text: one of some classes, or a score; and how labels are read as that."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from nlprnn.checkpoint import LABELS, read_json, write_json
from nlprnn.config.classification import ClassifierConfig
from nlprnn.errors import DataError, ModelDirectoryError
from nlprnn.text.labelled import Classes, LabelledTexts, scores_of

MOST_LEVELS = 20  # different scores that are classes of their own to figures made of counts
LEVELS = 10  # as many groups of scores, equally large, stand for more


@dataclasses.dataclass(frozen=True)
class Labels:
    """`names` are the classes, or, of scores, the levels that figures made of counts tell apart.

    `values` are the numbers that these are, ascending, or None where one is none. `standard` are mean and deviation of
    the training scores, by which the network's own are measured; None for classes.
    """

    names: tuple[str, ...]
    values: tuple[float, ...] | None
    standard: tuple[float, float] | None = None

    @property
    def scores(self) -> bool:
        """Whether labels are read as numbers, not as classes."""
        return self.standard is not None

    @classmethod
    def of(cls, texts: LabelledTexts, config: ClassifierConfig) -> Labels:
        """Those of training texts. Raises DataError where they are all the same, or names where numbers are needed."""
        if config.regression or config.ordinal:
            scores = scores_of(texts)  # raises where one is a name
        if not config.regression:
            classes = Classes.of(texts)
            return cls(classes.names, None if classes.values is None else tuple(classes.values))
        levels = np.unique(scores)
        if len(levels) < 2:
            raise DataError(f"all texts have the score {levels[0]:g}; give texts of two scores at least", texts.name)
        if len(levels) > MOST_LEVELS:
            middles = np.quantile(scores, (np.arange(LEVELS) + 0.5) / LEVELS)
            levels = np.unique([levels[0], *middles[1:-1], levels[-1]])
        names = tuple(f"{level:g}" for level in levels)
        return cls(names, tuple(map(float, levels)), (float(scores.mean()), float(scores.std())))

    def truth(self, texts: LabelledTexts) -> np.ndarray:
        """The label of each text: classes (N,) int64, or scores (N,) float64. Raises DataError for an unknown one."""
        return scores_of(texts) if self.scores else Classes(self.names).ids(texts)

    def targets(self, truth: np.ndarray) -> np.ndarray:
        """What a network learns to tell: classes, or scores of mean 0 and deviation 1 in training, (N,) float32."""
        if self.standard is None:
            return truth
        mean, deviation = self.standard
        return ((truth - mean) / deviation).astype(np.float32)

    def told(self, outputs: np.ndarray) -> np.ndarray:
        """Labels from log-probabilities (N, K), or from a network's scores (N, 1): as `truth` has them."""
        if self.standard is None:
            return outputs.argmax(axis=1)
        mean, deviation = self.standard
        return outputs[:, 0].astype(np.float64) * deviation + mean

    def classes(self, labels: np.ndarray) -> np.ndarray:
        """The class of each label, (N,) int64; of a score the nearest level."""
        if not self.scores:
            return labels
        assert self.values is not None
        levels = np.array(self.values)
        return np.searchsorted((levels[1:] + levels[:-1]) / 2, labels)

    def of_classes(self, classes: np.ndarray) -> np.ndarray:
        """Classes (N,) as labels: themselves, or the levels that they are."""
        return np.array(self.values)[classes] if self.scores else classes

    def numbers(self, labels: np.ndarray) -> np.ndarray | None:
        """The labels as numbers (N,) float64, or None where they are names."""
        if self.scores:
            return labels
        return None if self.values is None else np.array(self.values)[labels]

    def save(self, directory: Path) -> None:
        write_json(directory / LABELS, dataclasses.asdict(self))

    @classmethod
    def load(cls, directory: Path) -> Labels:
        """Those saved in a model directory. Raises ModelDirectoryError where they are missing or broken."""
        stored: Any = read_json(directory / LABELS)
        try:
            names, values, standard = tuple(map(str, stored["names"])), stored["values"], stored["standard"]
            numbers = None if values is None else tuple(map(float, values))
            scale = None if standard is None else (float(standard[0]), float(standard[1]))
        except (KeyError, IndexError, TypeError, ValueError):
            raise ModelDirectoryError(f"{directory / LABELS}: broken; train the model again") from None
        if len(names) < 2 or (numbers is not None and len(numbers) != len(names)):
            raise ModelDirectoryError(f"{directory / LABELS}: broken; train the model again")
        return cls(names, numbers, scale)
