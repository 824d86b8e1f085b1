"""A browser without a window, for tests of pages."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DARK = "--blink-settings=preferredColorScheme=0"

FRAME = """<!doctype html><title>-</title>
<iframe style="width:{width}px;height:900px;border:0" srcdoc="{page}"></iframe>
<script>
function measure(window, document) {{ {measure} }}
onload = () => {{
  const inside = document.querySelector("iframe").contentWindow;
  let told;
  try {{ told = measure(inside, inside.document); }} catch (error) {{ told = String(error.stack); }}
  document.documentElement.innerHTML = "<body></body>";
  document.body.dataset.told = JSON.stringify(told);
}};
</script>"""


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """A function (page, width, measure, dark) -> what the JavaScript `measure` returns of the page, shown that wide."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no browser is here: one of {', '.join(NAMES)}")

    def run(page: str, width: int, measure: str, dark: bool = False) -> Any:
        place = tmp_path_factory.mktemp("browser")
        frame = Path(place, "frame.html")
        frame.write_text(FRAME.format(width=width, page=html.escape(page), measure=measure), encoding="utf-8")
        command = [
            found,
            *QUIET,
            *([DARK] if dark else []),
            f"--user-data-dir={place / 'user'}",
            "--window-size=1400,1000",
        ]
        command += ["--dump-dom", frame.as_uri()]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
        told = re.search(r'data-told="([^"]*)"', shown)
        assert told, shown[:2000]
        return json.loads(html.unescape(told[1]))

    return run
