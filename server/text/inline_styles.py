"""What the `style` of an element says about its words: bold, italic, struck out, raised, not shown at all.

Programs put it on the clipboard in the place of elements: Google Docs wraps everything in a `<b>` that is not
bold and writes bold as `font-weight:700`. Only what an entry can show is read, as a browser reads it (CSS
Syntax Level 3): the last valid declaration holds, an `!important` one before all others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple


class Look(NamedTuple):
    """What an element's own style says. None: nothing, its parents' style holds."""

    bold: bool | None = None
    italic: bool | None = None
    lines: frozenset[str] | None = None
    """`u` and `s`; those of the parents stay in any case."""
    raised: str | None = None
    """`sup`, `sub` or empty."""
    displayed: bool | None = None
    """False: neither the element nor anything in it is there."""
    transparent: bool = False
    """Nothing in it is seen, whatever the style of its children."""
    visible: bool | None = None
    """False: its words are not seen, besides those of children that are visible."""
    sizeless: bool | None = None
    """True: its words have no size, besides those of children with a size of their own."""


PLAIN = Look()
BOLD_FROM = 600
"""Numeric weights that readers see as bold."""
# what may hold a `;` that ends no declaration; an escape is left as it is
_OPAQUE = re.compile(
    r"(\\.)|/\*.*?(?:\*/|\Z)|\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|"
    r"\((?:[^)\"'\\]|\\.|\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?)*\)?|\{[^}]*\}?|\[[^\]]*\]?",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_IMPORTANT = re.compile(r"\s*!\s*important\s*\Z")
_NUMBER = re.compile(r"\+?([0-9]{0,6}(?:\.[0-9]{1,20})?)([a-z%]*)")
_SIZES = frozenset({"medium", "large", "small", "x-small", "x-large", "xx-small", "xx-large", "xxx-large"})
_RELATIVE = frozenset({"em", "%", "ex", "ch", "ic", "cap"})


def read(style: str) -> Look:
    """What a `style` attribute says. Takes time linear in its length; what is no CSS says nothing."""
    if ":" not in style:
        return PLAIN
    said: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    for declaration in _OPAQUE.sub(lambda m: m[1] or " ", style).split(";"):
        name, colon, value = declaration.partition(":")
        reader = _READERS.get(_plain(name)) if colon else None
        if reader is None:
            continue
        value = _plain(value)
        important = _IMPORTANT.search(value)
        if important:
            kept |= reader(value[:important.start()])
        else:
            said |= reader(value)
    return Look(**(said | kept))


def _plain(text: str) -> str:
    if "\\" in text:
        text = _ESCAPE.sub(_character, text)
    return text.strip().lower()


def _character(match: re.Match[str]) -> str:
    if match[2]:
        return match[2]
    code = int(match[1], 16)
    return chr(code) if 0 < code <= 0x10FFFF else "\ufffd"


def _weight(value: str) -> dict[str, Any]:
    if value in ("bold", "bolder"):
        return {"bold": True}
    if value in ("normal", "lighter", "initial"):
        return {"bold": False}
    number = _NUMBER.fullmatch(value)
    if number and number[1] and not number[2] and 1 <= float(number[1]) <= 1000:
        return {"bold": float(number[1]) >= BOLD_FROM}
    return {}


def _slant(value: str) -> dict[str, Any]:
    if value == "italic" or value.split(" ")[0] == "oblique":
        return {"italic": True}
    return {"italic": False} if value in ("normal", "initial") else {}


def _decoration(value: str) -> dict[str, Any]:
    words = set(value.split())
    if not words & {"none", "initial", "underline", "line-through", "overline", "blink"}:
        return {}
    named = {"underline": "u", "line-through": "s"}
    return {"lines": frozenset(named[word] for word in words & set(named))}


def _alignment(value: str) -> dict[str, Any]:
    return {"raised": {"super": "sup", "sub": "sub"}.get(value, "")} if value else {}


def _display(value: str) -> dict[str, Any]:
    return {"displayed": value != "none"} if value and value not in ("inherit", "unset", "revert") else {}


def _visibility(value: str) -> dict[str, Any]:
    known = {"hidden": False, "collapse": False, "visible": True, "initial": True}
    return {"visible": known[value]} if value in known else {}


def _opacity(value: str) -> dict[str, Any]:
    number = _NUMBER.fullmatch(value)
    if number is None or not number[1] or number[2] not in ("", "%"):
        return {}
    return {"transparent": not float(number[1])}


def _size(value: str) -> dict[str, Any]:
    if value in _SIZES or value == "initial":
        return {"sizeless": False}
    number = _NUMBER.fullmatch(value)
    if number is None or not number[1]:
        return {}
    if not float(number[1]):
        return {"sizeless": True}
    return {"sizeless": False} if number[2] and number[2] not in _RELATIVE else {}


def _font(value: str) -> dict[str, Any]:
    """The shorthand: slant and weight in any order, a size, then names; what it leaves out becomes normal."""
    made: dict[str, Any] = {"bold": False, "italic": False}
    for word in value.partition("/")[0].split():
        number = _NUMBER.fullmatch(word)
        if word in _SIZES or word in ("smaller", "larger") or (number and number[1] and number[2]):
            return made | _size(word)
        if word != "normal":
            made |= _weight(word) or _slant(word)
    return {}


_READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "content-visibility": lambda value: {"transparent": True} if value == "hidden" else {},
    "display": _display,
    "font": _font,
    "font-size": _size,
    "font-style": _slant,
    "font-weight": _weight,
    "mso-hide": lambda value: {"transparent": True} if value == "all" else {},
    "opacity": _opacity,
    "text-decoration": _decoration,
    "text-decoration-line": _decoration,
    "vertical-align": _alignment,
    "visibility": _visibility,
}
