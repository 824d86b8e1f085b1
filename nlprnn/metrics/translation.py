"""How good translations are: BLEU and chrF, as sacreBLEU computes them (Post 2018), and the signature of the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class TranslationQuality(NamedTuple):
    """0 to 100 each."""

    bleu: float  # Papineni et al. 2002, of the whole corpus: tokenised by 13a, case kept
    chrf: float  # Popovic 2015: F2 over character 6-grams
    signature: str  # of BLEU: what another BLEU must have to be compared with it


def translation_quality(hypotheses: Sequence[str], references: Sequence[str]) -> TranslationQuality:
    """BLEU and chrF of as many translations as references, at least one."""
    from sacrebleu.metrics import BLEU, CHRF

    assert len(hypotheses) == len(references) > 0
    metric = BLEU(force=True)  # force: no warning about text that looks tokenised already
    bleu = metric.corpus_score(list(hypotheses), [list(references)])
    chrf = CHRF().corpus_score(list(hypotheses), [list(references)])
    return TranslationQuality(float(bleu.score), float(chrf.score), str(metric.get_signature()))
