"""The style sheet in a shadow root: rules that need the page's root or the size of its type are changed."""

from __future__ import annotations

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


def test_nothing_of_the_sheet_is_left_out() -> None:
    sheet = Assets(static_folder(), bundles=BUNDLES, rewrites=REWRITES).get("component.css")
    assert sheet is not None
    lines = sheet.body.decode().splitlines()
    assert [line for line in lines if "rem" in line.replace("--rem", "") and "@media" not in line and
            "calc(" not in line and "1rem)" not in line and not line.lstrip().startswith(("/*", "the "))] == []
    assert [line for line in lines if "font: " in line and "var(--" in line] == []
    assert [line for line in lines if ":root" in line and "/*" not in line] == []
