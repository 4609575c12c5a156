"""List items as Word writes them become lists.

Word puts a list on the clipboard as paragraphs: `mso-list:l0 level2 lfo1` in the style says list and level,
and the number or bullet is text, between `[if !supportLists]` and `[endif]` or in a span with
`mso-list:Ignore`. A marker that an HTML list cannot show (`1.2.`, `(a)`, `Step 3`, `٣.`) stays as words in its
paragraph, so that no number is changed. The item has the attributes of its paragraph, so that what these say of
its words (hidden, bold, their language) is still read.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from server.text import inline_styles
from server.text.inline_state import PLAIN_STATE

_PARAGRAPH = re.compile(r"<p\b([^<>]*\bmso-list:\s*l\d+\s+level(\d)\b[^<>]*)>", re.IGNORECASE)
_END = re.compile(r"</p\s*>|<p\b", re.IGNORECASE)
_CONDITION = re.compile(r"<!(?:--)?\[if\s+!supportLists\](?:--)?>", re.IGNORECASE)
_CONDITION_END = re.compile(r"<!(?:--)?\[endif\](?:--)?>", re.IGNORECASE)
_IGNORED = re.compile(r"<span\b[^<>]*\bmso-list:\s*Ignore[^<>]*>", re.IGNORECASE)
_SPAN = re.compile(r"<(/?)span\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_ATTRIBUTE = re.compile(r"([a-zA-Z][a-zA-Z-]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,8})[.)]")
_LETTERS = re.compile(r"([a-z]{1,12}|[A-Z]{1,12})[.)]")
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_SYMBOLS = re.compile(r"font-family:\s*[\"']?(?:Symbol|Wingdings|Webdings|Courier New)", re.IGNORECASE)
"""Fonts in which a letter is a bullet: `o`, `q`, `Ø`."""


@dataclass(frozen=True, slots=True)
class _Item:
    """`attributes`: those of its paragraph; `absent`: they hide it, and no list counts it."""

    attributes: str
    absent: bool
    level: int
    marker: str
    bullet: bool
    body: str


@dataclass(slots=True)
class _List:
    """An open list. `kind`: `ul`, or the `type` of an `ol`: `1`, `a`, `A`, `i`, `I`."""

    level: int
    kind: str
    value: int


def to_lists(text: str) -> str:
    """The HTML with Word's list paragraphs as `<ol>` and `<ul>`; everything else stays. Takes time linear
    in the length of the text."""
    if "mso-list" not in text.lower():
        return text
    writer = _Writer()
    done = 0
    while match := _PARAGRAPH.search(text, done):
        end = _END.search(text, match.end())
        if end is None:
            break
        writer.between(text[done:match.start()])
        item = _item(match[1], text[match.end():end.start()], int(match[2]))
        done = end.end() if end[0].startswith("</") else end.start()
        if item is None or not writer.item(item):
            writer.between(text[match.start():done])
    writer.between(text[done:])
    return writer.done()


@dataclass(slots=True)
class _Writer:
    out: list[str] = field(default_factory=list)
    lists: list[_List] = field(default_factory=list)

    def between(self, text: str) -> None:
        """What stands between two items ends the lists, unless it shows nothing."""
        if text.strip():
            self._close_to(0)
        self.out.append(text)

    def item(self, item: _Item) -> bool:
        """Write a list item; False if no list shows its marker."""
        self._close_to(item.level + 1)
        current = self.lists[-1] if self.lists and self.lists[-1].level == item.level else None
        kind, value = ("ul", 0) if item.bullet else _read(item.marker, current)
        if not kind:
            return False
        if current and current.kind != kind:
            self._close_to(item.level)
            current = None
        number = ""
        if current is None:
            current = _List(item.level, kind, value - 1)
            self.lists.append(current)
            self.out.append("<ul>" if kind == "ul" else f"<ol{_type(kind)}{_start(value)}>")
        else:
            self.out.append("</li>")
            number = f' value="{value}"' if kind != "ul" and value != current.value + 1 else ""
        if not item.absent:
            current.value = value
        self.out += [f"<li{number}{item.attributes}>", item.body]
        return True

    def done(self) -> str:
        self._close_to(0)
        return "".join(self.out)

    def _close_to(self, level: int) -> None:
        while self.lists and self.lists[-1].level >= level:
            self.out.append("</li></ul>" if self.lists.pop().kind == "ul" else "</li></ol>")


def _item(attributes: str, inside: str, level: int) -> _Item | None:
    found = _condition(inside) or _ignored(inside)
    if found is None:
        return None
    start, end = found
    marker = html.unescape(_TAG.sub("", inside[start:end])).strip()
    bullet = not any(c.isalnum() for c in marker) or (
        len(marker) == 1 and _SYMBOLS.search(inside, 0, end) is not None
    )
    body = inside[:start] + inside[end:]
    return _Item(attributes, _absent(attributes), level, marker, bullet and bool(marker), body)


def _absent(attributes: str) -> bool:
    """Whether a browser shows nothing of an element with these attributes."""
    named = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(attributes)}
    look = inline_styles.read(html.unescape(named.get("style", "")))
    return PLAIN_STATE.within(look, hidden="hidden" in named).absent


def _condition(inside: str) -> tuple[int, int] | None:
    start = _CONDITION.search(inside)
    end = _CONDITION_END.search(inside, start.end()) if start else None
    return (start.start(), end.end()) if start and end else None


def _ignored(inside: str) -> tuple[int, int] | None:
    """Where the span with the marker begins and ends; there are spans in it."""
    start = _IGNORED.search(inside)
    depth = 1
    for match in _SPAN.finditer(inside, start.end()) if start else ():
        depth += -1 if match[1] else 1
        if not depth:
            assert start
            return start.start(), match.end()
    return None


def _read(marker: str, current: _List | None) -> tuple[str, int]:
    """The kind of list that shows this marker, and its number; an empty kind if there is none. `i.` is
    Roman unless the list counts in letters already."""
    if match := _DECIMAL.fullmatch(marker):
        return "1", int(match[1])
    if match := _LETTERS.fullmatch(marker):
        letters, upper = match[1].lower(), match[1].isupper()
        counts_in_letters = current is not None and current.kind in ("a", "A")
        if len(letters) == 1 and (counts_in_letters or letters != "i") and not _continues(letters, current):
            return "A" if upper else "a", ord(letters) - ord("a") + 1
        if _ROMAN.fullmatch(letters):
            return "I" if upper else "i", _of_roman(letters)
        return "", 0
    return "", 0


def _continues(letters: str, current: _List | None) -> bool:
    return current is not None and current.kind in ("i", "I") and bool(_ROMAN.fullmatch(letters))


def _of_roman(letters: str) -> int:
    values = [_ROMAN_DIGITS[letter] for letter in letters]
    following = [*values[1:], 0]
    return sum(-v if v < after else v for v, after in zip(values, following, strict=True))


def _type(kind: str) -> str:
    return "" if kind == "1" else f' type="{kind}"'


def _start(value: int) -> str:
    return "" if value == 1 else f' start="{value}"'
