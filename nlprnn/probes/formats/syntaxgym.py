"""SyntaxGym (Gauthier et al. 2020; Hu et al. 2020): JSON with `meta`, `region_meta`, `predictions` and `items`.

A file is a suite, named by `meta.name`. Its predictions, or where it has none the strings in `meta.string_predictions`,
are formulas (see probes/formula.py) over the surprisals of regions, each the sum of its tokens' in bits; the sentence's
end belongs to the last region, as it does where the authors' models have one. A sentence is its regions joined by
spaces, empty ones left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nlprnn.errors import DataError
from nlprnn.probes import formula
from nlprnn.probes.conditions import Condition, ConditionSuite, Item
from nlprnn.probes.formats.columns import BOM, is_text, is_whole
from nlprnn.probes.suite import Scoring

KEYS = (b'"region_meta"', b'"predictions"', b'"item_number"')
METRICS = {"sum": False, "mean": True}


def matches(head: bytes) -> bool:
    return head.removeprefix(BOM).lstrip().startswith(b"{") and any(key in head for key in KEYS)


def suite(path: Path) -> ConditionSuite:
    """Raises DataError for what does not fit the format, and for formulas about what an item does not have."""
    content = _load(path)
    meta = content.get("meta")
    predictions = tuple(formula.parse(text, path) for text in dict.fromkeys(_formulas(content, path)))
    items = tuple(_item(item, place, path) for place, item in enumerate(_list(content, "items", "the suite", path), 1))
    for asked in dict.fromkeys(reference for each in predictions for reference in each.references()):
        for item in items:
            _check(asked, item, path)
    meta = meta if isinstance(meta, dict) else {}
    metric = _metric(meta.get("metric", "sum"), path)
    name = meta.get("name")
    published = Scoring("region", mean=METRICS[metric])
    return ConditionSuite(
        name if isinstance(name, str) and name else path.stem, items, predictions, str(path), published=published
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes().removeprefix(BOM))
    except UnicodeDecodeError as error:
        raise DataError("not UTF-8; convert the file to UTF-8", path) from error
    except json.JSONDecodeError as error:
        raise DataError(f"not JSON ({error.msg}); fetch the file again", path, error.lineno) from error
    except ValueError as error:
        raise DataError(f"not JSON ({error}); fetch the file again", path) from error
    except RecursionError as error:
        raise DataError("not a suite: nested too deeply", path) from error
    if not isinstance(content, dict):
        raise DataError("not a suite: a JSON object with predictions and items is expected", path)
    return content


def _metric(asked: Any, path: Path) -> str:
    """Several may be given, or `all`; the predictions are then about the sum."""
    told = asked if isinstance(asked, list) else [asked]
    metric = "sum" if {"sum", "all"} & {each for each in told if isinstance(each, str)} else told[0] if told else None
    if not isinstance(metric, str) or metric not in METRICS:
        raise DataError(f"the metric {asked!r} is not known; {', '.join(METRICS)} are", path)
    return metric


def _formulas(content: dict[str, Any], path: Path) -> list[str]:
    meta = content.get("meta")
    plain = meta.get("string_predictions") if isinstance(meta, dict) else None
    if not content.get("predictions") and isinstance(plain, list) and plain:  # the layout of Hu et al. 2020
        if not all(isinstance(text, str) for text in plain):
            raise DataError("string_predictions that are no strings; only formulas are known", path)
        return plain
    texts = []
    for place, prediction in enumerate(_list(content, "predictions", "the suite", path), start=1):
        text = prediction.get("formula") if isinstance(prediction, dict) else None
        if not isinstance(text, str) or prediction.get("type", "formula") != "formula":
            raise DataError(f"prediction {place} is no formula; only formulas are known", path)
        texts.append(text)
    return texts


def _item(item: Any, place: int, path: Path) -> Item:
    number = item.get("item_number", place) if isinstance(item, dict) else place
    told = f"item {number}"
    conditions: dict[str, Condition] = {}
    for each in _list(item, "conditions", told, path):
        name = each.get("condition_name") if isinstance(each, dict) else None
        if not isinstance(name, str):
            raise DataError(f"{told}: a condition without a condition_name", path)
        if name in conditions:
            raise DataError(f"{told} has the condition {name!r} twice", path)
        conditions[name] = _condition(each, name, f"{told}, condition {name}", path)
    return Item(str(number), conditions)


def _condition(content: dict[str, Any], name: str, told: str, path: Path) -> Condition:
    regions: dict[int, str] = {}
    for region in _list(content, "regions", told, path):
        number, text = (region.get(key) for key in ("region_number", "content")) if isinstance(region, dict) else (0, 0)
        if isinstance(number, str) and is_whole(number):
            number = int(number)
        if not isinstance(number, int) or not isinstance(text, str) or not is_text(text):
            raise DataError(f"{told}: a region needs a region_number and a content", path)
        if number in regions:
            raise DataError(f"{told} has the region {number} twice", path)
        regions[number] = text
    return Condition(name, tuple(regions.items()))


def _list(content: Any, key: str, told: str, path: Path) -> list[Any]:
    found = content.get(key) if isinstance(content, dict) else None
    if not isinstance(found, list) or not found:
        raise DataError(f"{told} has no {key}", path)
    return found


def _check(asked: formula.Reference, item: Item, path: Path) -> None:
    condition = item.conditions.get(asked.condition)
    if condition is None:
        names = ", ".join(item.conditions)
        raise DataError(f"a formula asks for the condition {asked.condition!r}, item {item.number} has {names}", path)
    if not condition.sentence:
        raise DataError(f"item {item.number}, condition {condition.name} has no words", path)
    numbers = [number for number, _ in condition.regions]
    if asked.region is not None and asked.region not in numbers:
        has = f"condition {condition.name} of item {item.number} has {', '.join(map(str, numbers))}"
        raise DataError(f"a formula asks for the region {asked.region}, {has}", path)
