"""`nlprnn predict`: the next word."""

from __future__ import annotations

from pathlib import Path

import click

from nlprnn.commands.options import json_option
from nlprnn.commands.output import print_json, print_table
from nlprnn.errors import ConfigError
from nlprnn.tasks.notes import to_stderr


@click.command("predict", short_help="Tell the likeliest next words.")
@click.argument("arguments", nargs=-1, required=True, metavar="[MODEL] TEXT")
@click.option("-k", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="How many words")
@json_option
def command(arguments: tuple[str, ...], k: int, as_json: bool) -> None:
    """Tell the likeliest words after TEXT, with their probabilities; `<eos>` is the end of the sentence.

    MODEL is a model directory; left out, the newest language model below models/.
    """
    from nlprnn.tasks.loading import LANGUAGE_MODEL, load
    from nlprnn.tasks.places import newest

    if len(arguments) > 2:
        raise ConfigError("give the text as one argument, in quotation marks")
    if len(arguments) == 2:
        directory, text = Path(arguments[0]), arguments[1]
    elif Path(arguments[0]).is_dir():
        raise ConfigError("give the text to go on from, in quotation marks, after the model")
    else:
        directory, text = newest(LANGUAGE_MODEL), arguments[0]
        to_stderr(f"model: {directory}")
    model = load(directory)
    unknown = [word for word in model.tokenizer.words(text) if not model.tokenizer.knows(word)]
    if unknown:
        to_stderr(f"note: read as <unk>: {', '.join(dict.fromkeys(unknown))}")
    words = model.predict(text, k)
    if as_json:
        print_json({"words": [{"word": word, "probability": probability} for word, probability in words]})
    else:
        print_table([(word, f"{probability:.4f}") for word, probability in words])
