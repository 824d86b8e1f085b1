"""The report of `probe-agreement` as a page, and its first plot as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nlprnn.errors import ConfigError, DataError
from nlprnn.files import replace_file
from nlprnn.reports.picture import png_file
from nlprnn.reports.probe_html import probe_page
from nlprnn.reports.probe_plots import attractor_plot
from nlprnn.reports.svg_plot import svg_file

PICTURES = (".png", ".svg")


def check_places(page: Path | None, picture: Path | None) -> None:
    """Raise, before anything is computed, for files that could not be written afterwards.

    ConfigError where the picture's ending is none of PICTURES, DataError where a folder does not exist.
    """
    if picture is not None and picture.suffix.lower() not in PICTURES:
        raise ConfigError(f"{picture}: plots are drawn into files ending in {' or '.join(PICTURES)}")
    for path in (page, picture):
        if path is not None and (path.is_dir() or not path.parent.is_dir()):
            raise DataError("cannot be written (no such folder, or a folder itself); name another file", path)


def write_page(report: dict[str, Any], path: Path) -> None:
    """Write the page of what `probe_agreement` returns. Raises DataError where it cannot be written."""
    _write(path, probe_page(report).encode("utf-8"))


def write_picture(report: dict[str, Any], path: Path) -> None:
    """Draw accuracy against attractors, of the first suite that tells them; PNG or SVG, as the file's ending says.

    Raises DataError where no suite does, or the file cannot be written.
    """
    models = report["models"]
    for suites in zip(*(model["suites"] for model in models), strict=True):
        asked = [(model["model"], suite) for model, suite in zip(models, suites, strict=True)]
        plot = attractor_plot(asked)
        if plot is not None:
            _write(path, svg_file(plot).encode("utf-8") if path.suffix.lower() == ".svg" else png_file(plot))
            return
    raise DataError("nothing to draw: no suite tells the attractors of conflict items; leave out --plot", path)


def _write(path: Path, content: bytes) -> None:
    try:
        replace_file(path, content)
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror}); name another file", path) from error
