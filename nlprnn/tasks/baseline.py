"""The bag-of-words classifier that stands beside each recurrent one: trained on the same texts, kept with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from nlprnn.checkpoint import BASELINE, BASELINE_TYPES, read_arrays, read_json, save_weights, write_json
from nlprnn.errors import ModelDirectoryError
from nlprnn.models.bag_of_words import BagOfWords
from nlprnn.text.tokenizer import Tokenizer
from nlprnn.text.word_splitting import split_chunk


@dataclasses.dataclass(frozen=True)
class Baseline:
    """NB-SVM on uni- and bigrams of whole words: the tokenizer's, where its tokens are words, else those between white
    space, punctuation peeled."""

    bag: BagOfWords
    tokenizer: Tokenizer
    lowercase: bool

    @classmethod
    def fit(
        cls, texts: Iterable[str], truth: np.ndarray, classes: int, tokenizer: Tokenizer, lowercase: bool
    ) -> Baseline:
        """From texts and their classes (N,)."""
        words = [_words(text, tokenizer, lowercase) for text in texts]
        return cls(BagOfWords.fit(words, truth, classes), tokenizer, lowercase)

    def predict(self, texts: Iterable[str]) -> np.ndarray:
        """The class of each text, (N,) int64."""
        return self.bag.predict([_words(text, self.tokenizer, self.lowercase) for text in texts])

    def save(self, directory: Path) -> None:
        save_weights(directory / BASELINE, self.bag.arrays())
        write_json(directory / BASELINE_TYPES, {"lowercase": self.lowercase, "types": self.bag.types})

    @classmethod
    def load(cls, directory: Path, tokenizer: Tokenizer, classes: int) -> Baseline:
        """The one saved in a model directory. Raises ModelDirectoryError where it is missing or broken."""
        stored = read_json(directory / BASELINE_TYPES)
        if not isinstance(stored, dict) or not isinstance(stored.get("lowercase"), bool):
            raise ModelDirectoryError(f"{directory / BASELINE_TYPES}: broken; train the model again")
        bag = BagOfWords.from_arrays(read_arrays(directory / BASELINE), stored.get("types", ()))
        if len(bag.bias) != classes:
            raise ModelDirectoryError(f"{directory / BASELINE}: tells {len(bag.bias)} classes, not {classes}")
        return cls(bag, tokenizer, stored["lowercase"])


def _words(text: str, tokenizer: Tokenizer, lowercase: bool) -> list[str]:
    text = text.lower() if lowercase else text
    if tokenizer.starts_word is None:
        return tokenizer.written(text)
    return [token for chunk in text.split() for token in split_chunk(chunk)]
