"""`nlprnn generate`: text drawn from a model."""

from __future__ import annotations

import click

from nlprnn.commands.models import open_model, tell_unknown
from nlprnn.commands.options import json_option, model_argument
from nlprnn.commands.output import print_json


@click.command("generate", short_help="Draw text from a model.")
@model_argument
@click.option("--prompt", default="", metavar="TEXT", help="What the text starts with")
@click.option("--words", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="Words to draw")
@click.option(
    "--temperature",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    metavar="X",
    help="Above 1 is more varied, below 1 less; 0 takes the likeliest word each time",
)
@click.option("--top-k", type=click.IntRange(min=1), metavar="N", help="Draw from the N likeliest only")
@click.option(
    "--top-p", type=click.FloatRange(0, 1, min_open=True), metavar="X", help="Draw from the likeliest that make up X"
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=1,
    show_default=True,
    metavar="N",
    help="The same seed draws the same text",
)
@json_option
def command(
    model: str | None,
    prompt: str,
    words: int,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    seed: int,
    as_json: bool,
) -> None:
    """Draw text from MODEL, by default the newest language model below models/."""
    source = open_model(model)
    tell_unknown(source, prompt)
    text = source.generate(prompt, words, temperature, top_k, top_p, seed)
    if as_json:
        print_json({"text": text})
    else:
        click.echo(text)
