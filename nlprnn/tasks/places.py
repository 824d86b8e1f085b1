"""Where models stand when nobody says where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nlprnn.checkpoint import CONFIG, MAKERS, WEIGHTS, read_config
from nlprnn.errors import ModelDirectoryError

MODELS = Path("models")
Paths = str | Path | Sequence[str | Path]


def several(paths: Paths) -> list[str | Path]:
    """One path as a list of one."""
    return [paths] if isinstance(paths, (str, Path)) else list(paths)


def default_out(corpus: Sequence[str | Path], suffix: str) -> Path:
    """`models/NAME-suffix` for a corpus called NAME, whatever its endings."""
    name = Path(str(corpus[0]).removeprefix("hf:")).name.split(".")[0]
    return MODELS / f"{name or 'corpus'}-{suffix}"


def newest(kind: str, root: Path = MODELS) -> Path:
    """The most recently trained model of a kind below `root`; ModelDirectoryError names the command that makes one."""
    found: list[tuple[float, Path]] = []
    for config in root.glob(f"*/{CONFIG}"):
        try:
            if read_config(config.parent)["kind"] == kind and (config.parent / WEIGHTS).is_file():
                found.append(((config.parent / WEIGHTS).stat().st_mtime, config.parent))
        except ModelDirectoryError:
            continue
    if not found:
        raise ModelDirectoryError(f"{root}/: no model of kind {kind} there; '{MAKERS[kind]}' makes one")
    return max(found)[1]
