"""`nlprnn train-translator`: train an encoder-decoder on sentences and their translations."""

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
    side_options,
)
from nlprnn.commands.output import leave_if_interrupted, print_json, print_trained
from nlprnn.config.translation import PairTokenizerConfig, TranslationTrainingConfig, TranslatorConfig


@click.command("train-translator", cls=SectionedCommand, short_help="Train a translator on parallel text.")
@click.argument("pairs", nargs=-1, required=True, metavar="SOURCE TARGET | PAIRS")
@click.option(
    "--valid",
    multiple=True,
    metavar="F",
    help="Validation pairs, twice for two files  [default: a twentieth, held out]",
)
@click.option("--test", multiple=True, metavar="F", help="Test pairs, twice for two files, evaluated once at the end")
@side_options
@out_option
@config_options(PairTokenizerConfig, TranslatorConfig, TranslationTrainingConfig)
@resume_option
@overwrite_option
@json_option
def command(pairs: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Train a bidirectional encoder and a decoder with attention on sentences and their translations.

    SOURCE and TARGET are two text files, line by line a translation. PAIRS is a TSV file of two columns without a
    header, a table with --source and --target columns, a folder with train.en and train.de (--source en --target de),
    a dataset folder, or hf:NAME. Without validation pairs, a twentieth is held out.

    Ctrl-C stops after the step under way and keeps the best weights; --resume goes on from there.
    """
    from nlprnn.tasks.translation import train_translator

    run = train_translator(pairs, **options)
    if as_json:
        print_json(run.summary())
    else:
        found = [
            ("validation BLEU, greedy", f"{run.valid_bleu:.2f}"),
            ("validation chrF, greedy", f"{run.valid_chrf:.2f}"),
            ("validation perplexity", f"{run.valid_perplexity:.2f}"),
        ]
        test = [] if run.test is None else [(f"test BLEU, beam {run.test['beam']}", f"{run.test['bleu']:.2f}")]
        print_trained(run, found, "target tokens", run.tokens_per_second, test)
        click.echo(f"BLEU: {run.signature}")
    leave_if_interrupted(run.interrupted)
