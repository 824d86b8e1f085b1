"""`nlprnn make-corpus`: text from a grammar."""

from __future__ import annotations

import click


@click.command("make-corpus", short_help="Generate a corpus from a grammar of ours.")
@click.argument("grammar", type=click.Choice(["agreement", "agreement-portuguese", "translation", "reviews"]))
@click.option(
    "--sentences", type=click.IntRange(min=1), default=10_000, show_default=True, metavar="N", help="How many"
)
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="The same seed makes the same text")
@click.option(
    "--held-out",
    is_flag=True,
    help="translation, reviews: sentences with combinations of words that never occur without this flag",
)
@click.option("--out", metavar="F", help="The file to write  [default: standard output]")
def command(grammar: str, sentences: int, seed: int, held_out: bool, out: str | None) -> None:
    """Generate sentences or reviews, one a line.

    `agreement`: English with verbs that agree with their subjects at a distance; `agreement-portuguese`: the same in
    Portuguese, where more than verbs agree. `translation`: different English
    sentences, each with a tab and its Portuguese translation behind it. `reviews`: different English reviews of films
    as TSV with a header: 1 to 5 stars, the text, and what it says of each aspect (1 praised, -1 blamed, 0 neither).
    """
    from nlprnn.tasks.corpora import make_corpus, write_corpus

    if out is not None:
        write_corpus(out, grammar, sentences, seed, held_out)
        return
    for sentence in make_corpus(grammar, sentences, seed, held_out):
        click.echo(sentence)
