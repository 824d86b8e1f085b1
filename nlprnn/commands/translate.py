"""`nlprnn translate`: sentences in, translations out, line for line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nlprnn.commands.line_by_line import model_and_file, prompted
from nlprnn.commands.models import open_translator
from nlprnn.commands.options import config_options, json_option, seed_option
from nlprnn.commands.output import print_json
from nlprnn.config.decoding import Sampling, Search
from nlprnn.errors import ConfigError
from nlprnn.settings import build
from nlprnn.tasks.notes import to_stderr

if TYPE_CHECKING:
    from nlprnn.tasks.translation_model import Translation

DRAWING = ("temperature", "top_k", "top_p")


@click.command("translate", short_help="Translate sentences, line for line.")
@click.argument("arguments", nargs=-1, metavar="[MODEL] [FILE]")
@config_options(Search)
@click.option("--sample", is_flag=True, help="Draw translations instead of searching; goes with the next four options")
@config_options(Sampling)
@seed_option
@click.option("--ensemble", multiple=True, metavar="DIR", help="Let this model, too, decide on each token; repeatable")
@click.option("--alignments", metavar="F", help="Draw what each word attended to: .html, .png, .svg or .pdf")
@json_option
def command(
    arguments: tuple[str, ...],
    sample: bool,
    seed: int,
    ensemble: tuple[str, ...],
    alignments: str | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Translate FILE, or standard input, with MODEL, by default the newest translator below models/.

    One line of output for each line of input, an empty one for an empty one; a lone argument is MODEL if it is a
    directory, else FILE. With --n-best N above 1 the output is TSV: number of the line, score, translation. With
    --json it is one object a line. At a terminal's prompt each line is answered at once.
    """
    name, file = model_and_file(arguments)
    how, draws = _how(sample, settings)
    from nlprnn.tasks.translating import Gallery, translate_file, translate_lines

    model = open_translator(name, ensemble)
    gallery = None if alignments is None else Gallery(model, Path(alignments))
    if file is None and sys.stdin.isatty():
        found = translate_lines(model, prompted(), how, seed, draws, window=1)
    else:
        found = translate_file(model, file, how, seed, draws)
    for number, (line, several) in enumerate(found, 1):
        _tell(number, line, several, draws, as_json)
        if gallery is not None:
            gallery.add(line, several[0].text)
    if gallery is not None:
        gallery.draw()
        to_stderr(f"alignments: {gallery.path}")


def _how(sample: bool, settings: dict[str, Any]) -> tuple[Search | Sampling, int]:
    """How to translate, and how many translations of each line are told. Raises ConfigError for what does not fit."""
    drawing = {name: settings.pop(name) for name in DRAWING}
    if not sample:
        if any(value is not None for value in drawing.values()):
            raise ConfigError("--temperature, --top-k and --top-p are settings of --sample; give it, too")
        search = build(Search, settings)
        return search, search.n_best
    draws = settings.pop("n_best")
    if any(value is not None for value in settings.values()):
        raise ConfigError("--sample draws and does not search: leave --beam and the penalties out")
    if draws is not None and draws < 1:
        raise ConfigError(f"--n-best {draws}: give a number of at least 1")
    return build(Sampling, drawing), 1 if draws is None else draws


def _tell(number: int, line: str, several: Sequence[Translation], draws: int, as_json: bool) -> None:
    """One line of output, or one for each of several translations."""
    if as_json:
        found = [{"text": one.text, "score": one.score, "log_prob": one.log_prob} for one in several]
        print_json({"line": number, "source": line, "translations": found})
    elif draws == 1:
        click.echo(several[0].text)
    else:
        for one in several:
            click.echo(f"{number}\t{one.score:.4f}\t{one.text}")
