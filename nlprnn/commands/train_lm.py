"""`nlprnn train-lm`: train a next-word model on a text."""

from __future__ import annotations

from typing import Any

import click

from nlprnn.commands.options import (
    SectionedCommand,
    column_option,
    config_options,
    json_option,
    out_option,
    overwrite_option,
    preset_option,
    resume_option,
    test_option,
    valid_option,
)
from nlprnn.commands.output import leave_if_interrupted, print_json, print_trained
from nlprnn.config.language_model import LanguageModelConfig, StreamTrainingConfig
from nlprnn.config.tokenizing import TokenizerConfig


@click.command("train-lm", cls=SectionedCommand, short_help="Train a next-word model on a text.")
@click.argument("corpus", nargs=-1, required=True)
@valid_option
@test_option
@out_option
@preset_option
@config_options(TokenizerConfig, LanguageModelConfig, StreamTrainingConfig)
@column_option
@resume_option
@overwrite_option
@json_option
def command(corpus: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Train an RNN, LSTM or GRU language model on CORPUS.

    CORPUS is a text file (also .gz), several, a folder with train, valid and test files, a CSV, TSV, JSONL or Parquet
    file, a dataset folder, or hf:NAME. Without validation text, a twentieth of the lines is held out.

    Where --max-minutes allows for three passes over the text at most, the default preset takes a smaller network and
    less dropout, unless you give them. Where it allows for 10 at least, and --hidden is not given, it takes a wider
    network and more weight decay, or for a text of less than half a million tokens a smaller one in smaller batches.

    Ctrl-C stops after the step under way and keeps the best weights; --resume goes on from there.
    """
    from nlprnn.tasks.language_modelling import train_language_model

    run = train_language_model(corpus, **options)
    if as_json:
        print_json(run.summary())
    else:
        found = [("validation perplexity", f"{run.valid_perplexity:.2f}")]
        test = [] if run.test is None else [("test perplexity", f"{run.test['perplexity']:.2f}")]
        print_trained(run, found, "tokens", run.tokens_per_second, test)
    leave_if_interrupted(run.interrupted)
