"""What a setting is: a field of a frozen dataclass that knows its help and its limits, checked when it is made.

Command-line options are made from such fields, and a model directory's config.json is written from them and read back.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nlprnn.errors import ConfigError
from nlprnn.presets import PRESETS


def option(
    default: Any,
    help: str,
    *,
    choices: tuple[str, ...] | None = None,
    low: float | None = None,
    high: float | None = None,
    below: float | None = None,
    aliases: tuple[str, ...] = (),
    metavar: str | None = None,
) -> Any:
    """A dataclass field that knows its help text, its choices and its limits (`low` <= value <= `high`, < `below`)."""
    meta = {"help": help, "choices": choices, "low": low, "high": high, "below": below, "aliases": aliases}
    return field(default=default, metadata=meta | {"metavar": metavar})


def probability(default: float | None, help: str, **more: Any) -> Any:
    return option(default, help, low=0.0, below=1.0, metavar="P", **more)


def other_default(base: type[Config], name: str, default: Any) -> Any:
    """The option of that name of a configuration, with another default."""
    return field(default=default, metadata=base.__dataclass_fields__[name].metadata)


@dataclass(frozen=True)
class Config:
    """Base of all configurations: checked when made, told in one line when wrong."""

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            check_field(item, getattr(self, item.name))


def flag(name: str) -> str:
    """The command-line option of a setting: batch_size -> --batch-size."""
    return "--" + name.replace("_", "-")


def check_field(item: dataclasses.Field[Any], value: Any) -> None:
    """Raise ConfigError when a value lies outside the field's choices or limits."""
    meta, option_name = item.metadata, flag(item.name)
    if value is None or not meta:
        return
    if meta["choices"] and value not in meta["choices"]:
        raise ConfigError(f"{option_name} {value}: choose one of {', '.join(meta['choices'])}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high, below = meta["low"], meta["high"], meta["below"]
        if value != value or value in (float("inf"), float("-inf")):
            raise ConfigError(f"{option_name} {value}: give a finite number")
        if low is not None and value < low:
            raise ConfigError(f"{option_name} {value}: give a number of at least {low:g}")
        if high is not None and value > high:
            raise ConfigError(f"{option_name} {value}: give a number of at most {high:g}")
        if below is not None and value >= below:
            raise ConfigError(f"{option_name} {value}: give a number below {below:g}")


C = TypeVar("C", bound=Config)


def check_names(values: dict[str, Any], *kinds: type[Config]) -> None:
    """Raise ConfigError for names that are settings of none of `kinds`."""
    known = {item.name for kind in kinds for item in dataclasses.fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ConfigError(f"{', '.join(unknown)}: no such setting; there are {', '.join(sorted(known))}")


def build(kind: type[C], values: dict[str, Any], preset: str = "default") -> C:
    """A configuration of `kind` from a preset, overridden by those of `values` that are its fields and not None.

    Raises ConfigError for an unknown preset.
    """
    if preset not in PRESETS:
        raise ConfigError(f"--preset {preset}: choose one of {', '.join(PRESETS)}")
    names = {item.name for item in dataclasses.fields(kind)}
    chosen = {**PRESETS[preset], **{name: value for name, value in values.items() if value is not None}}
    return kind(**{name: value for name, value in chosen.items() if name in names})


def from_json(kind: type[C], values: Any) -> C:
    """A configuration read back from JSON; a setting that it lacks was not there yet, and has its default.

    Raises ConfigError for settings that this version does not know, and for values of another type.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"a configuration is missing or broken ({kind.__name__})")
    fields = {item.name: item for item in dataclasses.fields(kind)}
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise ConfigError(f"has settings that this version does not know ({', '.join(unknown)}); upgrade nlprnn")
    for name, value in values.items():
        check_type(fields[name], value)
    return kind(**values)


def check_type(item: dataclasses.Field[Any], value: Any) -> None:
    """Raise ConfigError where a value from JSON has not the type that the field declares."""
    types = {"int": int, "float": (int, float), "str": str, "bool": bool, "None": type(None)}
    allowed = tuple(types[name.strip()] for name in str(item.type).split("|"))
    flat = tuple(kind for entry in allowed for kind in (entry if isinstance(entry, tuple) else (entry,)))
    if not isinstance(value, flat) or (isinstance(value, bool) and bool not in flat):
        raise ConfigError(f"{item.name}: {value!r} is not {item.type}")
