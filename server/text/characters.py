"""Characters: those that cannot be shown become what they stood for or are dropped, and what looks empty is
told from what does not."""

from __future__ import annotations

import unicodedata

import regex

from server.domain.message import Message

# Programs of Windows write these numbers for their quotation marks and dashes; browsers read them alike
# (WHATWG HTML, "numeric character reference end state")
_WINDOWS_1252 = {
    code: bytes([code]).decode("cp1252") for code in range(0x80, 0xA0)
    if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_CONTROLS = dict.fromkeys([*range(0x20), 0x7F, *range(0x80, 0xA0)])
_NONCHARACTERS = dict.fromkeys([
    *range(0xFDD0, 0xFDF0), *(plane << 16 | low for plane in range(17) for low in (0xFFFE, 0xFFFF)),
])
_BYTE_ORDER_MARK = {0xFEFF: None}
_DROPPED = _CONTROLS | _WINDOWS_1252 | _NONCHARACTERS | _BYTE_ORDER_MARK
# Word and PowerPoint write a vertical tab for a line break within a paragraph
_LINE_ENDS = {0x09: "\t", 0x0A: "\n", 0x0B: "\n", 0x0C: "\n\n", 0x2028: "\n", 0x2029: "\n\n"}
_IN_TEXT = _DROPPED | _LINE_ENDS
_IN_LINE = _DROPPED | dict.fromkeys(_LINE_ENDS, " ") | {0x0D: " "}

# blank by their looks although they are letters or symbols: fillers of Hangul, blank Braille, music space
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
_SURROGATE = regex.compile(r"[\ud800-\udfff]")


def repair(text: str) -> str:
    """The text with line ends of every kind as `\\n`, Windows-1252 controls as the marks that they stood for,
    and without what cannot be shown: control characters, noncharacters, byte order marks."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_IN_TEXT)


def repair_line(text: str) -> str:
    """The same for one line: a line end becomes a blank, so that no word runs into the next."""
    return regex.sub(r" *\n+ *", " ", text.replace("\r\n", "\n")).translate(_IN_LINE)


def visible(text: str) -> bool:
    """Whether there is anything to see: not only blanks, marks without a letter, and format characters."""
    return any(
        unicodedata.category(c)[0] not in "ZMC" or unicodedata.category(c) in ("Co", "Cn")
        for c in text if c not in _BLANK
    )


def trimmed(text: str) -> str:
    """Without blanks at its ends; empty if there is nothing to see."""
    return text.strip() if visible(text) else ""


def half_character(text: str) -> Message | None:
    """Where half of a character stands (a lone surrogate, which no encoding can write), or None."""
    found = _SURROGATE.search(text)
    if found is None:
        return None
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    return Message("line %(line)s, character %(column)s", line=str(line), column=str(column))


def half_of_character(place: str) -> Message:
    """What is said of half a character at a place that `half_character` found."""
    return Message("%(place)s: half of a character (an unpaired surrogate)", place=place)
