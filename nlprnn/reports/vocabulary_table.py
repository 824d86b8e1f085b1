"""The terminal table of `probe-agreement --vocab-only`, from the same object that `--json` prints."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from nlprnn.reports.probe_comparison import WIDTH, clip

Json = dict[str, Any]

READ_AS = {"model": "the vocabulary of a model", "types": "a list of types", "corpus": "a corpus"}


def vocabulary_table(report: Json) -> str:
    """What of each suite could be scored, and what not and why."""
    head = f"{report['vocabulary']}: {READ_AS[report['kind']]}, {report['types']:,} types"
    return "\n\n".join([head, *("\n".join(_block(suite)) for suite in report["suites"])])


def _block(suite: Json) -> Iterator[str]:
    yield f"== {suite['name']} =="
    yield from wrap(f"scored by {suite['scoring']}", WIDTH)
    yield from wrap(suite["coverage"], WIDTH, subsequent_indent="  ")
    yield f"{'':<41}{'all':>9}{'could be scored':>18}{'':>9}"
    for name, part in [
        ("all", suite),
        *(("  " + (part["name"] or "(no construction)"), part) for part in suite["constructions"]),
    ]:
        share = "-" if part["share"] is None else f"{100 * part['share']:.1f} %"
        yield f"{clip(name)}{part['n'] + part['skipped']:>9,}{part['n']:>18,}{share:>9}"
    if suite["skipped"]:
        why = ", ".join(f"{reason} {count:,}" for reason, count in suite["skipped_why"].items())
        yield from wrap(f"skipped: {why}", WIDTH, subsequent_indent="  ")
    if suite["unknown_counts"]:
        words = ", ".join(f"{word} {count:,}" for word, count in suite["unknown_counts"].items())
        yield from wrap(f"unknown words, and of how many {suite['counted']}: {words}", WIDTH, subsequent_indent="  ")
    if suite["shared_unknown"]:
        yield f"{suite['shared_unknown']:,} more share an unknown word, and would be scored"
