"""`nlprnn predict`: the next word."""

from __future__ import annotations

import os

import click

from nlprnn.commands.models import open_model, tell_unknown
from nlprnn.commands.options import json_option
from nlprnn.commands.output import print_json, print_table
from nlprnn.errors import ConfigError


@click.command("predict", short_help="Tell the likeliest next words.")
@click.argument("arguments", nargs=-1, required=True, metavar="[MODEL] TEXT")
@click.option("-k", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="How many words")
@json_option
def command(arguments: tuple[str, ...], k: int, as_json: bool) -> None:
    """Tell the likeliest words after TEXT, with their probabilities; `<eos>` is the end of the sentence.

    MODEL is a model directory; left out, the newest language model below models/.
    """
    if len(arguments) > 2:
        raise ConfigError("give the text as one argument, in quotation marks")
    if len(arguments) == 1 and os.path.isdir(arguments[0]):
        raise ConfigError("give the text to go on from, in quotation marks, after the model")
    text = arguments[-1]
    model = open_model(arguments[0] if len(arguments) == 2 else None)
    tell_unknown(model, text)
    words = model.predict(text, k)
    if as_json:
        print_json({"words": [{"word": word, "probability": probability} for word, probability in words]})
    else:
        print_table([(word, f"{probability:.4g}") for word, probability in words])
