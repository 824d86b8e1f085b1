"""A corpus as tokens, with a bar where it takes long and every note told."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator

from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.tasks.notes import Note
from nlprnn.text.lines import Lines
from nlprnn.text.store import TokenStore, build_store
from nlprnn.text.tokenizer import Tokenizer, train_tokenizer

PATIENCE = 2.0  # seconds before a bar appears


@contextlib.contextmanager
def bar(label: str, unit: str = "line") -> Iterator[Callable[[int, int], None]]:
    """A progress(units done, units in all), shown on a terminal."""
    from tqdm import tqdm

    with tqdm(desc=label, unit=unit, unit_scale=True, leave=False, disable=None, delay=PATIENCE) as shown:

        def progress(done: int, total: int) -> None:
            shown.total = total
            shown.update(done - shown.n)

        yield progress


def learn_tokenizer(config: TokenizerConfig, lines: Iterable[str], note: Note) -> Tokenizer:
    """A tokenizer whose vocabulary comes from `lines`."""
    with bar("counting") as progress:
        tokenizer, notes = train_tokenizer(config, lines, progress=progress)
    for text in notes:
        note(f"note: {text}")
    return tokenizer


def encode(lines: Lines, tokenizer: Tokenizer, note: Note) -> TokenStore:
    """The token store of a text, found in the cache or made."""
    with bar("encoding") as progress:
        store = build_store(lines, tokenizer, progress=progress)
    for text in store.notes:
        note(f"note: {text}")
    return store
