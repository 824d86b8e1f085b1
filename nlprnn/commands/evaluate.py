"""`nlprnn evaluate`: how well a model does on a text."""

from __future__ import annotations

from typing import Any

import click

from nlprnn.commands.options import column_option, json_option
from nlprnn.commands.output import print_json, print_table
from nlprnn.errors import ConfigError

LABELS = {
    "perplexity": "perplexity, state carried over",
    "perplexity_fresh": "perplexity, each sentence anew",
    "tokens": "tokens, ends of sentences included",
    "words": "words",
    "bits_per_word": "bits per word",
    "bits_per_character": "bits per character",
    "oov_rate": "share of unknown tokens",
}
ADAPTING = {"cache": "perplexity with a cache *", "dynamic": "perplexity with dynamic evaluation *"}


@click.command("evaluate", short_help="Tell how well a model predicts a text.")
@click.argument("model")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@column_option
@click.option("--cache", is_flag=True, help="Also with a cache of the last words (Grave, Joulin and Usunier 2017)")
@click.option("--cache-window", type=int, metavar="N", help="Tokens that the cache remembers  [default: 2000]")
@click.option("--dynamic", is_flag=True, help="Also learning from what was read (Krause et al. 2018); takes minutes")
@click.option("--tune", metavar="FILE", help="Choose settings of --cache and --dynamic on FILE, a validation text")
@json_option
def command(
    model: str,
    files: tuple[str, ...],
    column: str | None,
    cache: bool,
    cache_window: int | None,
    dynamic: bool,
    tune: str | None,
    as_json: bool,
) -> None:
    """Evaluate a language model, neural or n-gram, on FILE, or on several read as one text.

    --cache and --dynamic tell what the model would reach if it adapted to the text while it reads. Each token is still
    predicted before it is learnt from, and the model stays as it is; but these figures are not comparable with the
    plain one, nor with other models' plain ones.
    """
    from nlprnn.tasks.evaluation import Cache, Dynamic, evaluate
    from nlprnn.tasks.opening import load

    if cache_window is not None and not cache:
        raise ConfigError("--cache-window is a setting of --cache; give both")
    settings = None if not cache else Cache() if cache_window is None else Cache(window=cache_window)
    adapting = Dynamic() if dynamic else None
    found = evaluate(load(model), files, column, cache=settings, dynamic=adapting, tune=tune)
    if as_json:
        print_json(found)
        return
    used = [name for name in ADAPTING if name in found]
    rows = [(label, _figure(key, found[key])) for key, label in LABELS.items()]
    print_table([*rows, *((ADAPTING[name], _figure(name, found[f"perplexity_{name}"])) for name in used)])
    if used:
        click.echo("* adapts to the text while reading it: not comparable with the perplexities above")
    for name in used:
        click.echo(f"  {name}: {_settings(found[name])}")


def _figure(key: str, value: Any) -> str:
    if value is None:
        return "- (the text has unknown words)"
    if key == "oov_rate":
        return f"{value:.2%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _settings(values: dict[str, Any]) -> str:
    """window 2,000, theta 0.3, lambda 0.15, tuned on valid.txt"""
    told = [f"{name} {value:,}" for name, value in values.items() if name != "tuned_on"]
    return ", ".join([*told, f"tuned on {values['tuned_on']}" if values["tuned_on"] else "not tuned"])
