from __future__ import annotations

from html.parser import HTMLParser

import pytest

from nlprnn.reports.page import Html, join, page, shade, tag, visible, wide


class Reader(HTMLParser):
    """Every element with its attributes, and all text, as a browser's parser would have them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


NASTY = '<b>&amp; "it\'s" </script><!-- ]]> é 中'


def test_text_and_attributes_come_back_as_they_were() -> None:
    made = tag("p", NASTY, title=NASTY)
    read = Reader(made)
    assert read.elements == [("p", {"title": NASTY})]
    assert read.text == NASTY


def test_what_is_html_already_is_not_escaped_again() -> None:
    assert tag("p", tag("b", "a < b"), " & c") == "<p><b>a &lt; b</b> &amp; c</p>"
    assert join(["<", Html("<br>")], " & ") == "&lt; &amp; <br>"


def test_attributes_are_written_as_html_has_them() -> None:
    made = tag("input", class_="a", aria_label="b", name="c", disabled=True, checked=False)
    assert made == '<input class="a" aria-label="b" name="c" disabled>'


def test_what_no_file_can_hold_is_shown_as_a_sign() -> None:
    assert visible("a\x00b\udc80c\td\n") == "a\ufffdb\ufffdc\td\n"
    page("\udc80", []).encode("utf-8")


@pytest.mark.parametrize(("share", "classes"), [(0.0, "heat"), (0.6, "heat"), (0.7, "heat deep"), (1.0, "heat deep")])
def test_a_share_is_a_shade_and_its_text_turns_white_where_it_is_deep(share: float, classes: str) -> None:
    assert shade(share) == {"class_": classes, "style": f"--share:{share:.3f}"}


def test_a_page_has_its_parts_in_order_and_loads_nothing() -> None:
    made = page(
        NASTY, [("First", tag("p", "one")), ("", wide(tag("table"), "two"))], ["Lead & all"], "p {}", "let a = 1 < 2;"
    )
    read = Reader(made)
    names = [name for name, _ in read.elements]
    assert made.startswith("<!doctype html>")
    assert names.index("title") < names.index("h1") < names.index("section") < names.index("script")
    assert names.count("section") == 2 and names.count("h2") == 1
    assert "Lead & all" in read.text and "let a = 1 < 2;" in made
    assert loads_nothing(made)


def loads_nothing(made: str) -> bool:
    """No address but those that hold their own data, in elements and in style sheets, and a policy against others."""
    read = Reader(made)
    places = [value for _, held in read.elements for name, value in held.items() if name in ("src", "href", "srcset")]
    policies = [held["content"] for _, held in read.elements if held.get("http-equiv") == "Content-Security-Policy"]
    sheets = read.text.lower()
    return (
        all(str(place).startswith("data:") for place in places)
        and "url(" not in sheets
        and "@import" not in sheets
        and [str(policy).split(";")[0] for policy in policies] == ["default-src 'none'"]
    )
