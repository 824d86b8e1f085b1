"""Where the page and the picture go."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlprnn.errors import ConfigError, DataError
from nlprnn.reports.probe_files import check_places, write_page, write_picture
from tests.reports.probe_sample import sample

REPORT = sample()


def test_a_picture_is_what_its_ending_says(tmp_path: Path) -> None:
    write_picture(REPORT, tmp_path / "p.svg")
    write_picture(REPORT, tmp_path / "p.PNG")
    assert (tmp_path / "p.svg").read_text(encoding="utf-8").startswith("<svg") and "Agreement on conflict items" in (
        tmp_path / "p.svg"
    ).read_text(encoding="utf-8")
    assert (tmp_path / "p.PNG").read_bytes().startswith(b"\x89PNG")


def test_places_are_checked_before_and_faults_told_after(tmp_path: Path) -> None:
    check_places(tmp_path / "r.html", tmp_path / "p.svg")
    check_places(None, None)
    with pytest.raises(ConfigError, match=r"p.gif: plots are drawn into files ending in .png or .svg"):
        check_places(None, tmp_path / "p.gif")
    for path in (tmp_path, tmp_path / "no" / "r.html"):
        with pytest.raises(DataError, match="cannot be written"):
            check_places(path, None)
        with pytest.raises(DataError, match="cannot be written"):
            write_page(REPORT, path)
