"""The model that a command is about: the one named, or the newest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nlprnn.tasks.notes import to_stderr

if TYPE_CHECKING:
    from nlprnn.tasks.classification_model import ClassificationModel
    from nlprnn.tasks.loading import TextModel
    from nlprnn.tasks.translation_model import TranslationModel
    from nlprnn.tasks.vec2seq_model import Vec2SeqModel


def open_model(directory: str | None) -> TextModel:
    """The model in a directory; without one the newest neural language model below models/, which is then named."""
    from nlprnn.tasks.loading import LANGUAGE_MODEL, load_text_model
    from nlprnn.tasks.places import newest

    if directory is None:
        found = newest(LANGUAGE_MODEL)
        to_stderr(f"model: {found}")
        return load_text_model(found)
    return load_text_model(Path(directory))


def open_translator(directory: str | None, ensemble: Sequence[str]) -> TranslationModel:
    """The translator in a directory, together with others; without one the newest below models/, which is named."""
    from nlprnn.tasks.places import newest
    from nlprnn.tasks.translation_model import TRANSLATOR, load_translator

    found = Path(directory) if directory is not None else newest(TRANSLATOR)
    if directory is None:
        to_stderr(f"model: {found}")
    model = load_translator(found)
    return model.joined([load_translator(other) for other in ensemble]) if ensemble else model


def open_vec2seq(directory: str | None) -> Vec2SeqModel:
    """The model that makes texts from vectors in a directory; without one the newest below models/, which is named."""
    from nlprnn.tasks.places import newest
    from nlprnn.tasks.vec2seq_model import VEC2SEQ, load_vec2seq

    found = Path(directory) if directory is not None else newest(VEC2SEQ)
    if directory is None:
        to_stderr(f"model: {found}")
    return load_vec2seq(found)


def open_classifier(directory: str | None) -> ClassificationModel:
    """The classifier in a directory; without one the newest below models/, which is then named."""
    from nlprnn.tasks.classification_model import CLASSIFIER, load_classifier
    from nlprnn.tasks.places import newest

    found = Path(directory) if directory is not None else newest(CLASSIFIER)
    if directory is None:
        to_stderr(f"model: {found}")
    return load_classifier(found)


def tell_unknown(model: TextModel, text: str) -> None:
    """A note on the words of a text that the model reads as <unk>."""
    unknown = [word for word in model.tokenizer.words(text) if not model.tokenizer.knows(word)]
    if unknown:
        to_stderr(f"note: read as <unk>: {', '.join(dict.fromkeys(unknown))}")
