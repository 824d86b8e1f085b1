"""What a translator attended to, word by word: as a picture for a slide, or as a page to point at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nlprnn.errors import ConfigError
from nlprnn.files import replace_file, replacing
from nlprnn.reports.alignment_html import LEAD, SCRIPT, STYLE, alignment_section
from nlprnn.reports.alignment_picture import draw_maps
from nlprnn.reports.page import page

MOST_SENTENCES = {".png": 12, ".svg": 12, ".pdf": 12, ".html": 200}


@dataclass(frozen=True)
class Alignment:
    """A sentence, its translation, and what share of its attention each target word paid to each source word."""

    source: list[str]  # words
    target: list[str]  # words; the last may be '<eos>'
    weights: list[list[float]]  # a row for each target word, a column for each source word; rows sum to about one

    def __post_init__(self) -> None:
        assert len(self.weights) == len(self.target)
        assert all(len(row) == len(self.source) for row in self.weights)


def most_sentences(path: Path) -> int:
    """How many sentences a file of this name shows at most. Raises ConfigError where its ending is none of ours."""
    most = MOST_SENTENCES.get(path.suffix.lower())
    if most is None:
        raise ConfigError(f"{path}: alignments are drawn into files ending in {', '.join(MOST_SENTENCES)}")
    return most


def write_alignments(path: Path, alignments: Sequence[Alignment]) -> None:
    """Draw alignments, in a picture below each other or in a page of sections; what the file is, its ending says.

    Of more sentences than `most_sentences` the first are drawn, and the file says so. Sentences without words are left
    out. Raises ConfigError for an ending that is none of ours, and OSError.
    """
    most = most_sentences(path)
    drawn = [(number, one) for number, one in enumerate(alignments[:most], 1) if one.source and one.target]
    note = "No sentences." if not drawn else f"Only the first {most} sentences." if len(alignments) > most else ""
    kind = path.suffix.lower()[1:]
    if kind == "html":
        sections = (
            (f"Sentence {number}", alignment_section(one.source, one.target, one.weights)) for number, one in drawn
        )
        lead = (*LEAD, note) if note else LEAD
        replace_file(path, page("What the translator attended to", sections, lead, STYLE, SCRIPT).encode())
    else:
        with replacing(path) as temporary:
            draw_maps(temporary, kind, [(one.source, one.target, one.weights) for _, one in drawn], note)
