from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nlprnn.errors import ConfigError
from nlprnn.reports import alignment
from nlprnn.reports.alignment import Alignment, most_sentences, write_alignments

KEY = Alignment(["the", "key"], ["a", "chave", "<eos>"], [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG"), ("a.SVG", b"<?xml"), ("a.pdf", b"%PDF"), ("a.html", b"<!doctype html>")]
)
def test_the_ending_says_what_the_file_is(name: str, start: bytes, tmp_path: Path) -> None:
    write_alignments(tmp_path / name, [KEY])
    first = (tmp_path / name).read_bytes()
    assert first.startswith(start)
    write_alignments(tmp_path / name, [KEY])
    assert (tmp_path / name).read_bytes() == first, "the same alignments, the same file"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.jpg", "a", "png"])
def test_another_ending_is_one_line_that_names_those_there_are(name: str, tmp_path: Path) -> None:
    for ask in (lambda path: write_alignments(path, [KEY]), most_sentences):
        with pytest.raises(ConfigError, match=r"\.png, \.svg, \.pdf, \.html$") as told:
            ask(tmp_path / name)
        assert "\n" not in str(told.value) and name in str(told.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.png", "a.html"])
def test_after_an_error_the_old_file_is_there(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    path = tmp_path / name
    path.write_text("old")
    monkeypatch.setattr(alignment, "draw_maps", fail)
    monkeypatch.setattr(alignment, "page", fail)
    with pytest.raises(OSError, match="disk full"):
        write_alignments(path, [KEY])
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", [".svg", ".html"])
def test_of_too_many_sentences_the_first_are_drawn_and_the_file_says_so(ending: str, tmp_path: Path) -> None:
    most = most_sentences(Path("a" + ending))
    files = []
    for count in (most, most + 1, most + 2):
        write_alignments(tmp_path / f"{count}{ending}", [KEY] * count)
        files.append((tmp_path / f"{count}{ending}").read_text(encoding="utf-8"))
    note = f"Only the first {most} sentences."
    assert note not in files[0] and note in files[1] and files[1] == files[2]


@pytest.mark.parametrize("name", ["a.svg", "a.html"])
def test_sentences_without_words_are_left_out(name: str, tmp_path: Path) -> None:
    write_alignments(tmp_path / name, [Alignment([], ["<eos>"], [[]]), Alignment(["a"], [], [])])
    assert "No sentences." in (tmp_path / name).read_text(encoding="utf-8")
    write_alignments(tmp_path / name, [Alignment([], [], []), KEY])
    made = (tmp_path / name).read_text(encoding="utf-8")
    assert "No sentences." not in made
    assert name == "a.svg" or ("Sentence 2" in made and "Sentence 1" not in made)


def test_matplotlib_waits_for_a_picture_and_pyplot_is_never_needed(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from nlprnn.reports.alignment import Alignment, write_alignments
write_alignments(Path(sys.argv[1], "a.html"), [Alignment(["a"], ["b"], [[1.0]])])
assert "matplotlib" not in sys.modules
write_alignments(Path(sys.argv[1], "a.png"), [Alignment(["a"], ["b"], [[1.0]])])
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
