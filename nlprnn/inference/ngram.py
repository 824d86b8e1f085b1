"""An n-gram model as a Scorer and as a Stepper, so that whatever reads a neural model reads it too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from nlprnn.inference.scoring import Scores, SentenceScorer
from nlprnn.models.ngram import NGramModel
from nlprnn.text.chunk_tokenizer import EOS_ID
from nlprnn.text.tokenizer import Tokenizer

NOTHING = -1  # stands in a context before the sentence's first token


class NGramScorer(SentenceScorer):
    """Scores with an n-gram model; contexts never cross a sentence's start."""

    def __init__(self, model: NGramModel, tokenizer: Tokenizer) -> None:
        super().__init__(tokenizer)
        self.model = model

    def score_ids(self, sentences: Sequence[np.ndarray]) -> list[Scores]:
        """See SentenceScorer."""
        log_probs = self.model.score(sentences)
        starts = self.tokenizer.starts_word
        if starts is None:
            return [(scores, None) for scores in log_probs]
        return [(scores, self._boundary(ids, starts)) for ids, scores in zip(sentences, log_probs, strict=True)]

    def _boundary(self, ids: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """The log mass on word-beginning tokens at each position (n+1,)."""
        return np.array(
            [np.logaddexp.reduce(self.model.next_log_probs(ids[:end].tolist())[starts]) for end in range(len(ids))]
        )


class NGramStepper:
    """One token at a time; the state is the context, (B, order) token ids: one more than an n-gram reaches back,
    which tells a sentence's start from the middle of it."""

    def __init__(self, model: NGramModel) -> None:
        self.model = model

    def start(self, batch: int) -> tuple[tuple[Tensor, ...], ...]:
        """The contexts of `batch` fresh sentences."""
        return ((torch.full((batch, self.model.order), NOTHING),),)

    def step(self, ids: Tensor, state: tuple[tuple[Tensor, ...], ...]) -> tuple[Tensor, tuple[tuple[Tensor, ...], ...]]:
        """ids (B,) -> log-probabilities of the next token (B, V) in nats, and the new state; <eos> starts afresh."""
        context = torch.cat([state[0][0], ids[:, None]], dim=1)[:, 1:]
        context[ids == EOS_ID] = NOTHING
        rows = [self.model.next_log_probs([token for token in row if token != NOTHING]) for row in context.tolist()]
        return torch.from_numpy(np.stack(rows)).float(), ((context,),)
