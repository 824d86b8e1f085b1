"""nlprnn: recurrent-network language tasks for small corpora and CPUs. The public names, imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "train_language_model": "nlprnn.tasks.language_modelling",
    "train_ngram": "nlprnn.tasks.ngram",
    "train_translator": "nlprnn.tasks.translation",
    "evaluate_translator": "nlprnn.tasks.translation_evaluation",
    "TranslationModel": "nlprnn.tasks.translation_model",
    "Translator": "nlprnn.models.translator",
    "train_classifier": "nlprnn.tasks.classification",
    "evaluate_classifier": "nlprnn.tasks.classification_evaluation",
    "ClassificationModel": "nlprnn.tasks.classification_model",
    "Classifier": "nlprnn.models.classifier",
    "ClassifierConfig": "nlprnn.config.classification",
    "ClassifierTrainingConfig": "nlprnn.config.classification",
    "ClassifierTokenizerConfig": "nlprnn.config.classification",
    "TransferConfig": "nlprnn.config.classification",
    "train_vec2seq": "nlprnn.tasks.vec2seq",
    "Vec2SeqModel": "nlprnn.tasks.vec2seq_model",
    "Vec2Seq": "nlprnn.models.vec2seq",
    "Vec2SeqConfig": "nlprnn.config.vec2seq",
    "Vec2SeqTrainingConfig": "nlprnn.config.vec2seq",
    "TranslatorConfig": "nlprnn.config.translation",
    "TranslationTrainingConfig": "nlprnn.config.translation",
    "PairTokenizerConfig": "nlprnn.config.translation",
    "Search": "nlprnn.config.decoding",
    "Sampling": "nlprnn.config.decoding",
    "load": "nlprnn.tasks.opening",
    "LanguageModel": "nlprnn.models.language_model",
    "NGramModel": "nlprnn.models.ngram",
    "LanguageModelConfig": "nlprnn.config.language_model",
    "StreamTrainingConfig": "nlprnn.config.language_model",
    "TokenizerConfig": "nlprnn.config.tokenizing",
    "NGramConfig": "nlprnn.config.language_model",
    "NlprnnError": "nlprnn.errors",
    "TextModel": "nlprnn.tasks.loading",
    "evaluate": "nlprnn.tasks.evaluation",
    "word_surprisal": "nlprnn.tasks.surprisal",
    "token_surprisal": "nlprnn.tasks.surprisal",
    "probe_agreement": "nlprnn.tasks.probing",
    "ask_sentence": "nlprnn.tasks.probing",
    "diagnose": "nlprnn.tasks.diagnosing",
    "make_corpus": "nlprnn.tasks.corpora",
    "export_arpa": "nlprnn.tasks.ngram",
    "import_arpa": "nlprnn.tasks.ngram",
}
__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nlprnn' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
