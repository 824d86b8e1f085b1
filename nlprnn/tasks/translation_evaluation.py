"""How well a translator does on given pairs: BLEU and chrF, by source length, and what its own words lead it to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nlprnn.config.decoding import Search
from nlprnn.inference.translation import predict_targets, translate_ids
from nlprnn.metrics.likelihood import perplexity
from nlprnn.metrics.shares import accuracy, wilson
from nlprnn.metrics.translation import translation_quality
from nlprnn.tasks.encoding import bar
from nlprnn.tasks.notes import Note, to_stderr
from nlprnn.tasks.translation_model import TranslationModel
from nlprnn.text.pair_encoding import EncodedPairs, encode_pairs
from nlprnn.text.parallel import Parallel, find_pairs, open_parallel

LENGTHS = (10, 20, 30, 40)  # source words: the upper ends of all bins but the last


def evaluate_translator(
    model: TranslationModel,
    files: str | Path | Sequence[str | Path],
    *,
    source: str | None = None,
    target: str | None = None,
    search: Search | None = None,
    note: Note = to_stderr,
) -> dict[str, Any]:
    """The JSON of `evaluate` for pairs in two text files or a table; of a folder or data set its test pairs.

    Raises DataError for pairs that cannot be read.
    """
    paths = [files] if isinstance(files, (str, Path)) else files
    part = "test" if "test" in find_pairs(paths, source, target) else "train"
    return evaluate_pairs(model, open_parallel(paths, source, target, part), search, note)


def evaluate_pairs(
    model: TranslationModel, pairs: Parallel, search: Search | None = None, note: Note = to_stderr
) -> dict[str, Any]:
    """BLEU and chrF over all pairs, of translations found with a beam, and how many are exactly the reference, white
    space apart; see also `exposure` and `by_source_length`."""
    how = search or Search()
    sources, references = [pair.source for pair in pairs], [pair.target for pair in pairs]
    found = []
    with bar("translating", "sentence") as progress:
        for best in model.translate(sources, how, note):
            found.append(best[0].text)
            progress(len(found), len(sources))
    quality = translation_quality(found, references)
    same = sum(mine.split() == its.split() for mine, its in zip(found, references, strict=True))
    low, high = wilson(same, len(sources))
    exact = {"n": len(sources), "accuracy": accuracy(same, len(sources)), "interval": [low, high]}
    return {
        "bleu": quality.bleu,
        "chrf": quality.chrf,
        "signature": quality.signature,
        "pairs": len(sources),
        "exact": exact,
        "beam": how.beam,
        "length_penalty": how.length_penalty,
        "by_source_length": by_source_length(sources, found, references),
        **exposure(model, encode_pairs(pairs, model.source, model.target)),
    }


def by_source_length(sources: Sequence[str], found: Sequence[str], references: Sequence[str]) -> list[dict[str, Any]]:
    """BLEU of the sentences with so many white-space separated source words: LENGTHS part the bins."""
    rows: list[list[int]] = [[] for _ in range(len(LENGTHS) + 1)]
    for row, text in enumerate(sources):
        rows[sum(len(text.split()) > most for most in LENGTHS)].append(row)
    ends = zip((1, *(most + 1 for most in LENGTHS)), (*LENGTHS, None), strict=True)
    return [
        {
            "from": low,
            "to": high,
            "n": len(some),
            "bleu": translation_quality([found[row] for row in some], [references[row] for row in some]).bleu
            if some
            else None,
        }
        for (low, high), some in zip(ends, rows, strict=True)
    ]


def exposure(model: TranslationModel, pairs: EncodedPairs) -> dict[str, Any]:
    """What a model that was trained on given words does with its own (exposure bias, Ranzato et al. 2016).

    `teacher_forced` is the share of target tokens, ends included, that are the model's likeliest after the reference so
    far; `free_running` the share of those that the model's own greedy translation has at the same place. `perplexity`
    is that of the references. An ensemble has none of these.
    """
    if len(model.members) > 1:
        return dict.fromkeys(("perplexity", "tokens", "teacher_forced", "free_running"))
    predicted = predict_targets(model.members[0], pairs.source, pairs.target)
    greedy = translate_ids(model.members, pairs.source, Search(beam=1))
    same = 0
    for row, best in enumerate(greedy):
        own = [*best[0].ids, *[model.target.eos_id] * best[0].ended]
        given = [*pairs.target[row].tolist(), model.target.eos_id]
        same += sum(mine == its for mine, its in zip(own, given, strict=False))
    return {
        "perplexity": perplexity(predicted.nll, predicted.tokens),
        "tokens": predicted.tokens,
        "teacher_forced": predicted.correct / predicted.tokens,
        "free_running": same / predicted.tokens,
    }
