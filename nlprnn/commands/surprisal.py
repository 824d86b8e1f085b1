"""`nlprnn surprisal`: a table of words and their surprisal."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import click

from nlprnn.commands.options import json_option
from nlprnn.commands.output import print_json


@click.command("surprisal", short_help="Tell the surprisal of each word of a text, in bits.")
@click.argument("model")
@click.argument("file", required=False)
@click.option("--by", type=click.Choice(["word", "token"]), default="word", show_default=True, help="What a row is")
@json_option
def command(model: str, file: str | None, by: str, as_json: bool) -> None:
    """Print the surprisal of every word of FILE (plain text; left out or -, standard input), a sentence a line, as TSV.

    sentence_id is the number of the line, blank ones counted.

    Surprisal is -log2 of the word's probability after all words before it in its line. A word is what stands between
    white space, its punctuation included; the rows of a line, with its <eos>, add up to the line's surprisal.
    """
    from nlprnn.tasks.loading import load_text_model
    from nlprnn.tasks.surprisal import ROWS, surprisal

    rows = surprisal(load_text_model(Path(model)), None if file == "-" else file, by)
    if as_json:
        print_json({"rows": [row._asdict() for row in rows]})
    else:
        _print_tsv(ROWS[by]._fields, rows)


def _print_tsv(header: Iterable[str], rows: Iterable[NamedTuple]) -> None:
    table = csv.writer(sys.stdout, dialect="excel-tab", lineterminator="\n")
    table.writerow(header)
    for row in rows:
        table.writerow(f"{value:.6f}" if isinstance(value, float) else value for value in row)
