"""`nlprnn train-classifier`: train a recurrent network to tell the class or score of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nlprnn.commands.options import (
    SectionedCommand,
    config_options,
    json_option,
    label_options,
    out_option,
    overwrite_option,
    resume_option,
)
from nlprnn.commands.output import leave_if_interrupted, print_json, print_trained
from nlprnn.config.classification import (
    ClassifierConfig,
    ClassifierTokenizerConfig,
    ClassifierTrainingConfig,
    TransferConfig,
)

if TYPE_CHECKING:
    from nlprnn.tasks.classification import ClassifierRun


@click.command("train-classifier", cls=SectionedCommand, short_help="Train a classifier of texts, or of scores.")
@click.argument("texts", nargs=-1, required=True, metavar="REVIEWS...")
@click.option("--valid", metavar="F", help="Validation texts  [default: every tenth text of each label, held out]")
@click.option("--test", metavar="F", help="Test texts, evaluated once at the end")
@label_options
@out_option
@config_options(ClassifierTokenizerConfig, ClassifierConfig, ClassifierTrainingConfig, TransferConfig)
@resume_option
@overwrite_option
@json_option
def command(texts: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Train a recurrent network to tell the label of a text: a class, a score, or one of ordered classes.

    REVIEWS is a table with a header (TSV, CSV, JSONL, Parquet), a file of lines `__label__x text`, a folder with a
    folder of .txt files for each class, a folder with train, valid and test, a dataset folder, or hf:NAME.

    Beside it a bag-of-words classifier (NB-SVM) is trained on the same texts, which a network has to beat. The
    probabilities are calibrated on the validation texts.

    Ctrl-C stops after the step under way and keeps the best weights; --resume goes on from there, also in --fine-tune
    and --folds.
    """
    from nlprnn.tasks.classification import train_classifier

    run = train_classifier(texts, **options)
    if as_json:
        print_json(run.summary())
    else:
        print_trained(run, _found(run), "texts", run.texts_per_second, _after(run))
    leave_if_interrupted(run.interrupted)


def _found(run: ClassifierRun) -> list[tuple[str, str]]:
    rows = [
        ("validation accuracy", f"{run.valid_accuracy:.2%}"),
        ("  of the bag-of-words baseline", f"{run.baseline_valid_accuracy:.2%}"),
        ("validation macro F1", f"{run.valid_macro_f1:.2%}"),
    ]
    if run.valid_mae is not None:
        rows.append(("validation mean absolute error", f"{run.valid_mae:.3f}"))
    return rows


def _after(run: ClassifierRun) -> list[tuple[str, str]]:
    rows = []
    if run.fine_tuning is not None:
        rows.append(("minutes of the language model before", f"{run.fine_tuning['seconds'] / 60:.1f}"))
    if run.folds is not None:
        of = f"accuracy over {run.folds['folds']} folds"
        for name, prefix in ((of, ""), ("  of the bag-of-words baseline", "baseline_")):
            mean, deviation = run.folds[prefix + "accuracy"], run.folds[prefix + "deviation"]
            low, high = run.folds[prefix + "interval"]
            rows.append((name, f"{mean:.2%} +- {deviation:.2%} [{low:.2%}, {high:.2%}]"))
    if run.test is not None:
        rows.append(("test accuracy", f"{run.test['accuracy']:.2%}"))
        rows.append(("  of the bag-of-words baseline", f"{run.test['baseline_accuracy']:.2%}"))
    return rows
