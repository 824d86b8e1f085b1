"""`nlprnn train-ngram`: the Kneser-Ney baseline."""

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
    valid_option,
)
from nlprnn.commands.output import print_json, print_table
from nlprnn.config.language_model import NGramConfig
from nlprnn.config.tokenizing import TokenizerConfig
from nlprnn.errors import ConfigError


@click.command("train-ngram", cls=SectionedCommand, short_help="Estimate a Kneser-Ney n-gram model, the baseline.")
@click.argument("corpus", nargs=-1)
@config_options(NGramConfig)
@click.option("--like", metavar="MODEL", help="Use this model's tokenizer and its split of the corpus again")
@valid_option
@out_option
@config_options(TokenizerConfig)
@column_option
@click.option("--from-arpa", metavar="FILE", help="Make the model from an ARPA file instead of a corpus")
@click.option("--arpa", metavar="FILE", help="Write the model as an ARPA file, too")
@overwrite_option
@json_option
def command(
    corpus: tuple[str, ...], from_arpa: str | None, arpa: str | None, as_json: bool, out: str | None, **options: Any
) -> None:
    """Estimate an interpolated modified Kneser-Ney model (Chen and Goodman 1998) on CORPUS, as for train-lm."""
    from nlprnn.tasks.ngram import export_arpa, import_arpa, train_ngram
    from nlprnn.tasks.places import default_out

    if from_arpa is not None:
        given = [name for name, value in options.items() if value and name not in ("overwrite",)]
        if corpus or given:
            raise ConfigError("--from-arpa makes the model from the file alone; leave out CORPUS and all but --out")
        directory = import_arpa(from_arpa, out or default_out([from_arpa], "ngram"), options["overwrite"]).directory
        summary = {"model": str(directory)}
    elif corpus:
        summary = train_ngram(corpus, out, **options).summary()
    else:
        raise ConfigError("give a CORPUS, or an ARPA file with --from-arpa")
    if arpa is not None:
        export_arpa(summary["model"], arpa)
    if as_json:
        print_json(summary)
        return
    rows = [("model", str(summary["model"]))]
    if "valid_perplexity" in summary:
        rows.append(("validation perplexity", f"{summary['valid_perplexity']:.2f}"))
        rows.append(("seconds", f"{summary['seconds']:.1f}"))
    print_table(rows)
