"""Web pages of one file: every report in HTML is a `page` of sections made with `tag`.

A page loads nothing, and its content security policy forbids it to. It is narrow on a phone, white on paper, and dark
where the reader's screen is. Knows nothing of what it shows.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable

from nlprnn.reports.colours import ALL, DARK_ALL, DARK_NOTHING, DEEP, NOTHING

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'"
ALONE = ("br", "col", "hr", "img", "input", "link", "meta", "wbr")  # elements that have no end tag

STYLE = f"""
:root {{ color-scheme: light; --paper: {NOTHING}; --ink: #1b1e24; --muted: #5b6270; --line: #d9dde5; --accent: #1d4fd8;
  --nothing: {NOTHING}; --all: {ALL}; --on-nothing: #000; --on-all: #fff; }}
@media screen and (prefers-color-scheme: dark) {{
  :root {{ color-scheme: dark; --paper: {DARK_NOTHING}; --ink: #e4e7ec; --muted: #9aa2b1; --line: #343a45;
    --accent: #82b8fa; --nothing: {DARK_NOTHING}; --all: {DARK_ALL}; --on-nothing: #fff; --on-all: #000; }}
}}
*, ::before, ::after {{ box-sizing: border-box; }}
html {{ -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }}
body {{ margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  overflow-wrap: break-word; }}
h1 {{ margin: 0 0 .75rem; font-size: 1.6rem; line-height: 1.2; }}
h2 {{ margin: 0 0 .75rem; font-size: 1.1rem; }}
p {{ margin: 0 0 .75rem; max-width: 46rem; }}
section {{ margin-top: 1.5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
:focus-visible {{ outline: 2px solid var(--accent); outline-offset: 2px; }}
.wide {{ overflow-x: auto; }}
.heat {{ background: color-mix(in oklab, var(--all) calc(var(--share) * 100%), var(--nothing));
  color: var(--on-nothing); -webkit-print-color-adjust: exact; print-color-adjust: exact; }}
.deep {{ color: var(--on-all); }}
@media print {{ body {{ padding: 0; max-width: none; }} .wide {{ overflow: visible; }}
  .screen-only {{ display: none; }} }}
"""


class Html(str):
    """Text that is HTML already, as `tag` makes it; any other string is escaped where it enters a page."""


def tag(name: str, /, *content: str, **attributes: str | bool) -> Html:
    """An element. Content and the values of attributes are escaped, apart from content that is Html.

    An underscore in an attribute's name stands for a hyphen and one at its end for nothing (`class_`); True is an
    attribute without a value, and False none.
    """
    names = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    written = [
        key if value is True else f'{key}="{_escape(value)}"' for key, value in names.items() if value is not False
    ]
    opened = f"<{' '.join([name, *written])}>"
    return Html(opened if name in ALONE else f"{opened}{join(content)}</{name}>")


def join(content: Iterable[str], between: str = "") -> Html:
    """Several pieces as one, those escaped that are not Html."""
    return Html(_escape(between).join(piece if isinstance(piece, Html) else _escape(piece) for piece in content))


def shade(share: float) -> dict[str, str]:
    """The attributes for `tag` that shade an element by a share between 0 and 1."""
    return {"class_": "heat deep" if share >= DEEP else "heat", "style": f"--share:{share:.3f}"}


def wide(content: str, label: str) -> Html:
    """A box as wide as the page that what is wider scrolls in, by keyboard too. `label` names it to a screen reader."""
    return tag("div", content, class_="wide", role="group", aria_label=label, tabindex="0")


def page(
    title: str, sections: Iterable[tuple[str, Html]], lead: Iterable[str] = (), style: str = "", script: str = ""
) -> str:
    """A whole page: its title, the paragraphs that lead in, and sections with a heading each (empty: none).

    `style` and `script` are what this kind of report needs besides; they come from our own code and are not escaped.
    """
    assert "</" not in style + script
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("style", Html(STYLE + style)),
    ]
    body = [tag("h1", title), *(tag("p", paragraph) for paragraph in lead)]
    for heading, content in sections:
        body.append(tag("section", *([tag("h2", heading)] if heading else []), content))
    if script:
        body.append(tag("script", Html(script)))
    parts = [tag("head", join(["", *head, ""], "\n")), tag("body", join(["", *body, ""], "\n"))]
    return "<!doctype html>\n" + tag("html", join(["", *parts, ""], "\n"), lang="en") + "\n"


def visible(text: str) -> str:
    """The text with a sign in place of control characters and halves of characters, which no font or file can hold."""
    wrong = {sign for sign in text if sign not in "\t\n" and unicodedata.category(sign) in ("Cc", "Cs")}
    return "".join("\ufffd" if sign in wrong else sign for sign in text)


def _escape(text: str | bool) -> str:
    return html.escape(visible(str(text)))
