"""Addresses in running text: where a link begins and ends.

linkify-it, the companion of the Markdown parser, was looked at. It takes a closing “”” or a Chinese full stop
as part of the address, needs a list of domains to tell words from hosts, and its time grows with the square of
some inputs. Here an address is what says that it is one: `http://`, `https://`, `www.` or `name@host`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

# scripts that put no blanks between words: a word after an address is no part of it
_DENSE = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}]--[{_DENSE}]]"
_LABEL = rf"(?:(?:{_LETTER}|-|_)++|[{_DENSE}-]++)"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*+|\[[0-9A-Fa-f:.]{{2,45}}\])"
_END = r"[A-Za-z0-9/%&=#@$+_-]"
_ENCLOSED = r"\([^\s()<>\"]{0,200}\)|\[[^\s\[\]<>\"]{0,200}\]"
_PATH_CHARACTER = rf"(?:{_END}|{_LETTER}|(?<=[/=])[{_DENSE}]++|{_ENCLOSED})"
_PATH = rf"(?:[/?#](?:{_PATH_CHARACTER}|[?!.,;:'*~]++(?={_PATH_CHARACTER}))*+)?"
_WEB = rf"(?:https?://|www\.(?={_LETTER})){_HOST}(?::[0-9]{{1,5}})?{_PATH}"
_MAIL = r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w@])"
_ADDRESS = regex.compile(
    rf"(?<![\p{{Latin}}\p{{N}}_@/.:+-])(?:(?P<web>{_WEB})|(?P<mail>{_MAIL}))", regex.VERSION1 | regex.IGNORECASE
)
_HINT = regex.compile(r"://|www\.|@", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """An address in a text from `start` to `end`; `href` is where its link leads."""

    start: int
    end: int
    href: str


def find(text: str) -> Iterator[Address]:
    """Every address in a text, in order."""
    if not _HINT.search(text):
        return
    for match in _ADDRESS.finditer(text):
        yield Address(match.start(), match.end(), _href(match))


def at(text: str, start: int) -> Address | None:
    """The address that begins at `start`, if one does."""
    match = _ADDRESS.match(text, start)
    return Address(match.start(), match.end(), _href(match)) if match else None


def _href(match: regex.Match[str]) -> str:
    if match["mail"]:
        return "mailto:" + match["mail"]
    found: str = match["web"]
    return found if "://" in found else "https://" + found
