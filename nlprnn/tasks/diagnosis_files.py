"""A diagnosis on the disk: numbers as TSV, plots as PNG, and the report as one page."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from nlprnn.errors import ConfigError
from nlprnn.files import replace_file
from nlprnn.reports.diagnosis_charts import charts
from nlprnn.reports.diagnosis_html import diagnosis_page
from nlprnn.reports.heat import Heat
from nlprnn.reports.heat_picture import heat_file
from nlprnn.reports.picture import png_file
from nlprnn.tasks.diagnosing import ALL_PARTS, Diagnosis, Table
from nlprnn.tasks.diagnosis_jobs import RATES

SETTINGS = "diagnosis.json"  # by which a folder is known to be ours
OURS = (".tsv", ".png")


def check_places(out: Path | None, report: Path | None, overwrite: bool) -> None:
    """Raise ConfigError, before anything is measured, where something would be lost or cannot be written."""
    if out is not None and out.exists():
        if not out.is_dir():
            raise ConfigError(f"--out {out}: a file of that name is there; name a folder")
        if any(out.iterdir()) and not (out / SETTINGS).is_file():
            raise ConfigError(f"--out {out}: the folder is not empty and not a diagnosis; name another")
        if any(out.iterdir()) and not overwrite:
            raise ConfigError(f"--out {out}: a diagnosis is there; add --overwrite, or name another folder")
    if report is not None:
        if not report.parent.is_dir():
            raise ConfigError(f"--report {report}: there is no folder {report.parent}; make it, or name another file")
        if report.is_dir():
            raise ConfigError(f"--report {report}: a folder of that name is there; name a file")
        if report.exists() and not overwrite:
            raise ConfigError(f"--report {report}: is there already; add --overwrite, or name another file")


def write_out(diagnosis: Diagnosis, out: Path) -> list[Path]:
    """Write every table and plot into a folder, and take away those that an earlier diagnosis left there.

    Each file is written whole or not at all. Raises OSError.
    """
    out.mkdir(parents=True, exist_ok=True)
    replace_file(out / SETTINGS, json.dumps(diagnosis.settings, indent=2, ensure_ascii=False).encode())
    written = []
    for name, table in diagnosis.tables().items():
        written.append(out / f"{name}.tsv")
        replace_file(written[-1], _tsv(table))
    for drawn in charts(diagnosis.json()).values():
        for name, plot in drawn.items():
            written.append(out / f"{name}.png")
            replace_file(written[-1], heat_file(plot) if isinstance(plot, Heat) else png_file(plot))
    for path in set(out.iterdir()) - set(written):
        if path.suffix in OURS and path.stem.split("-")[0] in (*ALL_PARTS, RATES):
            path.unlink()
    return written


def write_report(diagnosis: Diagnosis, report: Path) -> None:
    """Write the page, whole or not at all. Raises OSError."""
    replace_file(report, diagnosis_page(diagnosis.json()).encode())


def _tsv(table: Table) -> bytes:
    header, rows = table
    text = io.StringIO()
    writer = csv.writer(text, dialect="excel-tab", lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(f"{value:.6g}" if isinstance(value, float) else value for value in row)
    return text.getvalue().encode()
