"""`nlprnn make-corpus`: text from a grammar."""

from __future__ import annotations

import click


@click.command("make-corpus", short_help="Generate a corpus from a grammar of ours.")
@click.argument("grammar", type=click.Choice(["agreement", "translation"]))
@click.option(
    "--sentences", type=click.IntRange(min=1), default=10_000, show_default=True, metavar="N", help="How many"
)
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="The same seed makes the same text")
@click.option("--out", metavar="F", help="The file to write  [default: standard output]")
def command(grammar: str, sentences: int, seed: int, out: str | None) -> None:
    """Generate sentences, one a line.

    `agreement`: English with verbs that agree with their subjects at a distance. `translation`: different English
    sentences, each with a tab and its Portuguese translation behind it.
    """
    from nlprnn.tasks.corpora import make_corpus, write_corpus

    if out is not None:
        write_corpus(out, grammar, sentences, seed)
        return
    for sentence in make_corpus(grammar, sentences, seed):
        click.echo(sentence)
