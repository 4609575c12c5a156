"""Plain text and excerpts from sanitised HTML, for descriptions, feeds and untitled entries."""

from __future__ import annotations

import html as entities
import re

import regex

_BREAK = re.compile(r"</(?:p|li|h[34]|blockquote|caption|t[rdh]|pre)>|<br\s*/?>|<hr\s*/?>|(?=<[ou]l\b)")
_LISTS = re.compile(r"<(/?)(ol|ul|li)\b([^>]*)>")
_TAG = re.compile(r"<[^>]*>")
_NUMBER = re.compile(r"(?:start|value)=\"(-?[0-9]+)\"")

_CLUSTER = regex.compile(r"\X")
# scripts that put no blanks between words; a line may be broken between any two of their characters (UAX #14)
_DENSE = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Yi}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
)
# … but not before a closing mark, a small kana or a vowel sign, and not after an opening one or a leading vowel
_NO_BREAK_BEFORE = regex.compile(
    r"[\p{Line_Break=CL}\p{Line_Break=CP}\p{Line_Break=EX}\p{Line_Break=NS}\p{Line_Break=CJ}\p{M}ฯๆะาำ]"
)
_NO_BREAK_AFTER = regex.compile(r"[\p{Line_Break=OP}เแโใไເແໂໃໄ]")
_TRAILING = " \t\n\u00a0\u202f,;:–—-、，；：（「『(["


def plain(html: str) -> str:
    """The words of sanitised HTML, blocks separated by a blank. Numbered lists keep their numbers."""
    numbered = _numbered(html) if "<ol" in html else html
    return " ".join(entities.unescape(_TAG.sub("", _BREAK.sub(" ", numbered))).split())


def _numbered(html: str) -> str:
    counts: list[int | None] = []

    def number(match: re.Match[str]) -> str:
        closing, tag, attributes = match.groups()
        given = _NUMBER.search(attributes)
        if closing:
            if tag != "li" and counts:
                counts.pop()
        elif tag != "li":
            counts.append((int(given[1]) if given else 1) if tag == "ol" else None)
        elif counts and (count := counts[-1]) is not None:
            count = int(given[1]) if given else count
            counts[-1] = count + 1
            return f"{match[0]}{count}. "
        return match[0]

    return _LISTS.sub(number, html)


def excerpt(text: str, limit: int = 160) -> str:
    """At most `limit` characters of plain text, with an ellipsis where cut: between words, or between two
    characters of a script that has no blanks between words; never within a character that is written with
    several code points (UAX #29)."""
    if len(text) <= limit:
        return text
    ends = [m.end() for m in _CLUSTER.finditer(text, 0, limit + 64) if m.end() < limit]
    if not ends:
        return "…"
    place = next((end for end in reversed(ends) if _may_end(text, end)), ends[-1])
    if place < ends[-1] // 2:
        place = ends[-1]  # one very long word: a part of it says more than nothing
    return (text[:place].rstrip(_TRAILING) or text[:place]) + "…"


def _may_end(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    if before.isspace() or after.isspace():
        return True
    if not (_DENSE.match(before) or _DENSE.match(after)):
        return False
    return not (_NO_BREAK_BEFORE.match(after) or _NO_BREAK_AFTER.match(before))
