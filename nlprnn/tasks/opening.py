"""Any model taken from its directory, whatever its kind."""

from __future__ import annotations

from pathlib import Path

from nlprnn.checkpoint import read_config
from nlprnn.tasks.loading import TextModel, load_text_model
from nlprnn.tasks.translation_model import TRANSLATOR, TranslationModel, load_translator


def load(directory: str | Path) -> TextModel | TranslationModel:
    """The model in a directory. Raises ModelDirectoryError where it is missing or broken."""
    if read_config(Path(directory))["kind"] == TRANSLATOR:
        return load_translator(directory)
    return load_text_model(directory)
