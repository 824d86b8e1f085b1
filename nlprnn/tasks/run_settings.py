"""All that decides what a training run computes: chosen once, stored with the model, and kept when it is resumed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from nlprnn.checkpoint import CONFIG, read_config
from nlprnn.config.training import TrainingConfig
from nlprnn.errors import ConfigError, ModelDirectoryError
from nlprnn.settings import Config, build, check_names, flag, from_json

FREE_ON_RESUME = {"threads", "kernels", "precision", "device"}  # may change between the parts of a run

S = TypeVar("S", bound="RunSettings")


@dataclasses.dataclass(frozen=True)
class RunSettings:
    """One configuration for each part of a run; a task's own subclass says which, and they stand so in config.json."""

    training: TrainingConfig

    @classmethod
    def kinds(cls) -> dict[str, type[Config]]:
        """The kind of configuration of each part."""
        hints = get_type_hints(cls)
        return {item.name: hints[item.name] for item in dataclasses.fields(cls)}

    def but(self: S, values: dict[str, Any]) -> S:
        """The same settings but for those of `values`, whichever part they belong to."""
        parts = {}
        for name, kind in self.kinds().items():
            names = {item.name for item in dataclasses.fields(kind)} & set(values)
            parts[name] = dataclasses.replace(getattr(self, name), **{one: values[one] for one in names})
        return dataclasses.replace(self, **parts)

    def to_json(self) -> dict[str, Any]:
        return {name: dataclasses.asdict(getattr(self, name)) for name in self.kinds()}


def choose_settings(
    settings: type[S], kind: str, path: Path, given: dict[str, Any], resume: bool, preset: str = "default"
) -> S:
    """The settings of a new run, or those stored at `path` by the run that is resumed.

    Raises ConfigError for settings that do not exist, and where those given contradict those stored.
    """
    check_names(given, *settings.kinds().values())
    if resume and preset != "default":
        raise ConfigError(f"--preset {preset}: a resumed run keeps its settings; leave the option out")
    if not (resume and (path / CONFIG).is_file()):
        new: dict[str, Any] = {name: build(part, given, preset) for name, part in settings.kinds().items()}
        return settings(**new)
    stored = read_config(path, kind)
    try:
        kept: dict[str, Any] = {name: from_json(part, stored.get(name)) for name, part in settings.kinds().items()}
        old = settings(**kept)
    except ConfigError as error:
        raise ModelDirectoryError(f"{path / CONFIG}: {error}; start over with --overwrite") from None
    flat = {key: value for part in old.to_json().values() for key, value in part.items()}
    for name, value in given.items():
        if value is not None and name not in FREE_ON_RESUME and value != flat[name]:
            was = f"the run to resume was started with {flat[name]}"
            raise ConfigError(f"{flag(name)} {value}: {was}; leave the option out")
    free = {name: given[name] for name in FREE_ON_RESUME if given.get(name) is not None}
    return dataclasses.replace(old, training=dataclasses.replace(old.training, **free))
