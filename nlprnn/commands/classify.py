"""`nlprnn classify`: texts in, labels out, line for line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from nlprnn.commands.line_by_line import model_and_file, prompted
from nlprnn.commands.models import open_classifier
from nlprnn.commands.options import json_option
from nlprnn.commands.output import print_json

if TYPE_CHECKING:
    from nlprnn.tasks.classification_model import Judgement

SHOWN = 5  # words that moved a label most


@click.command("classify", short_help="Tell the labels of texts, line for line.")
@click.argument("arguments", nargs=-1, metavar="[MODEL] [FILE]")
@click.option("--explain", is_flag=True, help="Also tell which words moved the label, and how much")
@json_option
def command(arguments: tuple[str, ...], explain: bool, as_json: bool) -> None:
    """Tell the label of each line of FILE, or of standard input, with MODEL, by default the newest classifier below
    models/.

    One line of output for each line of input, an empty one for an empty one: label TAB probability; for scores the
    score alone. A lone argument is MODEL if it is a directory, else FILE. With --json it is one object a line. At a
    terminal's prompt each line is answered at once.

    --explain adds a column: the words that moved the label most, each with what it adds to the label's log-odds (or to
    the score), which is what they lose when the word alone is left out. --json tells that of all words, in their order.

    Texts are read in bfloat16 where the processor has it, which may move a probability by some thousandths; by
    `evaluate`, and for what words add, in float32.
    """
    name, file = model_and_file(arguments)
    from nlprnn.tasks.classifying import classify_file, classify_lines

    model = open_classifier(name)
    if file is None and sys.stdin.isatty():
        found = classify_lines(model, prompted(), explain, window=1)
    else:
        found = classify_file(model, file, explain)
    for number, (line, judgement) in enumerate(found, 1):
        if as_json:
            print_json({"line": number, "text": line, **_json(judgement, explain)})
        else:
            click.echo("" if judgement is None else _row(judgement))


def _json(judgement: Judgement | None, explain: bool) -> dict[str, object]:
    names = ("label", "probability", "probabilities", "score")
    found: dict[str, object] = {name: getattr(judgement, name, None) for name in names}
    if explain:
        words = judgement.words if judgement is not None else None
        found["words"] = [{"word": word, "change": change} for word, change in words or ()]
    return found


def _row(judgement: Judgement) -> str:
    cells = [judgement.label]
    if judgement.probability is not None:
        cells.append(f"{judgement.probability:.4f}")
    if judgement.words is not None:
        moved = sorted(judgement.words, key=lambda word: -abs(word[1]))[:SHOWN]
        cells.append(", ".join(f"{word} {change:+.2f}" for word, change in moved))
    return "\t".join(cells)
