"""`nlprnn evaluate`: how well a model does on a text."""

from __future__ import annotations

from typing import Any

import click

from nlprnn.commands.options import column_option, json_option
from nlprnn.commands.output import print_json, print_table

LABELS = {
    "perplexity": "perplexity, state carried over",
    "perplexity_fresh": "perplexity, each sentence anew",
    "tokens": "tokens, ends of sentences included",
    "words": "words",
    "bits_per_word": "bits per word",
    "bits_per_character": "bits per character",
    "oov_rate": "share of unknown tokens",
}


@click.command("evaluate", short_help="Tell how well a model predicts a text.")
@click.argument("model")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@column_option
@json_option
def command(model: str, files: tuple[str, ...], column: str | None, as_json: bool) -> None:
    """Evaluate a language model, neural or n-gram, on FILE, or on several read as one text."""
    from nlprnn.tasks.evaluation import evaluate
    from nlprnn.tasks.loading import load

    found = evaluate(load(model), files, column)
    if as_json:
        print_json(found)
    else:
        print_table([(LABELS[key], _figure(key, value)) for key, value in found.items()])


def _figure(key: str, value: Any) -> str:
    if value is None:
        return "- (the text has unknown words)"
    if key == "oov_rate":
        return f"{value:.2%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
