"""What all tests share: a cache of their own, and a model trained once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the user's cache."""
    before = os.environ.get("NLPRNN_CACHE")
    os.environ["NLPRNN_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["NLPRNN_CACHE"]
    else:
        os.environ["NLPRNN_CACHE"] = before


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Small tensors gain nothing from a second thread."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data; tests that need it are skipped without it."""
    place = os.environ.get("NLPRNN_DATA")
    if not place or not Path(place).is_dir():
        pytest.skip("real data is not here: set NLPRNN_DATA to its folder")
    return Path(place)


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small corpus of the agreement grammar."""
    from nlprnn.grammars.agreement import agreement_corpus

    path = tmp_path_factory.mktemp("text") / "small.txt"
    path.write_text("".join(line + "\n" for line in agreement_corpus(1500, seed=3)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def small_model(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language model trained for a moment on `text`."""
    from nlprnn import train_language_model

    out = tmp_path_factory.mktemp("model") / "lm"
    train_language_model(text, out, epochs=2, hidden=24, batch_size=8, quiet=True, threads=1)
    return out


@pytest.fixture(scope="session")
def small_ngram(text: Path, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An n-gram model of the same text and tokens."""
    from nlprnn import train_ngram

    out = tmp_path_factory.mktemp("model") / "ngram"
    train_ngram(text, out, like=small_model, quiet=True)
    return out
