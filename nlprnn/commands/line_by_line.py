"""What commands share that answer line for line: their arguments, and the lines that a person types."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import click

from nlprnn.errors import ConfigError

PROMPT = "> "


def model_and_file(arguments: tuple[str, ...]) -> tuple[str | None, str | None]:
    """MODEL and FILE, of which a lone one is MODEL if it is a directory. Raises ConfigError for more arguments."""
    if len(arguments) > 2:
        raise ConfigError("give a model and one file of sentences; several files can be joined with `cat`")
    if len(arguments) == 1:
        return (arguments[0], None) if os.path.isdir(arguments[0]) else (None, arguments[0])
    return (arguments[0], arguments[1]) if arguments else (None, None)


def prompted() -> Iterator[str]:
    """The lines that a person types, each asked for."""
    while True:
        click.echo(PROMPT, nl=False, err=True)
        line = sys.stdin.buffer.readline()
        if not line:
            click.echo(err=True)
            return
        yield line.decode(errors="replace").removesuffix("\n")
