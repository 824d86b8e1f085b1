"""Scores of sentences: adding up, unaffected by batching, and words from subwords."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from nlprnn.config.language_model import LanguageModelConfig
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.inference import scoring
from nlprnn.inference.ngram import NGramScorer, NGramStepper
from nlprnn.inference.scoring import NeuralScorer, SentenceScore, SentenceScorer, word_log_probs
from nlprnn.inference.streams import stream_nll
from nlprnn.models.language_model import LanguageModel
from nlprnn.models.ngram import NGramModel
from nlprnn.text.store import encode_text
from nlprnn.text.tokenizer import Tokenizer, train_tokenizer

LINES = [
    "the writer of the books is old.",
    "the books are here.",
    "old writers are happy, and the guards laugh.",
    "is it?",
    "the guards near the writers of the old books laugh and laugh and laugh and laugh.",
] * 3


def tokenizer_of(kind: str) -> Tokenizer:
    config = TokenizerConfig(tokenizer=kind, vocab_size=40 if kind in ("bpe", "unigram") else None, min_count=1)
    return train_tokenizer(config, LINES)[0]


def network(tokenizer: Tokenizer) -> LanguageModel:
    torch.manual_seed(1)
    model = LanguageModel(LanguageModelConfig(hidden=12, layers=2), len(tokenizer))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.6, 0.6)
    return model.eval()


def scorer_of(kind: str, neural: bool) -> SentenceScorer:
    tokenizer = tokenizer_of(kind)
    if neural:
        return NeuralScorer(network(tokenizer), tokenizer)
    ids = encode_text(tokenizer, LINES).ids
    return NGramScorer(NGramModel.estimate(ids, len(tokenizer), 3), tokenizer)


def stepwise(scorer: SentenceScorer, ids: Sequence[int]) -> list[float]:
    """The same log-probabilities one step at a time."""
    stepper = scorer.model if isinstance(scorer, NeuralScorer) else NGramStepper(scorer.model)
    state, found = stepper.start(1), []
    with torch.inference_mode():
        for before, token in zip([0, *ids], ids, strict=False):
            rows, state = stepper.step(torch.tensor([before]), state)
            found.append(float(rows[0, token]))
    return found


@pytest.mark.parametrize("neural", [True, False])
@pytest.mark.parametrize("kind", ["words", "characters", "bpe"])
def test_scores_equal_those_of_single_steps(kind: str, neural: bool) -> None:
    scorer = scorer_of(kind, neural)
    for score in scorer.score(LINES[:3]):
        assert score.log_probs.tolist() == pytest.approx(stepwise(scorer, score.ids.tolist()), abs=1e-4)
        assert score.ids[-1] == 0
        assert len(score.ids) == len(score.word_of) == len(score.log_probs)


@pytest.mark.parametrize("kind", ["words", "unigram"])
def test_neither_order_nor_company_nor_windows_change_a_score(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = scorer_of(kind, neural=True)
    together = [score.log_probs for score in scorer.score(LINES)]
    alone = [next(scorer.score([line])).log_probs for line in LINES]
    backwards = [score.log_probs for score in scorer.score(LINES[::-1])][::-1]
    monkeypatch.setattr(scoring, "WINDOW", 3)
    monkeypatch.setattr(scoring, "READ", 4)
    windowed = [score.log_probs for score in scorer.score(LINES)]
    for scores in zip(together, alone, backwards, windowed, strict=True):
        for other in scores[1:]:
            np.testing.assert_allclose(other, scores[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("neural", [True, False])
@pytest.mark.parametrize("kind", ["words", "whitespace", "characters", "bpe", "unigram"])
def test_the_words_of_a_sentence_add_up_to_the_sentence(kind: str, neural: bool) -> None:
    for line, score in zip(LINES, scorer_of(kind, neural).score(LINES), strict=True):
        words = word_log_probs(score)
        assert score.words == line.split()
        assert len(words) == len(score.words) + 1
        assert words.sum() == pytest.approx(score.log_probs.sum(), abs=1e-4)


def test_a_words_probability_counts_that_it_ends_by_hand() -> None:
    """Pieces _a b | _c: p(_a b as a word) = p(_a) p(b) p(a word begins next), over nothing before the first word."""
    score = SentenceScore(
        ids=np.array([5, 6, 7, 0]),
        word_of=np.array([0, 0, 1, 2]),
        words=["ab", "c"],
        log_probs=np.log([0.5, 0.4, 0.3, 0.2]),
        boundary=np.log([0.9, 0.1, 0.6, 0.7]),
    )
    assert np.exp(word_log_probs(score)).tolist() == pytest.approx([0.5 * 0.4 * 0.6, 0.3 / 0.6 * 0.7, 0.2 / 0.7])


@pytest.mark.parametrize("columns", [2, 3, 7])
def test_a_stream_in_columns_is_a_stream(columns: int) -> None:
    tokenizer = tokenizer_of("words")
    model = network(tokenizer)
    ids = np.tile(encode_text(tokenizer, LINES).ids, 30)
    whole = stream_nll(model, ids, columns=1)
    assert stream_nll(model, ids, columns=columns) == pytest.approx(whole, rel=1e-3)


def test_one_column_is_every_token_once_with_the_state_carried() -> None:
    tokenizer = tokenizer_of("words")
    model = network(tokenizer)
    ids = encode_text(tokenizer, LINES).ids
    state, total, before = model.start(1), 0.0, 0
    with torch.inference_mode():
        for token in ids.tolist():
            rows, state = model.step(torch.tensor([before]), state)
            total -= float(rows[0, token])
            before = token
    assert stream_nll(model, ids, columns=1) == pytest.approx(total, rel=1e-5)


def test_the_ngram_stepper_forgets_at_the_end_of_a_sentence() -> None:
    scorer = scorer_of("words", neural=False)
    assert isinstance(scorer, NGramScorer)
    stepper = NGramStepper(scorer.model)
    state = stepper.start(1)
    fresh, _ = stepper.step(torch.tensor([0]), state)
    for token in (4, 5, 6, 7, 0):
        rows, state = stepper.step(torch.tensor([token]), state)
    assert torch.equal(rows, fresh)
    assert float(rows.exp().sum()) == pytest.approx(1.0, abs=1e-4)


def test_an_untrained_uniform_model_has_the_perplexity_of_its_vocabulary() -> None:
    tokenizer = tokenizer_of("words")
    model = network(tokenizer)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    ids = encode_text(tokenizer, LINES).ids
    assert math.exp(stream_nll(model, ids) / len(ids)) == pytest.approx(len(tokenizer), rel=1e-5)
