"""A trained text model taken from its directory, and what can be done with it in Python."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch

from nlprnn.checkpoint import (
    CONFIG,
    COUNTS,
    LANGUAGE_MODEL,
    NGRAM,
    WEIGHTS,
    load_weights,
    read_arrays,
    read_config,
    read_json,
)
from nlprnn.config.decoding import Sampling
from nlprnn.config.language_model import LanguageModelConfig
from nlprnn.errors import ConfigError, ModelDirectoryError
from nlprnn.inference.decoding import Stepper, next_words, sample
from nlprnn.inference.ngram import NGramScorer, NGramStepper
from nlprnn.inference.scoring import NeuralScorer, SentenceScore, SentenceScorer
from nlprnn.models.language_model import LanguageModel
from nlprnn.models.ngram import NGramModel
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.nn.kernels.process import prepare
from nlprnn.settings import build, check_names, from_json
from nlprnn.text.tokenizer import Tokenizer, load_tokenizer

MOST_TOKENS = 40  # drawn for a word: an untrained model may never begin one


@dataclasses.dataclass(frozen=True)
class TextModel:
    """A model of text with its tokenizer: neural or n-gram, used in the same way."""

    directory: Path
    kind: str
    model: LanguageModel | NGramModel
    tokenizer: Tokenizer

    @property
    def scorer(self) -> SentenceScorer:
        """Log-probabilities of sentences; see `nlprnn.inference.scoring`."""
        if isinstance(self.model, LanguageModel):
            return NeuralScorer(self.model, self.tokenizer)
        return NGramScorer(self.model, self.tokenizer)

    @property
    def stepper(self) -> Stepper:
        """One token at a time, exactly; see `nlprnn.inference.decoding`."""
        return self.model.eval() if isinstance(self.model, LanguageModel) else NGramStepper(self.model)

    @functools.cached_property
    def fast_stepper(self) -> Stepper:
        """The same for long texts, with probabilities rounded as `LanguageModel.stepper` says."""
        return self.model.stepper() if isinstance(self.model, LanguageModel) else NGramStepper(self.model)

    def score(self, sentences: Iterable[str]) -> Iterator[SentenceScore]:
        """The log-probability, in nats, of every token of each sentence, from a fresh state."""
        return self.scorer.score(sentences)

    def predict(self, text: str, k: int = 10) -> list[tuple[str, float]]:
        """The k likeliest next words after `text`, with their probabilities, likeliest first."""
        prompt = self.tokenizer.encode(text)
        words = next_words(self.stepper, prompt, k, self.tokenizer.starts_word)
        return [
            ("<eos>" if ids == [self.tokenizer.eos_id] else self._word(ids), probability) for ids, probability in words
        ]

    def _word(self, ids: list[int]) -> str:
        if ids == [self.tokenizer.unk_id]:
            return self.tokenizer.token(ids[0])
        return self.tokenizer.decode(ids).strip()

    def generate(
        self,
        prompt: str = "",
        words: int = 50,
        seed: int = 1,
        **sampling: Any,
    ) -> str:
        """`prompt` and the text of `words` words drawn after it; `<eos>` ends a line, `<unk>` is never drawn.

        `sampling` are fields of Sampling: `temperature` 0 takes the likeliest token each time; `top_k` and `top_p` draw
        from the likeliest only. Raises ConfigError for others.
        """
        check_names(sampling, Sampling)
        start, how = self.tokenizer.encode(prompt), build(Sampling, sampling)
        drawn: list[int] = []
        begun = 0
        for token in itertools.islice(
            sample(self.fast_stepper, start, how, seed, never=(self.tokenizer.unk_id,)), MOST_TOKENS * words
        ):
            begun += self._begins_word(token)
            if begun > words:
                break
            drawn.append(token)
        return self.tokenizer.decode([*start, *drawn])

    def _begins_word(self, token: int) -> bool:
        """Whether a token is the first of a word; ends of lines and, where tokens are whole, punctuation are none."""
        if token == self.tokenizer.eos_id:
            return False
        if self.tokenizer.starts_word is not None:
            return bool(self.tokenizer.starts_word[token])
        return any(character.isalnum() for character in self.tokenizer.token(token))

    def frequency(self) -> Callable[[str], int | None]:
        """How often a word was seen in training: 0 if it is unknown, None if it is not one token or nobody counted."""
        path = self.directory / COUNTS
        counts = read_json(path)["counts"] if path.is_file() else None

        def look_up(word: str) -> int | None:
            ids = self.tokenizer.encode(word)
            if counts is None or len(ids) != 1:
                return None
            return 0 if ids[0] == self.tokenizer.unk_id else int(counts[ids[0]])

        return look_up


def load_text_model(directory: str | Path, kind: str | None = None) -> TextModel:
    """The model in a directory. Raises ModelDirectoryError where it is missing, broken, or not of the `kind` asked."""
    directory = Path(directory)
    config = read_config(directory, kind)
    if config["kind"] not in (LANGUAGE_MODEL, NGRAM):
        raise ModelDirectoryError(f"{directory}: a model of kind {config['kind']!r}, which this command does not use")
    tokenizer = load_tokenizer(directory)
    if config["kind"] == NGRAM:
        ngram = NGramModel.from_tensors(read_arrays(directory / WEIGHTS))
        _check_sizes(directory, ngram.vocabulary, tokenizer)
        return TextModel(directory, NGRAM, ngram, tokenizer)
    return TextModel(directory, LANGUAGE_MODEL, _language_model(directory, config, tokenizer), tokenizer)


def _language_model(directory: Path, config: dict[str, Any], tokenizer: Tokenizer) -> LanguageModel:
    try:
        settings = from_json(LanguageModelConfig, config.get("model"))
    except ConfigError as error:
        raise ModelDirectoryError(f"{directory / CONFIG}: {error}; train the model again") from None
    with torch.device("meta"):  # without first weights, which are only replaced
        model = LanguageModel(settings, len(tokenizer))
    load_weights(model, directory / WEIGHTS)
    prepare(model.device)
    model.use(choose("auto", "auto", model.device))
    return model.eval()


def _check_sizes(directory: Path, vocabulary: int, tokenizer: Tokenizer) -> None:
    if vocabulary != len(tokenizer):
        raise ModelDirectoryError(
            f"{directory}: the model has {vocabulary} types and its tokenizer {len(tokenizer)}; train the model again"
        )
