"""HTML that people write becomes HTML that may be shown: an allow-list, applied when it is stored. Its words
stay."""

from __future__ import annotations

import re
from collections import Counter

import nh3

from server.domain.message import Message
from server.domain.text_limits import MAX_CELLS, MAX_MARKUP
from server.text import entry_html, ms_word_lists, pasted_html
from server.text.characters import repair
from server.text.errors import TextError, at_line, too_many

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "del", "em", "h3", "h4", "hr", "i", "ins", "li",
    "ol",
    "p", "pre", "s", "small", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}
ATTRIBUTES: dict[str, set[str]] = {tag: set(named) for tag, named in entry_html.ATTRIBUTES.items()}
SCHEMES = {"http", "https", "mailto", "tel"}
LINK_REL = "noopener nofollow ugc"
# these hold no words of the text: programs, styles, the title of the page that was copied, data of Word
_WITHOUT_WORDS = {"script", "style", "template", "iframe", "noscript", "title", "xml"}

_reader = nh3.Cleaner(
    tags=set(entry_html.READ | entry_html.STYLED),
    clean_content_tags=_WITHOUT_WORDS,
    attributes=ATTRIBUTES | {
        "*": ATTRIBUTES["*"] | {"hidden", "style"}, "img": {"src", "alt", "width", "height"},
    },
    url_schemes=SCHEMES | pasted_html.PICTURE_SCHEMES,
    link_rel=None,
    strip_comments=True,
)
_cleaner = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags=_WITHOUT_WORDS,
    attributes=ATTRIBUTES,
    url_schemes=SCHEMES,
    link_rel=LINK_REL,
    strip_comments=True,
)

PASSES = 5
MAX_COPIES = 20_000
"""Elements that a parser may have to make anew. It opens formatting that was left open again in each block, so
that 14 kB of `<b id=1><b id=2>…` and paragraphs became 7 MB."""
# the formatting elements of the standard (WHATWG HTML, "list of active formatting elements")
_FORMATTING = frozenset({
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
})
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# what looks like tags in these may be none: comments, text that is no HTML, attributes
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)|=\s*(?:\"[^\"<>]*</[^\"]*|'[^'<>]*</[^']*)|"
    r"<(script|style|title|textarea|xmp|iframe|noembed|noframes|noscript|template|select|svg|math)\b.*?(?:</\1|\Z)",
    re.DOTALL | re.IGNORECASE,
)
# an end tag in these ends nothing outside (WHATWG HTML, "marker")
_MARKERS = frozenset({"applet", "object", "marquee", "template", "td", "th", "caption", "button", "select"})
_CELL = re.compile(r"<t[rdh]\b", re.IGNORECASE)
_TABLE = re.compile(r"<table\b", re.IGNORECASE)


class Clean(str):
    """HTML that came from `html`: it need not be cleaned again."""

    __slots__ = ()


def html(text: str) -> Clean:
    """The part of `text` that may be shown. Idempotent.

    What one pass wrote may read differently to the next parser: a link in a table in a link comes out as a
    link in a link. Browsers are parsers too, so it is cleaned until it stays as it is.

    Raises:
        TextError: it has more elements, table cells or levels than an entry may have.
    """
    shown = _whole_table(pasted_html.prepared(ms_word_lists.to_lists(repair(text))))
    for _ in range(PASSES):
        before = shown
        check_elements(shown)  # what comes out is held to the same, so that it may be sent back
        shown = _cleaner.clean(entry_html.rewrite(_reader.clean(shown)))
        if shown == before:
            return Clean(shown)
    # nothing that anybody writes gets here; what never settles is shown as the words that it is
    return Clean(_cleaner.clean(entry_html.rewrite(words(shown))))


def check_elements(text: str) -> None:
    """Refuse, before it is parsed, what a parser would take long for or make large. Raises TextError."""
    left_open: Counter[str] = Counter()
    depth = outside = copies = elements = 0
    unseen = iter([match.span() for match in _UNSEEN.finditer(text)])
    start, end = next(unseen, (len(text), len(text)))
    for match in _TAG.finditer(text):
        while match.start() >= end:
            start, end = next(unseen, (len(text), len(text) + 1))
        name = match[2].lower()
        elements += not match[1]
        if elements > MAX_MARKUP:
            raise too_many(MAX_MARKUP, "elements (paragraphs, links, formatting) in an entry")
        if name in _FORMATTING:
            if not match[1]:
                left_open[name] += 1
                depth += 1
            elif left_open[name] > 0 and depth > outside and match.start() < start:
                left_open[name] -= 1
                depth -= 1
        elif name in _MARKERS and not match[1]:
            outside = max(outside, depth)
        copies += depth
        if copies > MAX_COPIES:
            line = text.count("\n", 0, match.start()) + 1
            raise TextError(Message("too much formatting that is never closed"), at_line(line))
    if len(_CELL.findall(text)) > 2 * MAX_CELLS:
        raise too_many(MAX_CELLS, "table cells in an entry")


def _whole_table(text: str) -> str:
    """Rows that were copied without their table, in one: a parser would run their words together."""
    return f"<table>{text}</table>" if _CELL.search(text) and not _TABLE.search(text) else text


def words(text: str) -> str:
    """Plain text as HTML that shows it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
