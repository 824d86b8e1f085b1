"""What `probe_agreement` returns, of scorers whose preferences are known in advance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from nlprnn.probes.comparison import compare
from nlprnn.probes.recency import probe_agreement
from nlprnn.probes.seeds import spread
from nlprnn.probes.suite import MinimalPair, Suite
from tests.probes.fake_scorers import FakeScorer, nearest_noun, oracle

NASTY = 'models/<b>&amp;"</script>'


def pairs() -> Iterator[MinimalPair]:
    """Of two constructions, with up to three attractors at several distances; a few have a verb that is not known."""
    for number in range(240):
        attractors, subject = number % 4, ("singular", "plural")[number // 4 % 2]
        forms = ("laughs", "laugh") if number % 24 == 5 else ("is", "are")
        good, bad = forms if subject == "singular" else forms[::-1]
        other = "books" if subject == "singular" else "book"
        nouns = f" of the {other}" * attractors
        prefix = f"{number} the {'writer' if subject == 'singular' else 'writers'}{nouns}"
        yield MinimalPair(
            f"{prefix} {good} old",
            f"{prefix} {bad} old",
            f"construction {number % 3}",
            attractors,
            subject,
            attractors == 0,
            len(prefix.split()),
            group=f"group {number // 6}",
            distance=3 * attractors + 4 * (number % 3),
        )


def wavering(share: int) -> FakeScorer:
    """An oracle that follows the nearest noun on some items."""
    first, nearest = oracle().word_score, nearest_noun().word_score
    return FakeScorer(
        lambda before, word: (nearest if before and int(before[0]) % 10 < share else first)(before, word), {"laughs"}
    )


def sample(**scorers: FakeScorer) -> dict[str, Any]:
    """With an n-gram model that follows the nearest noun, and the models taken for seeds of one recipe."""
    suite = Suite("hand & made", pairs, "sentence", coverage="made by hand")
    scorers = scorers or {"models/a": wavering(2), NASTY: wavering(5)}
    found = {
        name: probe_agreement(scorer, suite, ngram=nearest_noun(), frequency={"is": 3, "are": 2}.get)
        for name, scorer in scorers.items()
    }
    models = [{"model": name, "suites": [report.json()]} for name, report in found.items()]
    compared = compare([(name, [report]) for name, report in found.items()], "models/ngram")
    recipes = [{"models": list(found), "suites": [spread(list(found.values()))]}] if len(found) > 1 else []
    report = {"models": models, "comparisons": [one.json() for one in compared], "recipes": recipes}
    told: dict[str, Any] = json.loads(json.dumps(report))
    return told
