"""Entropies of next tokens: by hand, of a uniform model, and against an independent loop over single steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from nlprnn.config.language_model import LanguageModelConfig
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.inference import entropy, scoring
from nlprnn.inference.entropy import next_token_entropies
from nlprnn.inference.ngram import NGramScorer, NGramStepper
from nlprnn.inference.scoring import NeuralScorer, SentenceScorer
from nlprnn.models.language_model import LanguageModel
from nlprnn.models.ngram import NGramModel
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.text.store import encode_text
from nlprnn.text.tokenizer import train_tokenizer

LINES = ["the writer of the books is old.", "is it?", "the books laugh and laugh and laugh.", "old writers"]
TOKENIZER, _ = train_tokenizer(TokenizerConfig(tokenizer="words", min_count=1), LINES)
SENTENCES = [np.array([*TOKENIZER.encode(line), 0]) for line in LINES]


def neural(bound: float) -> NeuralScorer:
    """A small network whose weights lie between -bound and bound."""
    torch.manual_seed(2)
    model = LanguageModel(LanguageModelConfig(hidden=12, layers=2, embedding=8), len(TOKENIZER))
    model.use(choose("auto", "auto", model.device))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-bound, bound)
    return NeuralScorer(model, TOKENIZER)


def ngram() -> NGramScorer:
    return NGramScorer(NGramModel.estimate(encode_text(TOKENIZER, LINES).ids, len(TOKENIZER), 3), TOKENIZER)


def stepwise(stepper: Any, ids: np.ndarray) -> list[float]:
    """The same by torch's own formula, one step at a time."""
    state, found = stepper.start(1), []
    with torch.inference_mode():
        for before in [0, *ids[:-1].tolist()]:
            log_probs, state = stepper.step(torch.tensor([before]), state)
            found.append(float(torch.distributions.Categorical(logits=log_probs).entropy()[0]))
    return found


def test_a_uniform_model_is_always_as_uncertain_as_the_vocabulary_is_large() -> None:
    for entropies, ids in zip(next_token_entropies(neural(0.0), SENTENCES), SENTENCES, strict=True):
        assert entropies.tolist() == pytest.approx([np.log(len(TOKENIZER))] * len(ids), abs=1e-5)


@pytest.mark.parametrize("kind", ["neural", "ngram"])
def test_entropies_equal_those_of_single_steps(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entropy, "LOGITS", 3 * len(TOKENIZER))  # three tokens at a time
    monkeypatch.setattr(scoring, "WINDOW", 4)
    monkeypatch.setattr(entropy, "WINDOW", 4)
    scorer: SentenceScorer = neural(1.5) if kind == "neural" else ngram()
    stepper = scorer.model if isinstance(scorer, NeuralScorer) else NGramStepper(ngram().model)
    for entropies, ids in zip(next_token_entropies(scorer, SENTENCES), SENTENCES, strict=True):
        assert entropies.tolist() == pytest.approx(stepwise(stepper, ids), abs=1e-5)
        assert np.ptp(entropies) > 0.1  # nothing that a constant would pass


def test_an_entropy_by_hand_of_a_table_of_probabilities() -> None:
    """p = 1/2, 1/4, 1/8, 1/8 has 1.75 bits. After type 2, type 2 has 3/4, the others 2/7 of what they had."""
    unigram = np.log([0.5, 0.25, 0.125, 0.125, 1.0])  # the last, of <s>, is never used
    first = {"log_probs.1": unigram.astype(np.float32)}
    second = {
        "log_probs.2": np.log([0.75]).astype(np.float32),
        "keys.2": np.array([2 * 4 + 2]),
        "backoffs.1": np.array([0, 0, np.log(2 / 7), 0, 0], dtype=np.float32),
    }
    ids = np.array([2, 2, 0])
    (alone,) = next_token_entropies(NGramScorer(NGramModel.from_tensors(first), TOKENIZER), [ids])
    (paired,) = next_token_entropies(NGramScorer(NGramModel.from_tensors(first | second), TOKENIZER), [ids])
    assert (alone / np.log(2)).tolist() == pytest.approx([1.75, 1.75, 1.75])
    others = [1 / 7, 1 / 14, 1 / 28]  # 2/7 of 1/2, 1/4, 1/8
    after = -sum(p * np.log2(p) for p in [0.75, *others])
    assert (paired / np.log(2)).tolist() == pytest.approx([1.75, after, after])


def test_a_scorer_without_distributions_is_refused() -> None:
    class Other(SentenceScorer):
        def score_ids(self, sentences):
            return []

    with pytest.raises(TypeError, match="Other"):
        next_token_entropies(Other(TOKENIZER), SENTENCES)
