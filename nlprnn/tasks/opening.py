"""Any model taken from its directory, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nlprnn.checkpoint import read_config
from nlprnn.tasks.classification_model import CLASSIFIER, ClassificationModel, load_classifier
from nlprnn.tasks.loading import TextModel, load_text_model
from nlprnn.tasks.translation_model import TRANSLATOR, TranslationModel, load_translator
from nlprnn.tasks.vec2seq_model import VEC2SEQ, Vec2SeqModel, load_vec2seq

Model = TextModel | TranslationModel | ClassificationModel | Vec2SeqModel

LOADERS: dict[str, Callable[[str | Path], Model]] = {
    TRANSLATOR: load_translator,
    CLASSIFIER: load_classifier,
    VEC2SEQ: load_vec2seq,
}


def load(directory: str | Path) -> Model:
    """The model in a directory. Raises ModelDirectoryError where it is missing or broken."""
    return LOADERS.get(kind_of(directory), load_text_model)(directory)


def kind_of(directory: str | Path) -> str:
    """Of which kind the model in a directory is. Raises ModelDirectoryError where there is none."""
    return str(read_config(Path(directory))["kind"])
