"""Command-line options made from the fields of configurations, and the arguments that several commands share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import click

from nlprnn.config.classification import (
    ClassifierConfig,
    ClassifierTokenizerConfig,
    ClassifierTrainingConfig,
    TransferConfig,
)
from nlprnn.config.language_model import LanguageModelConfig, NGramConfig, StreamTrainingConfig
from nlprnn.config.translation import PairTokenizerConfig, TranslationTrainingConfig, TranslatorConfig
from nlprnn.config.vec2seq import Vec2SeqConfig, Vec2SeqTrainingConfig
from nlprnn.presets import PRESETS
from nlprnn.settings import Config, flag

F = TypeVar("F", bound=Callable[..., Any])


SECTIONS: dict[str, tuple[type[Config], ...]] = {
    "Text": (PairTokenizerConfig, ClassifierTokenizerConfig),
    "Model": (LanguageModelConfig, NGramConfig, TranslatorConfig, ClassifierConfig, Vec2SeqConfig),
    "Training": (StreamTrainingConfig, TranslationTrainingConfig, ClassifierTrainingConfig, Vec2SeqTrainingConfig),
    "Transfer": (TransferConfig,),
}


class SectionedCommand(click.Command):
    """A command whose help shows the options of each configuration under a heading of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options of no configuration come first."""
        rows: dict[str, list[tuple[str, str]]] = {name: [] for name in ("Options", *SECTIONS)}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                rows[_section(parameter.name)].append(record)
        for name, records in rows.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)


def _section(option: str | None) -> str:
    for name, kinds in SECTIONS.items():
        if any(item.name == option for kind in kinds for item in dataclasses.fields(kind)):
            return name
    return "Options"


def config_options(*kinds: type[Config], without: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Add an option for every field of the given configurations but some; one not given arrives as None."""

    def decorate(function: F) -> F:
        for kind in reversed(kinds):
            for item in reversed(dataclasses.fields(kind)):
                if item.name not in without:
                    function = _option(item)(function)
        return function

    return decorate


def _option(item: dataclasses.Field[Any]) -> Callable[[F], F]:
    meta, name = item.metadata, flag(item.name)
    text = meta["help"]
    if item.type == "bool":
        opposites = {
            "tied": "--untied",
            "lowercase": "--keep-case",
            "locked_dropout": "--unlocked-dropout",
            "unigram_bias": "--zero-bias",
            "variable_bptt": "--fixed-bptt",
            "rotated_columns": "--fixed-columns",
            "joint": "--separate",
            "bidirectional": "--unidirectional",
            "ordinal": "--unordered",
            "regression": "--classes",
            "unfreezing": "--all-at-once",
            "fine_tune": "--as-it-is",
        }
        default = name if item.default else opposites[item.name]
        both = f"{name}/{opposites[item.name]}"
        return click.option(both, item.name, default=None, help=f"{text}  [default: {default}]")
    if item.default is not None:
        text += f"  [default: {item.default}]"
    names = {"int": click.INT, "float": click.FLOAT, "str": click.STRING}
    kind = click.Choice(meta["choices"]) if meta["choices"] else names[str(item.type).split(" ")[0]]
    return click.option(name, *meta["aliases"], item.name, type=kind, default=None, metavar=meta["metavar"], help=text)


preset_option = click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="default",
    show_default=True,
    help="Settings to start from: small and medium of Zaremba et al. 2014, awd of Merity et al. 2018, "
    "gulordava of Gulordava et al. 2018",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table")
out_option = click.option("--out", metavar="DIR", help="The model directory to write  [default: models/NAME]")
valid_option = click.option("--valid", metavar="F", help="Validation text  [default: a twentieth of CORPUS, held out]")
test_option = click.option("--test", metavar="F", help="Test text, evaluated once at the end")
column_option = click.option("--column", metavar="NAME", help="The text column of a CSV, TSV, JSONL or Parquet file")
resume_option = click.option("--resume", is_flag=True, help="Go on with the interrupted run in the model directory")
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace the model that is there")
seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=1,
    show_default=True,
    metavar="N",
    help="The same seed draws the same text",
)
model_argument = click.argument("model", required=False)


def label_options(function: F) -> F:
    """Which columns of a table are texts and labels."""
    function = click.option("--label-column", metavar="NAME", help="The column of labels, where more than one may be")(
        function
    )
    return click.option("--text-column", metavar="NAME", help="The column of texts, where more than one may be")(
        function
    )


def side_options(function: F) -> F:
    """Which columns, or endings of files, are source and target."""
    function = click.option("--target", metavar="NAME", help="The column, file ending or language of translations")(
        function
    )
    return click.option("--source", metavar="NAME", help="The column, file ending or language of sentences")(function)
