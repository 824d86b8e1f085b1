"""One sentence and its translation on a page: both as text to point at, and the weights between them as a table."""

from __future__ import annotations

from collections.abc import Sequence

from nlprnn.reports.page import Html, join, shade, tag, wide

LEAD = (
    "Each row of a map is a word of the translation, each column a word of the source, and each number the share, in "
    "per cent, of the attention that the row's word paid to the column's; a row adds up to 100, and a blank cell is "
    "less than half a per cent. Attention weights are what the decoder looked at, not proof of what it used.",
    tag(
        "span",
        "Point at a word of the translation, or touch it, to see the source words it attended to; click or touch it "
        "again to let it go.",
        class_="screen-only",
    ),
)
BLANK = 0.005  # below this weight a cell would show 0

STYLE = """
section { content-visibility: auto; contain-intrinsic-size: auto 40rem; }
.lines { margin: 0 0 1rem; max-width: none; display: grid; gap: .5rem; }
.lines > p { margin: 0; max-width: none; line-height: 1.9; }
.lines span, .lines button { display: inline-block; padding: 0 .3rem; border: 1px solid transparent;
  border-radius: .3rem; font: inherit; line-height: 1.6; overflow-wrap: anywhere; max-width: 100%; }
.lines button { min-height: 2rem; background: none; color: inherit; border-color: var(--line); cursor: pointer;
  touch-action: manipulation; }
.lines .heat { color: var(--on-nothing); }
.lines .deep { color: var(--on-all); }
.lines .now { background: var(--accent); border-color: var(--accent); color: var(--paper); }
.lines > .told { min-height: 1.9em; color: var(--muted); }
.map { --cell: clamp(1.45rem, calc((100cqi - 8rem) / var(--columns)), 2.9rem);
  border-collapse: separate; border-spacing: 0; }
.wide:has(.map) { container-type: inline-size; }
.map th { font-weight: 400; font-size: min(1rem, calc(var(--cell) * .72)); line-height: 1.1; white-space: nowrap;
  border: 0 solid var(--line); }
.map thead th { padding: .25rem 0; vertical-align: bottom; border-bottom-width: 1px; }
.map thead span { display: inline-block; writing-mode: vertical-rl; text-orientation: sideways; rotate: 180deg;
  max-height: 11rem; overflow: hidden; text-overflow: ellipsis; line-height: 1; }
.map tr > :first-child { position: sticky; left: 0; z-index: 1; background: var(--paper);
  box-shadow: 0 1px var(--paper); }
.map tbody th { max-width: 9rem; padding: 0 .5rem 0 .25rem; overflow: hidden; text-overflow: ellipsis;
  text-align: right; border-right-width: 1px; }
.map tbody td { width: var(--cell); min-width: var(--cell); height: var(--cell); padding: 0; line-height: 1;
  border: solid var(--line); border-width: 0 1px 1px 0; text-align: center;
  font-size: clamp(.55rem, calc(var(--cell) * .36), .9rem); }
.map .now th { color: var(--accent); font-weight: 600; }
.map .now td { box-shadow: inset 0 2px var(--accent), inset 0 -2px var(--accent); }
@media (max-width: 40rem) { .map { --cell: clamp(1.45rem, calc((100cqi - 7rem) / var(--columns)), 2.9rem); }
  .map tbody th { max-width: 6.5rem; } }
@media print { section { content-visibility: visible; }
  .map { --cell: min(2.2rem, calc(150mm / var(--columns))); break-inside: avoid; }
  .map tbody td { font-size: calc(var(--cell) * .42); } .map tr > :first-child { position: static; } }
"""

SCRIPT = """
for (const part of document.querySelectorAll(".alignment")) {
  const words = [...part.querySelectorAll(".source span")];
  const buttons = [...part.querySelectorAll(".target button")];
  const told = part.querySelector(".told");
  const rows = [...part.querySelectorAll("tbody tr")];
  const box = part.querySelector(".wide");
  let kept = -1;
  const ranked = now => (now < 0 ? [] : [...rows[now].cells].slice(1))
    .map((cell, place) => ({ cell, word: words[place], weight: Number(cell.textContent) }))
    .sort((one, other) => other.weight - one.weight);
  const show = now => {
    buttons.forEach((button, row) => button.classList.toggle("now", row === now));
    rows.forEach((row, place) => row.classList.toggle("now", place === now));
    words.forEach(word => { word.className = word.style.cssText = ""; });
    const seen = ranked(now).filter(one => one.weight > 0);
    seen.forEach(({ cell, word }) => { word.className = cell.className; word.style.cssText = cell.style.cssText; });
    told.textContent = seen.slice(0, 4).map(({ word, weight }) => `${word.textContent} ${weight} %`).join(" · ");
  };
  const keep = now => {
    kept = now === kept ? -1 : now;
    buttons.forEach((button, row) => button.setAttribute("aria-pressed", row === kept));
    show(kept);
    const most = ranked(kept)[0]?.cell;
    if (most) box.scrollLeft = most.offsetLeft - box.clientWidth / 2;
  };
  for (const list of [buttons, rows]) {
    list.forEach((element, row) => {
      element.addEventListener("pointerenter", event => event.pointerType === "mouse" && show(row));
      element.addEventListener("pointerleave", () => show(kept));
      element.addEventListener("focus", () => element.matches(":focus-visible") && show(row));
      element.addEventListener("blur", () => show(kept));
      element.addEventListener("click", () => keep(row));
    });
  }
}
"""


def alignment_section(source: Sequence[str], target: Sequence[str], weights: Sequence[Sequence[float]]) -> Html:
    """The two lines and the map; `weights` has a row for each target word and in it a number for each source word.

    What language the words are in is not known, and they are marked so, lest a reader or browser take them for English.
    """
    foreign = {"lang": "", "translate": "no", "dir": "auto"}
    spans = join((tag("span", word) for word in source), " ")
    buttons = join((tag("button", word, type="button", aria_pressed="false") for word in target), " ")
    lines = (
        tag("p", spans, class_="source", **foreign),
        tag("p", buttons, class_="target", **foreign),
        tag("p", class_="told screen-only", aria_live="polite"),
    )
    heads = [tag("th", tag("span", word), scope="col", title=word) for word in source]
    rows = [
        tag(
            "tr",
            tag("th", word, scope="row", title=word),
            *(_cell(word, *pair) for pair in zip(source, row, strict=True)),
        )
        for word, row in zip(target, weights, strict=True)
    ]
    table = tag(
        "table",
        tag("thead", tag("tr", tag("td"), *heads)),
        tag("tbody", join(rows, "\n")),
        class_="map",
        style=f"--columns:{len(source)}",
        lang="",
        translate="no",
    )
    return tag("div", tag("div", *lines, class_="lines"), wide(table, "Attention weights"), class_="alignment")


def _cell(target: str, source: str, weight: float) -> Html:
    title = f"{target} ← {source}: {100 * weight:.1f} %"
    if weight < BLANK:
        return tag("td", title=title)
    return tag("td", f"{100 * weight:.0f}", title=title, **shade(weight))
