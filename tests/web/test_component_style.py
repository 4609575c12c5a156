"""The style sheet in a shadow root: rules that need the page's root or the size of its type are changed."""

from __future__ import annotations

import re

from server.app import static_folder
from server.web.assets import Assets
from server.web.component_style import for_shadow_root
from server.web.render import BUNDLES, REWRITES


def test_lengths_and_typefaces_are_those_of_the_component() -> None:
    css = """:root { --space-1: 0.25rem; }
      .a { margin: calc(-1 * 1.5rem) -10rem; font: italic 600 var(--size-2)/1.4 var(--sans); }
      @media (min-width: 48rem) {
        .b { font: 0.875rem/1.15 var(--serif); }"""
    assert for_shadow_root(css.encode()).decode() == """.component { --space-1: calc(0.25 * var(--rem)); }
      .a { margin: calc(-1 * calc(1.5 * var(--rem))) calc(-10 * var(--rem)); font-style: italic; \
font-weight: 600; font-size: var(--size-2); line-height: 1.4; font-family: var(--sans); }
      @media (min-width: 48rem) {
        .b { font-style: normal; font-weight: 400; font-size: calc(0.875 * var(--rem)); line-height: 1.15; \
font-family: var(--serif); }"""


def test_a_minified_sheet_is_changed_likewise() -> None:
    css = (
        ":root{--rem: 1rem;--a:.5rem}@media (min-width: 48rem){.b{margin:-.5rem;font:600 1rem/1.2 var(--sans)}}"
    )
    assert for_shadow_root(css.encode()).decode() == (
        ".component{--rem: 1rem;--a:calc(.5 * var(--rem))}"
        "@media (min-width: 48rem){.b{margin:calc(-.5 * var(--rem));"
        "font-style: normal; font-weight: 600; font-size: calc(1 * var(--rem)); line-height: 1.2; "
        "font-family: var(--sans)}}"
    )


def test_nothing_of_the_sheet_is_left_out() -> None:
    sheet = Assets(static_folder(), bundles=BUNDLES, rewrites=REWRITES).get("component.css")
    assert sheet is not None
    css = re.sub(r"/\*.*?\*/", "", sheet.body.decode(), flags=re.DOTALL)
    left = re.sub(r"@media[^{]*|--rem:[^;}]*|calc\(-?[\d.]+ \* var\(--rem\)\)", "", css)
    assert re.findall(r"[\d.]+rem\b", left) == []
    assert re.findall(r"\bfont: ?[^;}]*var\(--", css) == []
    assert ":root" not in css
