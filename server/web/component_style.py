"""The style sheet of a blog inside another site's page. It stands in a shadow root, where `:root` is the other
site's, and so is the size of `rem`: rules for the root go to the component's outermost element, and its lengths
become multiples of `--rem`, which that page may choose. Its typeface may be that of the other site, `inherit`,
which the shorthand `font` does not take."""

from __future__ import annotations

import re

ROOT = ".component"
_REM = re.compile(r"(?<![\w.-])(-?\d*\.?\d+)rem\b")
_FONT = re.compile(
    r"\bfont: (?P<style>italic )?(?:(?P<weight>\d+) )?(?P<size>[^;/]+?)(?:/(?P<line>[\d.]+))? "
    r"(?P<family>var\(--\w+\));"
)


def for_shadow_root(css: bytes) -> bytes:
    """The sheet for a shadow root. Conditions of `@media` stay as they are: `var()` has no place there."""
    return "\n".join(_line(line) for line in css.decode().splitlines()).encode()


def _line(line: str) -> str:
    if line.lstrip().startswith(("@media", "--rem:")):
        return line
    return _REM.sub(r"calc(\1 * var(--rem))", _FONT.sub(_longhands, line.replace(":root", ROOT)))


def _longhands(font: re.Match[str]) -> str:
    return (
        f"font-style: {(font['style'] or 'normal').strip()}; font-weight: {font['weight'] or 400}; "
        f"font-size: {font['size']}; line-height: {font['line'] or 'normal'}; font-family: {font['family']};"
    )
