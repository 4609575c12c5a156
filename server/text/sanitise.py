"""HTML that people write becomes HTML that may be shown: an allow-list, applied when it is stored."""

from __future__ import annotations

import re

import nh3

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "del", "em", "h3", "h4", "hr", "i", "ins", "li", "ol", "p",
    "pre", "s", "small", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}
ATTRIBUTES = {
    "a": {"href", "title", "hreflang"},
    "abbr": {"title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "*": {"lang", "dir"},
}
SCHEMES = {"http", "https", "mailto", "tel"}
LINK_REL = "noopener nofollow ugc"

_cleaner = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags={"script", "style", "template", "iframe", "noscript", "textarea", "title"},
    attributes=ATTRIBUTES,
    url_schemes=SCHEMES,
    link_rel=LINK_REL,
    strip_comments=True,
)


PASSES = 5
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")


def html(text: str) -> str:
    """The part of `text` that may be shown. Idempotent. Control characters are dropped.

    What one pass wrote may read differently to the next parser: a link in a table in a link comes out as a
    link in a link. Browsers are parsers too, so it is cleaned until it stays as it is.
    """
    shown = _CONTROL.sub("", text)
    for _ in range(PASSES):
        before, shown = shown, _cleaner.clean(shown).strip()
        if shown == before:
            return shown
    # nothing that anybody writes gets here; what never settles is shown as the words that it is
    return shown if _cleaner.clean(shown).strip() == shown else _cleaner.clean(_words(shown)).strip()


def _words(markup: str) -> str:
    return markup.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
