"""`nlprnn diagnose`: gradients, memory and context, measured."""

from __future__ import annotations

from pathlib import Path

import click

from nlprnn.commands.options import json_option
from nlprnn.commands.output import print_json, print_table
from nlprnn.tasks.notes import to_stderr


@click.command("diagnose", short_help="Measure gradients that vanish or explode, memory, and the context used.")
@click.argument("model", required=False)
@click.option("--text", metavar="FILE", help="Text that MODEL is diagnosed on, such as its test text")
@click.option("--cells", metavar="A,B,...", help="Cells to compare: rnn-relu,rnn-tanh,gru,lstm  [default: all]")
@click.option(
    "--parts", metavar="A,B,...",
    help="What to measure: gains, measures, recall, copying, bptt, learnt; of MODEL reach, saturation, context  "
    "[default: all]",
)  # fmt: skip
@click.option("--quick", is_flag=True, help="Fewer and shorter runs: a first impression, in a tenth of the time")
@click.option("--seed", type=click.IntRange(0, 2**62), default=1, show_default=True, metavar="N",
              help="The first of the seeds that networks are made from")  # fmt: skip
@click.option("--out", metavar="DIR", help="Write the numbers as TSV and the plots as PNG into this folder")
@click.option("--report", metavar="F.html", help="Write everything as one page")
@click.option("--overwrite", is_flag=True, help="Replace an earlier diagnosis in --out and --report")
@json_option
def command(
    model: str | None,
    text: str | None,
    cells: str | None,
    parts: str | None,
    quick: bool,
    seed: int,
    out: str | None,
    report: str | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Measure what recurrent networks can carry: how gradients explode and vanish, what helps, how long they remember.

    Small networks of each cell are made and trained, some minutes long. With MODEL and --text there is, too, what a
    trained model does: how far back its gradients reach, which gates are saturated, how much context it uses. With
    --text alone, MODEL is the newest language model below models/.
    """
    from nlprnn.commands.models import open_model
    from nlprnn.tasks.diagnosing import SIMPLEST_FIRST, diagnose
    from nlprnn.tasks.diagnosis_files import check_places, write_out, write_report

    folder, page = (None if name is None else Path(name) for name in (out, report))
    check_places(folder, page, overwrite)
    opened = open_model(model) if model is not None or text is not None else None
    found = diagnose(
        opened, text, SIMPLEST_FIRST if cells is None else cells.split(","),
        None if parts is None else parts.split(","), quick, seed,
    )  # fmt: skip
    if folder is not None:
        to_stderr(f"{len(write_out(found, folder))} tables and plots: {folder}")
    if page is not None:
        write_report(found, page)
        to_stderr(f"report: {page}")
    if as_json:
        print_json(found.json())
        return
    from nlprnn.reports.diagnosis_key import key_tables

    for number, (title, rows) in enumerate(key_tables(found.json()).values()):
        click.echo(("\n" if number else "") + title)
        print_table(rows)
