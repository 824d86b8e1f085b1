"""How uncertain a model is of the token to come, before each token of a sentence.

The entropy of the next token is exact: over all types, `<unk>` and `<eos>` among them. Only so many tokens times types
are held at once as a block of fixed size has room for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from nlprnn.inference.ngram import NGramScorer
from nlprnn.inference.scoring import WINDOW, NeuralScorer, SentenceScorer
from nlprnn.models.ngram import NGramModel
from nlprnn.text.batching import Batch

LOGITS = 1 << 22  # numbers in a (tokens x types) block


def next_token_entropies(scorer: SentenceScorer, sentences: Sequence[np.ndarray]) -> list[np.ndarray]:
    """For each sentence of ids (n+1,) that ends with <eos>: (n+1,), in nats, the entropy before each of its tokens.

        H_t = - sum over all types w of p(w | what precedes token t) log p(w | what precedes token t)

    The first is that of a fresh state after <eos>. Raises TypeError for a scorer that is neither of ours.
    """
    if isinstance(scorer, NeuralScorer):
        return [entropies for entropies, _ in _NeuralEntropies(scorer.model, scorer.tokenizer).score_ids(sentences)]
    if isinstance(scorer, NGramScorer):
        return [_ngram_entropies(scorer.model, ids) for ids in sentences]
    raise TypeError(f"no next-token distributions from a {type(scorer).__name__}")


class _NeuralEntropies(NeuralScorer):
    """Reads sentences side by side as its parent does, and gives entropies in the place of log-probabilities."""

    @torch.inference_mode()
    def _score_batch(self, batch: Batch) -> tuple[np.ndarray, None]:
        """A padded batch -> entropies (T, B), 0 at padding."""
        batch, state, found = batch.to(self.model.device), None, []
        for start in range(0, len(batch.inputs), WINDOW):
            part = Batch(*(each[start : start + WINDOW] for each in batch if each is not None))
            outputs, state = self.model.outputs(part.inputs, state)
            found.append(self._entropies(outputs, part.mask))
        return torch.cat(found).cpu().numpy(), None

    def _entropies(self, outputs: Tensor, mask: Tensor | None) -> Tensor:
        """What the output layer reads (T, B, H) -> (T, B), a few rows at a time."""
        rows = outputs.flatten(0, 1) if mask is None else outputs[mask]
        at_once = _power_of_two(max(LOGITS // len(self.model.vocabulary.embedding), 1))
        entropies = torch.cat([self._of_rows(part) for part in rows.split(at_once)])
        if mask is None:
            return entropies.view(outputs.shape[:2])
        return entropies.new_zeros(mask.shape).masked_scatter(mask, entropies)

    def _of_rows(self, rows: Tensor) -> Tensor:
        """What the output layer reads (N, H) -> (N,), computed as a power of two rows.

        oneDNN keeps code for a thousand different sizes of products, which would be half a gigabyte.
        """
        size = _power_of_two(2 * len(rows) - 1)
        return _entropy(self.model.vocabulary.logits(F.pad(rows, (0, 0, 0, size - len(rows)))))[: len(rows)]


def _power_of_two(most: int) -> int:
    """The largest power of two that is not above `most`, which is at least 1."""
    return 1 << (most.bit_length() - 1)


def _entropy(logits: Tensor) -> Tensor:
    """Unnormalised scores (N, V) -> the entropy of their softmax (N,), in nats."""
    log_probs = logits.log_softmax(dim=-1)
    return -(log_probs.exp() * log_probs).sum(dim=-1)


def _ngram_entropies(model: NGramModel, ids: np.ndarray) -> np.ndarray:
    """The entropy before each token of one sentence (n+1,)."""
    entropies = np.empty(len(ids))
    for place in range(len(ids)):
        context = ids[max(0, place - model.order) : place].tolist()  # one more than it reads: whether this is the start
        log_probs = model.next_log_probs(context)
        entropies[place] = -(np.exp(log_probs) * log_probs).sum()
    return entropies
