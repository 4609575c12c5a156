"""Reads what a page says about itself in its head: Open Graph, description and title.

Not an HTML parser: a few tags are looked for, and each in a window of bounded size, so that the time is in
proportion to the page whatever is in it. (`html.parser` takes minutes for some pages of this size.)
"""

from __future__ import annotations

import re
from html import unescape

MAX_TAGS = 400
WINDOW = 4_000
"""Characters of a tag that are looked at."""
_TAG = re.compile(r"<(meta|title|body)\b", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"[\s/]*+([^\s=>/\"']++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"']*+)))?+"
)
_CHARSET = re.compile(rb"<meta[^<>]{0,200}charset=[\"']?([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_CHARSETS = frozenset(
    ("utf-8", "ascii", "latin-1", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr",
     "iso-2022-jp", "koi8-r", "koi8-u")
) | {f"iso-8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)} | {
    f"windows-{n}" for n in (874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258)
}
"""Encodings that pages use. Python knows others that are no encodings of text, or slow."""


def decode(body: bytes, charset: str) -> str:
    """The page as text: by its header, else by what it says itself, else UTF-8."""
    if charset not in _CHARSETS:
        said = _CHARSET.search(body[:2_048])
        charset = said[1].decode("ascii").lower() if said else ""
    return body.decode(charset if charset in _CHARSETS else "utf-8", "replace")


def read(page: str) -> dict[str, str]:
    """The values of `<meta>` by their `property` or `name` in lower case, the first of each; and `title`."""
    found: dict[str, str] = {}
    for count, match in enumerate(_TAG.finditer(page)):
        tag, window = match[1].lower(), page[match.end() : match.end() + WINDOW]
        if count >= MAX_TAGS or tag == "body":
            break
        if tag == "title":
            _, _, words = window.partition(">")
            found.setdefault("title", _line(unescape(words.partition("<")[0])))
            continue
        attributes = _attributes(window)
        name = (attributes.get("property") or attributes.get("name") or "").strip().lower()
        if name and "content" in attributes:
            found.setdefault(name, _line(attributes["content"]))
    return found


def _attributes(window: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while match := _ATTRIBUTE.match(window, at):
        name, double, single, bare = match.groups()
        found.setdefault(name.lower(), unescape(double or single or bare or ""))
        at = match.end()
    return found


def _line(text: str) -> str:
    return " ".join(text.split())
