"""Scorer: the log-probability of every token of a sentence, for neural and n-gram models alike.

A sentence is read from a fresh state after <eos>, and its end counts; how sentences are batched changes nothing.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from nlprnn.models.language_model import LanguageModel
from nlprnn.text.batching import Batch, pad
from nlprnn.text.tokenizer import Tokenizer

READ = 2048  # sentences held at a time
LOGITS = 1 << 24  # numbers in a (tokens x vocabulary) block, where there is one
FUSED_TOKENS = 1 << 13  # tokens at a time where there is none
WINDOW = 256  # time steps at a time, so that no sentence is too long


@dataclass(frozen=True)
class SentenceScore:
    """One sentence of n tokens and its <eos>, in nats."""

    ids: np.ndarray  # (n+1,) token ids, <eos> last
    word_of: np.ndarray  # (n+1,) the index in `words` of each token's word; len(words) for <eos>
    words: list[str]  # as the user wrote them, separated by white space
    log_probs: np.ndarray  # (n+1,) of each token, given all before it
    boundary: np.ndarray | None  # (n+1,) log of the mass on word-beginning tokens; None where tokens are whole


class Scorer(Protocol):
    """What the probes and surprisal need of a model."""

    @property
    def tokenizer(self) -> Tokenizer: ...
    def score(self, sentences: Iterable[str]) -> Iterator[SentenceScore]: ...


Scores = tuple[np.ndarray, "np.ndarray | None"]  # log-probabilities and boundary masses of one sentence


class SentenceScorer(ABC):
    """Reads sentences, encodes them, and has subclasses score the ids, a chunk at a time."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer

    def score(self, sentences: Iterable[str]) -> Iterator[SentenceScore]:
        """The score of each sentence, in order, in memory that does not grow with their number."""
        source = iter(sentences)
        while chunk := list(itertools.islice(source, READ)):
            encoded = [self._encode(sentence) for sentence in chunk]
            scores = self.score_ids([ids for ids, _, _ in encoded])
            for (ids, word_of, words), (log_probs, boundary) in zip(encoded, scores, strict=True):
                yield SentenceScore(ids, word_of, words, log_probs, boundary)

    def _encode(self, sentence: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
        ids, word_of = self.tokenizer.encode_words(sentence)
        words = self.tokenizer.words(sentence)
        return np.array([*ids, self.tokenizer.eos_id]), np.array([*word_of, len(words)]), words

    @abstractmethod
    def score_ids(self, sentences: Sequence[np.ndarray]) -> list[Scores]:
        """Log-probabilities, and boundary masses or None, of each sentence of ids that ends with <eos>."""


class NeuralScorer(SentenceScorer):
    """Scores with a recurrent language model, in float32, keeping no activations."""

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer) -> None:
        super().__init__(tokenizer)
        self.model = model.eval()
        starts = tokenizer.starts_word
        self._starts = None if starts is None else torch.from_numpy(np.asarray(starts)).to(model.device)

    def score_ids(self, sentences: Sequence[np.ndarray]) -> list[Scores]:
        """See SentenceScorer; sentences of like length are read side by side."""
        scores: list[Scores] = [(np.empty(0), None)] * len(sentences)
        rows = tokens_at_a_time(self.model)
        order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
        while order:
            longest = len(sentences[order[-1]])
            side_by_side = max(rows // min(longest, WINDOW), 1)
            batch, order = order[-side_by_side:], order[:-side_by_side]
            log_probs, boundary = self._score_batch(pad([sentences[index] for index in batch]))
            for column, index in enumerate(batch):
                length = len(sentences[index])
                mass = None if boundary is None else boundary[:length, column]
                scores[index] = log_probs[:length, column], mass
        return scores

    @torch.inference_mode()
    def _score_batch(self, batch: Batch) -> tuple[np.ndarray, np.ndarray | None]:
        """A padded batch -> log-probabilities and boundary masses, both (T, B)."""
        batch, state, found, masses = batch.to(self.model.device), None, [], []
        for start in range(0, len(batch.inputs), WINDOW):
            part = Batch(*(each[start : start + WINDOW] for each in batch if each is not None))
            if self._starts is None:
                losses, state = self.model.losses(part, state)
                found.append(-losses)
                continue
            outputs, state = self.model.outputs(part.inputs, state)
            log_probs, mass = self.model.vocabulary.log_mass(outputs, part.targets, self._starts)
            found.append(log_probs)
            masses.append(mass)
        boundary = torch.cat(masses).cpu().numpy() if masses else None
        return torch.cat(found).cpu().numpy(), boundary


def tokens_at_a_time(model: LanguageModel) -> int:
    """How many tokens a model scores at once in a bounded amount of memory."""
    return FUSED_TOKENS if model.vocabulary.fused else max(LOGITS // len(model.vocabulary.embedding), 1)


def word_log_probs(score: SentenceScore) -> np.ndarray:
    """The log-probability (words+1,) in nats of each word and of the sentence's end; they add up to the sentence's.

    A word is over only when the next token begins another: with B the log mass on word-beginning tokens, a word's
    log-probability is the sum over its tokens + B(after it) - B(before it), where B is 0 before the first word
    (Pimentel and Meister 2024; Oh and Schuler 2024).
    """
    totals: np.ndarray = np.bincount(score.word_of, weights=score.log_probs, minlength=len(score.words) + 1)
    if score.boundary is None:
        return totals
    first = np.searchsorted(score.word_of, np.arange(len(score.words) + 1))  # each word's first token
    before = score.boundary[np.minimum(first, len(score.boundary) - 1)].astype(np.float64)
    before[0] = 0.0
    after = np.append(before[1:], 0.0)
    return totals - before + after
