"""`nlprnn probe-agreement`: syntactic or sequential recency."""

from __future__ import annotations

import math
from pathlib import Path
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
    help="What your table calls good, bad, construction, attractors, subject, match, distance, group: "
    "good=grammatical,bad=other",
)  # fmt: skip
@click.option("--sentence", metavar="TEXT", help='One sentence instead: "the writer of the books is/are"')
@click.option(
    "--items", metavar="F.tsv", help="Write every pair with its scores, or every item and which of its predictions hold"
)
@click.option("--report", metavar="F.html", help="Write a page with plots, figures and what could not be scored")
@click.option("--plot", metavar="F.png|F.svg", help="Draw accuracy against attractors")
@click.option(
    "--vocab-only", metavar="PATH",
    help="Tell what could be scored, without a model: PATH is a list of types, a corpus or a model's directory",
)  # fmt: skip
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
    report: str | None,
    plot: str | None,
    vocab_only: str | None,
    as_json: bool,
) -> None:
    """Tell whether MODEL follows syntactic or sequential recency, beside baselines.

    A model that follows syntactic recency agrees with the subject (the writer of the books IS), one that follows
    sequential recency with the nearest noun (ARE). Left out, MODEL is the newest neural language model below models/.
    Several are compared with each other, and with the baseline, by paired tests.
    """
    how = {"scoring": scoring, "mean": mean, "end": end, "columns": None if columns is None else _named(columns)}
    files = {"items": items, "report": report, "plot": plot}
    if sentence is not None:
        changed = scoring != "published" or suites != ("builtin",) or mean is not None or end is not None
        if baseline or columns or vocab_only or changed or any(files.values()):
            raise ConfigError("--sentence stands alone; leave out all options but --json")
        _ask_sentence(models, sentence, as_json)
    elif vocab_only is not None:
        if models or baseline or any(files.values()):
            raise ConfigError("--vocab-only asks no model; leave out models, --baseline, --items, --report and --plot")
        _check_vocabulary(vocab_only, suites, how, as_json)
    else:
        _probe(models, suites, baseline, how, files, as_json)


def _probe(
    models: tuple[str, ...],
    suites: tuple[str, ...],
    baseline: str | None,
    how: dict[str, Any],
    files: dict[str, str | None],
    as_json: bool,
) -> None:
    from nlprnn.reports.probe_files import check_places, write_page, write_picture
    from nlprnn.reports.probe_table import probe_table
    from nlprnn.tasks.probing import probe_agreement

    page, picture = (None if files[name] is None else Path(str(files[name])) for name in ("report", "plot"))
    check_places(page, picture)
    asked = [open_model(model) for model in models or (None,)]
    found = probe_agreement(asked, suites, baseline=baseline, items_path=files["items"], note=to_stderr, **how)
    if as_json:
        print_json(found)
    else:
        click.echo(probe_table(found))
    if page is not None:
        write_page(found, page)
        to_stderr(f"report: {page}")
    if picture is not None:
        write_picture(found, picture)
        to_stderr(f"plot: {picture}")


def _check_vocabulary(vocabulary: str, suites: tuple[str, ...], how: dict[str, Any], as_json: bool) -> None:
    from nlprnn.reports.vocabulary_table import vocabulary_table
    from nlprnn.tasks.vocabulary_check import check_vocabulary

    found = check_vocabulary(vocabulary, suites, note=to_stderr, **how)
    if as_json:
        print_json(found)
    else:
        click.echo(vocabulary_table(found))


def _ask_sentence(models: tuple[str, ...], sentence: str, as_json: bool) -> None:
    from nlprnn.tasks.probing import ask_sentence

    asked = [open_model(model) for model in models or (None,)]
    verdicts = [{"model": str(model.directory), **ask_sentence(model, sentence).json()} for model in asked]
    if as_json:
        print_json({"models": verdicts})
        return
    for verdict in verdicts:
        _print_sentence(verdict)


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
