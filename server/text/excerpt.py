"""Plain text and excerpts from sanitised HTML, for descriptions, feeds and untitled entries."""

from __future__ import annotations

import html as entities
import re

_BREAK = re.compile(r"</(?:p|li|h[34]|blockquote|tr|pre)>|<br\s*/?>|<hr\s*/?>")
_TAG = re.compile(r"<[^>]*>")


def plain(html: str) -> str:
    """The words of sanitised HTML, blocks separated by a blank."""
    return " ".join(entities.unescape(_TAG.sub("", _BREAK.sub(" ", html))).split())


def excerpt(text: str, limit: int = 160) -> str:
    """At most `limit` characters of plain text, cut between words, with an ellipsis where cut."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:–—-")
    return (cut or text[: limit - 1]) + "…"
