"""The two present-tense forms of an English verb: third person singular, and plural. Knows no suite and no model.

Adding the ending is regular. Taking it off is not, because the spelling forgets what stood before it (`dies`, `flies`;
`goes`, `shoes`; `passes`, `finesses`): EXCEPTIONS are the verbs that the rules would get wrong. Forms are lower case.
"""

from __future__ import annotations

import re

IRREGULAR = {"are": "is", "have": "has", "were": "was"}  # plural -> singular
# behind a sibilant or an o: those in -e, in -ie, in a single s, and in a z that the ending follows or doubles
EXCEPTIONS = """
    ache bellyache cache niche psyche douche avalanche axe finesse shoe snowshoe toe tiptoe hoe canoe throe
    belie underlie overlie outlie untie retie hogtie stymie
    alias bias bus callus canvas caucus census chorus focus refocus gas lens nonplus radius trellis
    blitz kibitz spritz waltz quartz quiz whiz
"""
PLAIN = ("stomach", "solo", "tango", "disco", "memo", "halo")  # -s, although their like take -es
WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")


def third_person(plural: str) -> str | None:
    """`carry` -> `carries`; None for what is no word."""
    if not WORD.fullmatch(plural):
        return None
    if plural in IRREGULAR:
        return IRREGULAR[plural]
    if plural.endswith("n't"):
        singular = third_person(plural[:-3])
        return singular and singular + "n't"
    if re.search(r"(?:[^aeiou]|qu)y$", plural):
        return plural[:-1] + "ies"
    if re.search(r"(?:quiz|whiz)$", plural):
        return plural + "zes"
    if plural not in PLAIN and re.search(r"(?:s|x|z|ch|sh|[^aeiou]o)$", plural):
        return plural + "es"
    return plural + "s"


def plural_form(singular: str) -> str | None:
    """`carries` -> `carry`; None for what is no third person singular."""
    if not WORD.fullmatch(singular):
        return None
    if singular in _PLURALS:
        return _PLURALS[singular]
    if singular.endswith("n't"):
        plural = plural_form(singular[:-3])
        return plural and plural + "n't"
    if len(singular) < 3 or not singular.endswith("s") or singular.endswith("ss"):
        return None
    if singular.endswith("ies") and len(singular) > 4:  # not `dies`, `lies`, `ties`, `vies`
        return singular[:-3] + "y"
    if re.search(r"(?:ss|x|zz|sh|ch|[^aeiou]o)es$", singular):
        return singular[:-2]
    return singular[:-1]


def verb_numbers(first: str, second: str) -> dict[str, str] | None:
    """{"singular": ..., "plural": ...} of two forms of one English verb; None where they are not that."""
    for singular, plural in ((first, second), (second, first)):
        form, base = singular.lower(), plural.lower()
        if form != base and (third_person(base) == form or plural_form(form) == base):
            return {"singular": singular, "plural": plural}
    return None


def _exceptions() -> dict[str, str]:
    plurals = {singular: plural for plural, singular in IRREGULAR.items()}
    for plural in EXCEPTIONS.split():
        singular = third_person(plural)
        assert singular is not None, plural
        plurals[singular] = plural
    return plurals


_PLURALS = _exceptions()
