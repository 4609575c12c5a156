"""The style sheet of a blog inside another site's page. It stands in a shadow root, where `:root` is the other
site's, and so is the size of `rem`: rules for the root go to the component's outermost element, and its lengths
become multiples of `--rem`, which that page may choose. Its typeface may be that of the other site, `inherit`,
which the shorthand `font` does not take."""

from __future__ import annotations

import re

ROOT = ".component"
_LENGTH = re.compile(r"@media[^{]*|--rem:[^;}]*|(?<![\w.-])(?P<rem>-?\d*\.?\d+)rem\b")
"""A length, or what is left alone: conditions of `@media`, where `var()` has no place, and `--rem` itself."""
_FONT = re.compile(
    r"\bfont: ?(?P<style>italic )?(?:(?P<weight>\d+) )?(?P<size>[^;/]+?)(?:/(?P<line>[\d.]+))? "
    r"(?P<family>var\(--\w+\))"
)


def for_shadow_root(css: bytes) -> bytes:
    """The sheet for a shadow root, minified or not."""
    return _LENGTH.sub(_length, _FONT.sub(_longhands, css.decode().replace(":root", ROOT))).encode()


def _length(found: re.Match[str]) -> str:
    return f"calc({found['rem']} * var(--rem))" if found["rem"] else found[0]


def _longhands(font: re.Match[str]) -> str:
    return (
        f"font-style: {(font['style'] or 'normal').strip()}; font-weight: {font['weight'] or 400}; "
        f"font-size: {font['size']}; line-height: {font['line'] or 'normal'}; font-family: {font['family']}"
    )
