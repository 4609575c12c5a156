"""The style sheet of a blog inside another site's page. It stands in a shadow root, where `:root` is the other
site's, and so is the size of `rem`: rules for the root go to the component's outermost element, and its lengths
become multiples of `--rem`, which that page may choose."""

from __future__ import annotations

import re

ROOT = ".component"
_REM = re.compile(r"(?<![\w.-])(-?\d*\.?\d+)rem\b")


def for_shadow_root(css: bytes) -> bytes:
    """The sheet for a shadow root. Conditions of `@media` stay as they are: `var()` has no place there."""
    return "\n".join(_line(line) for line in css.decode().splitlines()).encode()


def _line(line: str) -> str:
    if line.lstrip().startswith(("@media", "--rem:")):
        return line
    return _REM.sub(r"calc(\1 * var(--rem))", line.replace(":root", ROOT))
