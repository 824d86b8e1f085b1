"""`nlprnn surprisal`: a table of words and their surprisal."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from nlprnn.commands.options import json_option
from nlprnn.commands.output import print_json


@click.command("surprisal", short_help="Tell the surprisal of each word of a text or a table of stimuli, in bits.")
@click.argument("model")
@click.argument("file", required=False)
@click.option(
    "--by", type=click.Choice(["word", "region", "token"]), default="word", show_default=True, help="What a row is"
)
@click.option("--entropy", is_flag=True, help="Also the entropy of the next word, and what each word reduced it by")
@click.option("--column", metavar="NAME", help="The column of sentences  [default: sentence, text or stimulus]")
@click.option("--separator", metavar="TEXT", help="What stands between the regions of a sentence, such as '|'")
@click.option("--word", metavar="NAME", help="The column of words, in a table that has one a row")
@click.option("--sentence", metavar="NAME,...", help="The columns that tell its sentences apart: participant,item")
@click.option("--region", metavar="NAME", help="The column that names its regions, for --by region")
@json_option
def command(model: str, file: str | None, as_json: bool, **options: Any) -> None:
    """Print the surprisal of every word of FILE as TSV.

    FILE is text with a sentence a line (left out or -, standard input; sentence_id is the number of the line, blank
    ones counted), or a table with a header, .csv or .tsv: of sentences, whose other columns are repeated beside each
    word; or, with --word and --sentence, of words, which keeps its rows and columns and gets new columns. There, the
    rows of a sentence stand together and are read as one, a space between its words.

    Surprisal is -log2 of the word's probability after all words before it in its sentence. A word is what stands
    between white space, its punctuation included; the words of a sentence, with its <eos>, add up to the sentence, and
    those of a region to the region. A word that the model does not know gets the surprisal of <unk>, and unknown is 1;
    what was not read is blank.

    Every sentence is read from a fresh state after <eos>, whatever stands before it. For context across sentences, give
    a whole passage as one.

    Entropy is that of the next word as the model expects it before the word, or the region, is read: H = - sum of
    p log2 p over its whole vocabulary, one step ahead (Roark et al. 2009). entropy_reduction is H before less H after
    (Frank 2010), negative where uncertainty grows; Hale (2006) counts that as 0. Models of subwords or characters have
    token_entropy instead, that of the next token, which cannot be compared with the entropy of words.
    """
    from nlprnn.tasks.loading import load_text_model
    from nlprnn.tasks.surprisal import surprisal

    table = surprisal(load_text_model(Path(model)), None if file == "-" else file, **options)
    if as_json:
        print_json({"rows": [dict(zip(table.header, row, strict=True)) for row in table.rows]})
    else:
        _print_tsv(table.header, table.rows)


def _print_tsv(header: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    table = csv.writer(sys.stdout, dialect="excel-tab", lineterminator="\n")
    table.writerow(header)
    for row in rows:
        table.writerow(f"{value:.6f}" if isinstance(value, float) else value for value in row)
