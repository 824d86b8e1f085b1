"""BLEU and chrF, against the `sacrebleu` command line and by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nlprnn.metrics.translation import translation_quality

FOUND = [
    "He said: \"the cats' keys aren't here\", 1,500 times.",
    "the key to the old cabinets is new .",
    "The Key to the old cabinet is new.",
    "",
    "ein großer Hund läuft über die Straße",
]
WANTED = [
    "He said: \"the cats' key isn't here\", 1,500 times.",
    "the key to the old cabinets is new .",
    "the key to the old cabinets is new.",
    "nothing was found",
    "ein großer schwarzer Hund läuft über die Strasse",
]


def test_both_figures_are_those_of_the_sacrebleu_command_with_the_same_signature(tmp_path: Path) -> None:
    for name, lines in (("found", FOUND), ("wanted", WANTED)):
        (tmp_path / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    command = [sys.executable, "-m", "sacrebleu", tmp_path / "wanted", "-i", tmp_path / "found", "-w", "9"]
    done = subprocess.run([*command, "-m", "bleu", "chrf"], capture_output=True, text=True, check=True)
    bleu, chrf = json.loads(done.stdout)
    found = translation_quality(FOUND, WANTED)
    assert 20 < found.bleu < 80
    assert found.bleu == pytest.approx(bleu["score"], abs=1e-8)
    assert found.chrf == pytest.approx(chrf["score"], abs=1e-8)
    assert found.signature == bleu["signature"]
    assert {"case:mixed", "tok:13a", "nrefs:1"} <= set(found.signature.split("|"))


def test_the_brevity_penalty_by_hand() -> None:
    # all of 5, 4, 3 and 2 n-grams are right; the reference has 7 words
    found = translation_quality(["a b c d e"], ["a b c d e f g"])
    assert found.bleu == pytest.approx(100 * 2.718281828459045 ** (1 - 7 / 5))


def test_case_counts_and_the_same_text_is_perfect() -> None:
    assert translation_quality(WANTED, WANTED)[:2] == (pytest.approx(100), pytest.approx(100))
    assert translation_quality(["A B C D"], ["a b c d"]).bleu == 0


def test_text_that_looks_tokenised_raises_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    translation_quality(["a ."] * 200, ["a ."] * 200)
    assert caplog.records == []
