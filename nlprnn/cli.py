"""The `nlprnn` command: a group whose commands are imported only when they are needed, so that `--help` is instant."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from nlprnn import __version__
from nlprnn.errors import ConfigError, NlprnnError

COMMANDS = {
    "train-lm": "train_lm",
    "train-ngram": "train_ngram",
    "evaluate": "evaluate",
    "predict": "predict",
    "generate": "generate",
    "surprisal": "surprisal",
    "probe-agreement": "probe_agreement",
    "train-translator": "train_translator",
    "translate": "translate",
    "train-classifier": "train_classifier",
    "classify": "classify",
    "train-vec2seq": "train_vec2seq",
    "diagnose": "diagnose",
    "make-corpus": "make_corpus",
}


class LazyGroup(click.Group):
    """A click group that finds a command's module in COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"nlprnn.commands.{COMMANDS[name]}").command
        return command


def _version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the version, and with which kernels this installation computes on this processor."""
    if asked and not context.resilient_parsing:
        from nlprnn.nn.kernels.library import describe

        click.echo(f"nlprnn {__version__}, kernels: {describe()}")
        context.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Tell the version.")
def group() -> None:
    """Recurrent-network language tasks for small corpora and CPUs: train a model, use it, and probe what it knows.

    Results go to standard output, progress and notes to standard error.
    """


def main(args: list[str] | None = None) -> Any:
    """Run the command line; errors that are the user's to mend are told in one line, with exit status 1."""
    try:
        return group.main(args, prog_name="nlprnn", standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except NlprnnError as error:
        click.echo("nlprnn: " + " ".join(str(error).split("\n")), err=True)
        sys.exit(2 if isinstance(error, ConfigError) else 1)
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # the reader of a pipe has gone, as with `| head`
            sys.stderr.close()
            sys.exit(141)
        if error.filename is None:
            raise
        click.echo(f"nlprnn: {error.filename}: {error.strerror}; check the path and its permissions", err=True)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        click.echo("nlprnn: interrupted", err=True)
        sys.exit(130)
