"""What all tests share: a cache of their own, and a model trained once."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
def _interruptible() -> None:
    """A shell has what it starts in the background ignore Ctrl-C; tests that send it need Python's own answer."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture(scope="session")
def parallel_text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 300 short pairs of the translation grammar: pairs.tsv, and line by line pairs.en and pairs.pt."""
    folder = tmp_path_factory.mktemp("parallel")
    lines = (Path(__file__).parent.parent / "corpora" / "translation.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines if line.split("\t")[0].count(" ") < 6][:300]
    (folder / "pairs.tsv").write_text("".join(f"{source}\t{target}\n" for source, target in pairs), encoding="utf-8")
    (folder / "pairs.en").write_text("".join(f"{source}\n" for source, _ in pairs), encoding="utf-8")
    (folder / "pairs.pt").write_text("".join(f"{target}\n" for _, target in pairs), encoding="utf-8")
    return folder


TRANSLATOR: dict[str, Any] = {
    "encoder_layers": 1,
    "decoder_layers": 1,
    "hidden": 48,
    "embedding": 48,
    "dropout": 0.0,
    "epochs": 8,
    "lr": 0.04,
    "warmup": 10,
    "batch_tokens": 400,
    "best_by": "perplexity",
    "threads": 1,
}


@pytest.fixture(scope="session")
def small_translator(parallel_text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A translator of subwords, one vocabulary for both languages, trained until it tells sentences apart."""
    from nlprnn import train_translator

    out, settings = tmp_path_factory.mktemp("model") / "pieces", TRANSLATOR | {"lr": 0.03, "batch_tokens": 300}
    train_translator(parallel_text / "pairs.tsv", out, vocab_size=400, quiet=True, **settings)
    return out


@pytest.fixture(scope="session")
def word_translator(parallel_text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A translator of words, a vocabulary for each language, which lack many words."""
    from nlprnn import train_translator

    out, files = tmp_path_factory.mktemp("model") / "words", [parallel_text / "pairs.en", parallel_text / "pairs.pt"]
    train_translator(files, out, tokenizer="words", joint=False, quiet=True, **TRANSLATOR)
    return out


@pytest.fixture(scope="session")
def blind_translator(parallel_text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A translator of words without attention."""
    from nlprnn import train_translator

    out, settings = tmp_path_factory.mktemp("model") / "blind", TRANSLATOR | {"attention": "none", "epochs": 1}
    train_translator(parallel_text / "pairs.tsv", out, tokenizer="words", quiet=True, **settings)
    return out


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 120 short reviews whose score, 1, 2 or 3, one word of each tells; the columns are score and text."""
    rng, path = random.Random(5), tmp_path_factory.mktemp("reviews") / "reviews.tsv"
    rows = []
    for number in range(120):
        words = rng.choices(["the", "film", "was", "a", "very", "plot", "with", "songs"], k=rng.randint(1, 9))
        words.insert(rng.randint(0, len(words)), ("dull", "fair", "great")[number % 3])
        rows.append(f"{number % 3 + 1}\t{' '.join(words)}\n")
    path.write_text("score\ttext\n" + "".join(rows), encoding="utf-8")
    return path


CLASSIFIER: dict[str, Any] = {"hidden": 8, "embedding": 8, "head_hidden": 0, "threads": 1, "quiet": True}


@pytest.fixture(scope="session")
def small_classifier(reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of `reviews` that has learnt most of them."""
    from nlprnn import train_classifier

    out = tmp_path_factory.mktemp("model") / "classifier"
    train_classifier(reviews, out, epochs=8, lr=0.05, dropout=0.1, averaging=0.0, batch_size=12, **CLASSIFIER)
    return out
