"""`nlprnn generate`: text drawn from a model."""

from __future__ import annotations

from typing import Any

import click

from nlprnn.commands.models import open_model, tell_unknown
from nlprnn.commands.options import config_options, json_option, model_argument, seed_option
from nlprnn.commands.output import print_json
from nlprnn.config import Sampling


@click.command("generate", short_help="Draw text from a model.")
@model_argument
@click.option("--prompt", default="", metavar="TEXT", help="What the text starts with")
@click.option("--words", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="Words to draw")
@config_options(Sampling)
@seed_option
@json_option
def command(model: str | None, prompt: str, words: int, seed: int, as_json: bool, **sampling: Any) -> None:
    """Draw text from MODEL, by default the newest language model below models/."""
    source = open_model(model)
    tell_unknown(source, prompt)
    text = source.generate(prompt, words, seed, **sampling)
    if as_json:
        print_json({"text": text})
    else:
        click.echo(text)
