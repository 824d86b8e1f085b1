"""`nlprnn train-vec2seq`: train a network to make texts from vectors."""

from __future__ import annotations

from typing import Any

import click

from nlprnn.commands.options import (
    SectionedCommand,
    config_options,
    json_option,
    out_option,
    overwrite_option,
    resume_option,
)
from nlprnn.commands.output import leave_if_interrupted, print_json, print_trained
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.config.vec2seq import Vec2SeqConfig, Vec2SeqTrainingConfig


@click.command("train-vec2seq", cls=SectionedCommand, short_help="Train a network that makes texts from vectors.")
@click.argument("texts", nargs=-1, required=True, metavar="VECTORS TEXTS | TABLE")
@click.option("--columns", metavar="A,B,C", help="The columns of numbers in TABLE  [default: all but the text]")
@click.option("--text-column", metavar="NAME", help="The column of texts in TABLE  [default: text]")
@click.option(
    "--valid",
    multiple=True,
    metavar="F",
    help="Validation texts: a table, or given twice for vectors and texts  [default: a twentieth, held out]",
)
@click.option("--test", multiple=True, metavar="F", help="Test texts in the same way, evaluated once at the end")
@out_option
@config_options(TokenizerConfig, Vec2SeqConfig, Vec2SeqTrainingConfig)
@resume_option
@overwrite_option
@json_option
def command(texts: tuple[str, ...], columns: str | None, as_json: bool, **options: Any) -> None:
    """Train a recurrent network to write texts that fit a vector of numbers.

    VECTORS is a .npy file of shape (texts, numbers) and TEXTS has a line for each of its rows. TABLE is a CSV, TSV,
    JSONL or Parquet file with a row for each text. Without validation texts, a twentieth is held out.

    Ctrl-C stops after the step under way and keeps the best weights; --resume goes on from there.
    """
    from nlprnn.tasks.vec2seq import train_vec2seq

    run = train_vec2seq(texts, columns=None if columns is None else columns.split(","), **options)
    if as_json:
        print_json(run.summary())
    else:
        found = [("validation perplexity", f"{run.valid_perplexity:.3f}")]
        test = [] if run.test is None else [("test perplexity", f"{run.test['perplexity']:.3f}")]
        print_trained(run, found, "tokens", run.tokens_per_second, test)
    leave_if_interrupted(run.interrupted)
