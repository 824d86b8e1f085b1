"""The model that a command is about: the one named, or the newest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nlprnn.tasks.notes import to_stderr

if TYPE_CHECKING:
    from nlprnn.tasks.loading import TextModel


def open_model(directory: str | None) -> TextModel:
    """The model in a directory; without one the newest neural language model below models/, which is then named."""
    from nlprnn.tasks.loading import LANGUAGE_MODEL, load_text_model
    from nlprnn.tasks.places import newest

    if directory is None:
        found = newest(LANGUAGE_MODEL)
        to_stderr(f"model: {found}")
        return load_text_model(found)
    return load_text_model(Path(directory))


def tell_unknown(model: TextModel, text: str) -> None:
    """A note on the words of a text that the model reads as <unk>."""
    unknown = [word for word in model.tokenizer.words(text) if not model.tokenizer.knows(word)]
    if unknown:
        to_stderr(f"note: read as <unk>: {', '.join(dict.fromkeys(unknown))}")
