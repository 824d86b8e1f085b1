"""`nlprnn generate`: text drawn from a model."""

from __future__ import annotations

from pathlib import Path

import click

from nlprnn.commands.options import json_option, model_argument
from nlprnn.commands.output import print_json
from nlprnn.tasks.notes import to_stderr


@click.command("generate", short_help="Draw text from a model.")
@model_argument
@click.option("--prompt", default="", metavar="TEXT", help="What the text starts with")
@click.option("--words", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="Tokens to draw")
@click.option(
    "--temperature", type=click.FloatRange(min=0), default=1.0, show_default=True, metavar="X", help="0: the likeliest"
)
@click.option("--top-k", type=click.IntRange(min=1), metavar="N", help="Draw from the N likeliest only")
@click.option(
    "--top-p", type=click.FloatRange(0, 1, min_open=True), metavar="X", help="Draw from the likeliest that make up X"
)
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="The same seed draws the same text")
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
    from nlprnn.tasks.loading import LANGUAGE_MODEL, load
    from nlprnn.tasks.places import newest

    if model is None:
        model = str(newest(LANGUAGE_MODEL))
        to_stderr(f"model: {model}")
    text = load(Path(model)).generate(prompt, words, temperature, top_k, top_p, seed)
    if as_json:
        print_json({"text": text})
    else:
        click.echo(text)
