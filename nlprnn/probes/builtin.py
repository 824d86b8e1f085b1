"""The suites that this project makes itself, of words that the model knows."""

from __future__ import annotations

from collections.abc import Callable

from nlprnn.grammars.agreement import AgreementItems, agreement_items
from nlprnn.grammars.agreement_languages import ENGLISH, PORTUGUESE
from nlprnn.probes.suite import MinimalPair, Suite

BUILTIN = {"builtin": ENGLISH, "builtin-pt": PORTUGUESE}
PER_CONSTRUCTION = 200
SEED = 0  # of the items: everybody is asked the same


def builtin_suite(
    knows: Callable[[str], bool], name: str = "builtin", per_construction: int = PER_CONSTRUCTION, seed: int = SEED
) -> Suite:
    """The agreement suite with a name of BUILTIN for a model, given its tokenizer's `knows`.

    The verb is scored after its prefix, so that what follows it weighs nothing. Two models that know different words
    are asked different items; `coverage` says how much of the lexicon was known.
    """
    items = agreement_items(knows, per_construction, seed, BUILTIN[name])
    pairs = tuple(
        MinimalPair(
            item.good,
            item.bad,
            item.construction,
            item.attractors,
            item.subject,
            item.match,
            item.target,
            item.group,
            item.distance,
        )
        for item in items
    )
    return Suite(name, lambda: iter(pairs), "target", "nlprnn.grammars.agreement", _coverage(items))


def _coverage(items: AgreementItems) -> str:
    known = f"{items.nouns_known} of {items.nouns} nouns and {items.verbs_known} of {items.verbs} verbs"
    text = f"built of words that the model knows: {known}"
    why: dict[str, list[str]] = {}
    for construction, reason in items.left_out.items():
        why.setdefault(reason, []).append(construction)
    left_out = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in why.items())
    return f"{text}; left out: {left_out}" if left_out else text
