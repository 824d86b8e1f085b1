"""`nlprnn generate`: text drawn from a language model, or made from vectors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from nlprnn.commands.models import open_model, open_vec2seq, tell_unknown
from nlprnn.commands.options import config_options, json_option, model_argument, seed_option
from nlprnn.commands.output import print_json
from nlprnn.config.decoding import Sampling, Search
from nlprnn.errors import ConfigError
from nlprnn.settings import build, flag

OF_LANGUAGE_MODELS = ("prompt", "words")
OF_VECTORS = ("draws", "beam", "length_penalty")
DRAWING = ("draws", "temperature", "top_k", "top_p")


@click.command("generate", short_help="Draw text from a model, or make it from vectors.")
@model_argument
@click.option("--prompt", default="", metavar="TEXT", help="What the text starts with")
@click.option("--words", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="Words to draw")
@click.option("--vector", metavar="FILE", help="Vectors to make texts from: .npy, a table, or numbers such as 4,0,-1.5")
@click.option(
    "--draws", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Texts to draw for a vector"
)
@click.option(
    "--beam", type=click.IntRange(min=1), metavar="N", help="Search for the best text of a vector instead; 1 is greedy"
)
@config_options(Search, without=("beam", "coverage_penalty", "n_best"))
@config_options(Sampling)
@seed_option
@json_option
@click.pass_context
def command(context: click.Context, model: str | None, vector: str | None, **options: Any) -> None:
    """Draw text from MODEL, by default the newest language model below models/.

    With --vector, MODEL is one of `train-vec2seq`, by default the newest, and makes a text from each vector, one a
    line; with --json an object a line. Of a table the columns are read that the model was trained on.
    """
    from click.core import ParameterSource

    given = {name for name in options if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    if vector is None:
        _check(given, OF_VECTORS, "goes with --vector")
        _draw(model, **options)
    else:
        _check(given, OF_LANGUAGE_MODELS, "is for a language model")
        _make(model, vector, given, **options)


def _check(given: set[str], names: Iterable[str], why: str) -> None:
    """Raise ConfigError where an option is given that does not belong here."""
    for name in names:
        if name in given:
            raise ConfigError(f"{flag(name)} {why}; leave it out")


def _draw(model: str | None, prompt: str, words: int, seed: int, as_json: bool, **options: Any) -> None:
    from nlprnn.tasks.opening import kind_of
    from nlprnn.tasks.vec2seq_model import VEC2SEQ

    if model is not None and kind_of(model) == VEC2SEQ:
        raise ConfigError(f"{model} makes texts from vectors; give some with --vector")
    source = open_model(model)
    tell_unknown(source, prompt)
    text = source.generate(prompt, words, seed, **{name: options[name] for name in DRAWING[1:]})
    if as_json:
        print_json({"text": text})
    else:
        click.echo(text)


def _make(model: str | None, vector: str, given: set[str], seed: int, as_json: bool, **options: Any) -> None:
    if options["beam"] is None:
        _check(given, ("length_penalty",), "is a setting of --beam")
        how: Search | Sampling = build(Sampling, options)
    else:
        _check(given, DRAWING, "is for drawing, not for searching with --beam")
        how = build(Search, options)
    source = open_vec2seq(model)
    for number, several in enumerate(source.generate(source.read(vector), how, seed, options["draws"]), 1):
        if as_json:
            texts = [{"text": one.text, "log_prob": one.log_prob, "ended": one.ended} for one in several]
            print_json({"vector": number, "texts": texts})
        else:
            for one in several:
                click.echo(one.text)
