"""HTML that people write becomes HTML that may be shown: an allow-list, applied when it is stored."""

from __future__ import annotations

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

_cleaner = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags={"script", "style", "template", "iframe", "noscript", "textarea", "title"},
    attributes=ATTRIBUTES,
    url_schemes=SCHEMES,
    link_rel="noopener nofollow ugc",
    strip_comments=True,
)


def html(text: str) -> str:
    """The part of `text` that may be shown. Idempotent. Control characters are dropped."""
    return _cleaner.clean("".join(c for c in text if c >= " " or c in "\n\t")).strip()
