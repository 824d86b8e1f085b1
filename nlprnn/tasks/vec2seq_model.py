"""A network that makes texts from vectors, taken from its directory, and what can be done with it in Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nlprnn.checkpoint import CONFIG, VEC2SEQ, WEIGHTS, load_weights, read_config
from nlprnn.config.decoding import Sampling, Search
from nlprnn.config.vec2seq import Vec2SeqConfig
from nlprnn.errors import ConfigError, DataError, ModelDirectoryError
from nlprnn.inference.vec2seq import draw_texts, predict_texts, search_texts
from nlprnn.metrics.likelihood import perplexity
from nlprnn.models.vec2seq import Vec2Seq
from nlprnn.nn.kernels.dispatch import choose
from nlprnn.nn.kernels.process import prepare
from nlprnn.settings import from_json
from nlprnn.text.tokenizer import Tokenizer, load_tokenizer
from nlprnn.text.vector_batches import EncodedVectorTexts, encode_vector_texts
from nlprnn.text.vectors import Columns, VectorTexts, check_size, open_vector_texts, parse_vector, read_vectors

WINDOW = 1024  # texts made before the first is told
READ_TOKENS = 8000  # of given texts, padding included, read side by side


@dataclasses.dataclass(frozen=True)
class Made:
    """A text made from a vector."""

    text: str
    log_prob: float  # nats, its end included
    ended: bool  # False: cut off at the longest text trained on


@dataclasses.dataclass(frozen=True)
class Vec2SeqModel:
    """The network with the tokenizer of its texts; `columns` are the names of a vector's numbers, if they have any."""

    directory: Path
    network: Vec2Seq
    tokenizer: Tokenizer
    columns: tuple[str, ...] | None

    @property
    def size(self) -> int:
        """How many numbers a vector has."""
        return len(self.network.mean)

    def generate(
        self, vectors: np.ndarray, how: Search | Sampling | None = None, seed: int = 1, draws: int = 1
    ) -> Iterator[list[Made]]:
        """Texts made from each of the vectors (n, D), or from one (D,): so many drawn, or the best; without `<unk>`.

        The same seed draws the same texts from a vector at the same place, whatever stands around it.
        Raises DataError for vectors of another size or not finite, and ConfigError for a search with several draws.
        """
        how = how or Sampling()
        vectors = np.atleast_2d(np.asarray(vectors, dtype=np.float32))
        if not np.isfinite(vectors).all():
            raise DataError("vectors with NaN or infinity in them; repair or remove these")
        check_size(vectors, self.size, "vectors to make texts from", f"those that {self.directory} was trained on")
        if isinstance(how, Search) and draws != 1:
            raise ConfigError(f"--draws {draws}: searching finds the same text each time; leave out --beam to draw")
        window = max(WINDOW // draws, 1)
        for start in range(0, len(vectors), window):
            some = np.repeat(vectors[start : start + window], draws, axis=0)
            made = self._made(torch.from_numpy(some), how, seed, start * draws)
            yield from (made[first : first + draws] for first in range(0, len(made), draws))

    def _made(self, vectors: torch.Tensor, how: Search | Sampling, seed: int, start: int) -> list[Made]:
        never = (self.tokenizer.unk_id,)
        if isinstance(how, Search):
            found = search_texts(self.network, vectors, how, never)
        else:
            places = range(start, start + len(vectors))
            seeds = [int(np.random.SeedSequence((seed, place)).generate_state(1)[0]) for place in places]
            found = draw_texts(self.network, vectors, how, seeds, never)
        return [Made(self.tokenizer.decode(one.ids), one.log_prob, one.ended) for one in found]

    def read(self, source: str | Path) -> np.ndarray:
        """Vectors to make texts from, (n, D): of a .npy file or a table, or written as "4,0,-1.5".

        Of a table the columns are read whose names the model was trained on. Raises DataError for all else.
        """
        vectors = read_vectors(source, self.columns) if Path(source).exists() else parse_vector(str(source))
        check_size(vectors, self.size, str(source), f"those that {self.directory} was trained on")
        return vectors

    def perplexity(self, rows: EncodedVectorTexts) -> tuple[float, int]:
        """The perplexity of given texts, and of how many tokens, the end of each included."""
        nll, tokens = predict_texts(self.network, rows.batches(READ_TOKENS))
        return perplexity(nll, tokens), tokens


def evaluate_vec2seq(model: Vec2SeqModel, texts: VectorTexts) -> dict[str, Any]:
    """How well texts are predicted from their vectors: the JSON of `evaluate`."""
    rows = encode_vector_texts(texts.vectors, texts.texts, model.tokenizer)
    check_size(rows.vectors, model.size, texts.name, f"those that {model.directory} was trained on")
    figure, tokens = model.perplexity(rows)
    return {"perplexity": figure, "tokens": tokens, "texts": len(rows)}


def evaluate_vector_files(
    model: Vec2SeqModel, files: tuple[str, ...], text_column: str | None = None
) -> dict[str, Any]:
    """The same of a .npy file and a text file, or of a table with the columns the model was trained on."""
    columns = Columns(model.columns) if text_column is None else Columns(model.columns, text_column)
    return evaluate_vec2seq(model, open_vector_texts(files, columns))


def load_vec2seq(directory: str | Path) -> Vec2SeqModel:
    """The model in a directory. Raises ModelDirectoryError where it is missing, broken, or of another kind."""
    directory = Path(directory)
    config = read_config(directory, VEC2SEQ)
    tokenizer = load_tokenizer(directory)
    try:
        settings = from_json(Vec2SeqConfig, config.get("model"))
    except ConfigError as error:
        raise ModelDirectoryError(f"{directory / CONFIG}: {error}; train the model again") from None
    size, columns = _vectors(directory, config.get("vectors"))
    with torch.device("meta"):  # without first weights, which are only replaced
        network = Vec2Seq(settings, size, len(tokenizer))
    load_weights(network, directory / WEIGHTS)
    prepare(network.device)
    network.use(choose("auto", "auto", network.device))
    return Vec2SeqModel(directory, network.eval(), tokenizer, columns)


def _vectors(directory: Path, described: Any) -> tuple[int, tuple[str, ...] | None]:
    """The size and the names of the numbers of a vector, from config.json."""
    size, names = (described.get("size"), described.get("columns")) if isinstance(described, dict) else (None, None)
    named = isinstance(names, list) and len(names) == size and all(isinstance(name, str) for name in names)
    if not isinstance(size, int) or size < 1 or not (names is None or named):
        raise ModelDirectoryError(f"{directory / CONFIG}: does not say what its vectors are; train the model again")
    return size, None if names is None else tuple(names)
