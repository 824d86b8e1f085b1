"""`nlprnn evaluate`: how well a model does on a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nlprnn.commands.options import column_option, config_options, json_option, label_options, side_options
from nlprnn.commands.output import print_json, print_table
from nlprnn.config.decoding import Search
from nlprnn.errors import ConfigError
from nlprnn.settings import build, flag

if TYPE_CHECKING:
    from nlprnn.tasks.classification_model import ClassificationModel
    from nlprnn.tasks.loading import TextModel
    from nlprnn.tasks.translation_model import TranslationModel
    from nlprnn.tasks.vec2seq_model import Vec2SeqModel

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


OF_LANGUAGE_MODELS = ("column", "cache", "cache_window", "dynamic", "tune")
OF_TRANSLATORS = ("source", "target", "beam", "length_penalty", "coverage_penalty")
OF_CLASSIFIERS = ("text_column", "label_column")
KINDS = {"a language model": OF_LANGUAGE_MODELS, "a translator": OF_TRANSLATORS, "a classifier": OF_CLASSIFIERS}


@click.command("evaluate", short_help="Tell how well a model does on a text.")
@click.argument("model")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@column_option
@click.option("--cache", is_flag=True, help="Also with a cache of the last words (Grave, Joulin and Usunier 2017)")
@click.option("--cache-window", type=int, metavar="N", help="Tokens that the cache remembers  [default: 2000]")
@click.option("--dynamic", is_flag=True, help="Also learning from what was read (Krause et al. 2018); takes minutes")
@click.option("--tune", metavar="FILE", help="Choose settings of --cache and --dynamic on FILE, a validation text")
@side_options
@label_options
@config_options(Search, without=("n_best",))
@json_option
def command(model: str, files: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Evaluate a language model, neural or n-gram, on FILE, or on several read as one text; a translator on two files,
    SOURCE and TARGET, or on a table of pairs; a network that makes texts from vectors on VECTORS and TEXTS, or a table;
    a classifier on a table of labelled texts, beside the bag-of-words baseline that was trained with it.

    --cache and --dynamic tell what a language model would reach if it adapted to the text while it reads. Each token is
    still predicted before it is learnt from, and the model stays as it is; but these figures are not comparable with
    the plain one, nor with other models' plain ones.
    """
    from nlprnn.tasks.classification_model import ClassificationModel
    from nlprnn.tasks.loading import TextModel
    from nlprnn.tasks.opening import load
    from nlprnn.tasks.vec2seq_model import Vec2SeqModel

    if options["cache_window"] is not None and not options["cache"]:
        raise ConfigError("--cache-window is a setting of --cache; give both")
    loaded = load(model)
    if isinstance(loaded, TextModel):
        _check(options, OF_LANGUAGE_MODELS)
        _language_model(loaded, files, options, as_json)
    elif isinstance(loaded, Vec2SeqModel):
        _check(options, ("column",))
        _vec2seq(loaded, files, options["column"], as_json)
    elif isinstance(loaded, ClassificationModel):
        _check(options, OF_CLASSIFIERS)
        _classifier(loaded, files, options, as_json)
    else:
        _check(options, OF_TRANSLATORS)
        _translator(loaded, files, options, as_json)


def _check(options: dict[str, Any], used: tuple[str, ...]) -> None:
    """Raise ConfigError where an option is given that only another kind of model has."""
    for kind, names in KINDS.items():
        for name in names:
            if name not in used and options[name] not in (None, False):
                raise ConfigError(f"{flag(name)} is for {kind}; leave it out")


def _language_model(model: TextModel, files: tuple[str, ...], options: dict[str, Any], as_json: bool) -> None:
    from nlprnn.tasks.evaluation import Cache, Dynamic, evaluate

    window = options["cache_window"]
    cache = None if not options["cache"] else Cache() if window is None else Cache(window=window)
    dynamic = Dynamic() if options["dynamic"] else None
    found = evaluate(model, files, options["column"], cache=cache, dynamic=dynamic, tune=options["tune"])
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


def _translator(model: TranslationModel, files: tuple[str, ...], options: dict[str, Any], as_json: bool) -> None:
    from nlprnn.tasks.translation_evaluation import evaluate_translator

    search = build(Search, {name: options[name] for name in ("beam", "length_penalty", "coverage_penalty")})
    found = evaluate_translator(model, files, source=options["source"], target=options["target"], search=search)
    if as_json:
        print_json(found)
        return
    low, high = found["exact"]["interval"]
    print_table(
        [
            (f"BLEU, beam {found['beam']}", f"{found['bleu']:.2f}"),
            ("chrF", f"{found['chrf']:.2f}"),
            ("exactly the reference", f"{found['exact']['accuracy']:.1%} [{low:.1%}, {high:.1%}]"),
            ("sentence pairs", f"{found['pairs']:,}"),
            ("perplexity of the references", f"{found['perplexity']:.2f}"),
            ("next token right, given the reference so far", f"{found['teacher_forced']:.1%}"),
            ("token right at its place, translating greedily", f"{found['free_running']:.1%}"),
        ]
    )
    click.echo("\nBLEU by source words")
    for row in found["by_source_length"]:
        if row["n"]:
            span = f"{row['from']} or more" if row["to"] is None else f"{row['from']}-{row['to']}"
            click.echo(f"  {span:<12}{row['bleu']:6.2f}  n {row['n']:,}")
    click.echo(f"\nBLEU: {found['signature']}")


def _classifier(model: ClassificationModel, files: tuple[str, ...], options: dict[str, Any], as_json: bool) -> None:
    from nlprnn.tasks.classification_evaluation import evaluate_classifier

    columns = {name: options[name] for name in OF_CLASSIFIERS}
    found = evaluate_classifier(model, files, **columns)
    if as_json:
        print_json(found)
        return
    beside = found["baseline"]
    rows = [("", "network", "bag of words"), ("accuracy", *(f"{of['accuracy']:.2%}" for of in (found, beside)))]
    rows.append(("  95 % interval", *("{:.2%} - {:.2%}".format(*of["interval"]) for of in (found, beside))))
    rows.append(("macro F1", *(f"{of['macro_f1']:.2%}" for of in (found, beside))))
    for name, key in (("mean absolute error", "mae"), ("quadratic weighted kappa", "kappa")):
        if found[key] is not None and beside[key] is not None:
            rows.append((name, f"{found[key]:.3f}", f"{beside[key]:.3f}"))
    if found["ece"] is not None:
        rows.append((f"calibration error, {found['ece_bins']} bins", f"{found['ece']:.3f}", ""))
        rows.append((f"  without temperature {found['temperature']:.2f}", f"{found['ece_uncalibrated']:.3f}", ""))
    print_table([*rows, ("texts", f"{found['n']:,}", "")])
    click.echo("\nlabel (row) and what the network tells (column)")
    names = found["labels"]
    print_table([("", *names), *((name, *map(str, row)) for name, row in zip(names, found["confusion"], strict=True))])


def _vec2seq(model: Vec2SeqModel, files: tuple[str, ...], column: str | None, as_json: bool) -> None:
    from nlprnn.tasks.vec2seq_model import evaluate_vector_files

    found = evaluate_vector_files(model, files, column)
    if as_json:
        print_json(found)
    else:
        rows = [("perplexity", f"{found['perplexity']:.3f}"), ("texts", f"{found['texts']:,}")]
        print_table([*rows, ("tokens, ends of texts included", f"{found['tokens']:,}")])


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
