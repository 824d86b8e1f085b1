"""`nlprnn probe-agreement`: syntactic or sequential recency."""

from __future__ import annotations

import math
from typing import Any

import click

from nlprnn.commands.models import open_model
from nlprnn.commands.options import json_option
from nlprnn.commands.output import print_json, print_table
from nlprnn.errors import ConfigError
from nlprnn.tasks.notes import to_stderr


@click.command("probe-agreement", short_help="Tell which recency a model follows: syntactic or sequential.")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--suite", "suites", multiple=True, default=("builtin",), show_default=True, metavar="PATH",
    help="builtin, builtin-pt, or in its place a file or folder: BLiMP, Marvin-Linzen, Gulordava, Linzen, SyntaxGym, "
    "or a table of your own (TSV, CSV) with the columns good and bad; may be repeated",
)  # fmt: skip
@click.option("--baseline", metavar="DIR", help="An n-gram model of the same text, asked the same")
@click.option(
    "--scoring", type=click.Choice(["published", "sentence", "target", "region"]), default="published",
    show_default=True,
    help="Compare whole sentences, the target word after its prefix, or the region that differs; published: as each "
    "suite's authors did",
)  # fmt: skip
@click.option("--mean/--sum", default=None, help="Compare the mean of the tokens, or their sum (default: as published)")
@click.option("--end/--no-end", default=None, help="Count the end of a sentence, or not (default: as published)")
@click.option(
    "--columns", metavar="good=NAME,...",
    help="What your table calls good, bad, construction, attractors, subject, match: good=grammatical,bad=other",
)  # fmt: skip
@click.option("--sentence", metavar="TEXT", help='One sentence instead: "the writer of the books is/are"')
@click.option("--items", metavar="F.tsv", help="Write every pair with its scores")
@json_option
def command(
    models: tuple[str, ...],
    suites: tuple[str, ...],
    baseline: str | None,
    scoring: str,
    mean: bool | None,
    end: bool | None,
    columns: str | None,
    sentence: str | None,
    items: str | None,
    as_json: bool,
) -> None:
    """Tell whether MODEL follows syntactic or sequential recency, beside baselines.

    A model that follows syntactic recency agrees with the subject (the writer of the books IS), one that follows
    sequential recency with the nearest noun (ARE). Left out, MODEL is the newest neural language model below models/.
    """
    from nlprnn.reports.probe_table import probe_table
    from nlprnn.tasks.probing import ask_sentence, probe_agreement

    asked = [open_model(model) for model in models or (None,)]
    if sentence is not None:
        changed = scoring != "published" or suites != ("builtin",) or mean is not None or end is not None
        if baseline or items or columns or changed:
            raise ConfigError("--sentence stands alone; leave out all options but --json")
        verdicts = [{"model": str(model.directory), **ask_sentence(model, sentence).json()} for model in asked]
        if as_json:
            print_json({"models": verdicts})
        else:
            for verdict in verdicts:
                _print_sentence(verdict)
        return
    report = probe_agreement(
        asked, suites, baseline=baseline, scoring=scoring, mean=mean, end=end,
        columns=None if columns is None else _named(columns), items_path=items, note=to_stderr,
    )  # fmt: skip
    if as_json:
        print_json(report)
    else:
        click.echo(probe_table(report))


def _named(columns: str) -> dict[str, str]:
    """`good=grammatical,bad=other` as a dict."""
    found = dict(part.split("=", 1) for part in columns.split(",") if "=" in part)
    if len(found) != len(columns.split(",")):
        raise ConfigError(f"--columns {columns!r}: write good=NAME,bad=NAME with the names in your table")
    return {name.strip(): called.strip() for name, called in found.items()}


def _print_sentence(verdict: dict[str, Any]) -> None:
    click.echo(f'{verdict["model"]}: after "{verdict["prefix"]}"')
    print_table([(f"  {row['word']}", f"{math.exp(row['log_probability']):.6f}") for row in verdict["words"]])
    if verdict["unknown"]:
        click.echo(f"read as <unk>: {', '.join(verdict['unknown'])}")
    click.echo(verdict["explanation"])
