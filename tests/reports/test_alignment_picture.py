"""Pictures, read back pixel by pixel."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib import font_manager, ft2font
from matplotlib.image import imread
from scipy import ndimage

from nlprnn.reports.alignment import Alignment, write_alignments

WEIGHTS = [[0.7, 0.2, 0.1], [0.05, 0.35, 0.6]]  # no two alike, so that each square has a colour of its own


@dataclass
class Square:
    light: float
    left: int
    top: int
    width: int
    height: int


def picture(path: Path, *alignments: Alignment) -> np.ndarray:
    write_alignments(path, alignments)
    return np.round(255 * imread(path)[:, :, :3]).astype(np.int64)  # (height, width, 3)


def squares(pixels: np.ndarray, count: int) -> list[Square]:
    """The `count` largest areas of one colour, white apart, as the boxes around them; the darkest first."""
    codes = pixels @ np.array([1 << 16, 1 << 8, 1])
    colours, areas = np.unique(codes[codes != 0xFFFFFF], return_counts=True)
    found = []
    for code in colours[np.argsort(-areas)][: count + 4]:  # thin lines have a colour too
        places, _ = ndimage.label(codes == code)
        sizes = np.bincount(places.ravel())[1:]
        rows, columns = ndimage.find_objects(places)[sizes.argmax()]
        light = float(pixels[places == sizes.argmax() + 1][0].sum())
        shape = columns.stop - columns.start, rows.stop - rows.start
        found.append((sizes.max(), Square(light, columns.start, rows.start, *shape)))
    largest = sorted(found, key=lambda pair: -pair[0])[:count]
    return sorted((square for _, square in largest), key=lambda square: square.light)


def test_every_weight_is_a_square_in_its_row_and_column_and_more_weight_is_darker(tmp_path: Path) -> None:
    found = squares(picture(tmp_path / "a.png", Alignment(["um", "dois", "três"], ["one", "two"], WEIGHTS)), 6)
    lefts = sorted({square.left for square in found})
    tops = sorted({square.top for square in found})
    assert len(lefts) == 3 and len(tops) == 2
    read = [(tops.index(square.top), lefts.index(square.left)) for square in found]
    flat = [(row, column) for row in range(2) for column in range(3)]
    assert read == sorted(flat, key=lambda place: -WEIGHTS[place[0]][place[1]])
    assert all(abs(square.width - square.height) <= 1 and square.width > 70 for square in found)
    steps = {after - before for places in (lefts, tops) for before, after in pairwise(places)}
    assert max(steps) - min(steps) <= 1


def test_no_weight_is_white_and_all_weight_the_darkest(tmp_path: Path) -> None:
    pixels = picture(tmp_path / "a.png", Alignment(["a", "b"], ["c"], [[0.0, 1.0]]))
    full = squares(pixels, 1)[0]
    middle = full.top + full.height // 2
    assert pixels[middle, full.left + full.width // 2].tolist() == [0x06, 0x1E, 0x80]
    assert pixels[middle, full.left - full.width // 2].tolist() == [255, 255, 255]


def test_words_stand_above_and_on_the_left(tmp_path: Path) -> None:
    """Another source word changes pixels above the map alone, another target word those on its left."""
    first = picture(tmp_path / "a.png", Alignment(["um", "dois", "três"], ["one", "two"], WEIGHTS))
    for source, target, above in (
        (["um", "dois", "trás"], ["one", "two"], True),
        (["um", "dois", "três"], ["oue", "two"], False),
    ):
        other = picture(tmp_path / "b.png", Alignment(source, target, WEIGHTS))
        rows, columns = np.nonzero((first != other).any(axis=2))
        corner = squares(first, 6)
        if above:
            assert rows.max() < min(square.top for square in corner)
        else:
            assert columns.max() < min(square.left for square in corner)


def test_short_words_stand_upright_and_need_less_room(tmp_path: Path) -> None:
    upright, turned = (
        picture(tmp_path / "a.png", Alignment(words, ["x"], [[0.4, 0.6]])) for words in (["a", "b"], ["a", "banana"])
    )
    assert squares(upright, 1)[0].top < squares(turned, 1)[0].top


def test_sentences_stand_below_each_other(tmp_path: Path) -> None:
    one = Alignment(["um", "dois", "três"], ["one", "two"], WEIGHTS)
    other = Alignment(["longíssima"], ["x"], [[0.9]])
    found = squares(picture(tmp_path / "a.png", one, other), 7)
    lowest = max(found, key=lambda square: square.top)
    assert lowest is found[0]
    assert lowest.left == min(square.left for square in found[1:])


@pytest.mark.parametrize("words", [3, 40, 120])
def test_a_picture_is_large_enough_to_read_and_small_enough_to_open(words: int, tmp_path: Path) -> None:
    pixels = picture(tmp_path / "a.png", Alignment(["word"] * words, ["w"], [[1.0] + [0.0] * (words - 1)]))
    assert max(pixels.shape) < 5000
    assert squares(pixels, 1)[0].width > (70 if words <= 40 else 30)


def test_the_font_has_every_letter_of_portuguese_and_german() -> None:
    font = ft2font.FT2Font(font_manager.findfont("DejaVu Sans", fallback_to_default=False))
    letters = "áàâãçéêíóôõúüñäöß«»„“”–…"
    assert not [sign for sign in letters + letters.upper() if not font.get_char_index(ord(sign[0]))]


def test_an_accent_is_the_same_however_it_is_encoded(tmp_path: Path) -> None:
    files = []
    for form in ("NFC", "NFD"):
        write_alignments(tmp_path / "a.svg", [Alignment(["a"], [unicodedata.normalize(form, "não")], [[1.0]])])
        files.append((tmp_path / "a.svg").read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_any_word_can_be_drawn_and_nothing_is_said_about_it(
    ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Letters no font here has, mathematics that matplotlib would parse, control characters, halves of characters."""
    source = ["注意", "$\\frac{$", "$5", "\x00\x07", "\udc80", "😀", "w" * 300]
    write_alignments(tmp_path / f"a.{ending}", [Alignment(source, ["مرحبا"], [[1 / 7] * 7])])
    assert capfd.readouterr() == ("", "") and not caplog.records
