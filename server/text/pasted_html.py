"""HTML as programs put it on the clipboard, before it is parsed: what the parser would drop in silence becomes
something that it keeps."""

from __future__ import annotations

import re

PICTURE_SCHEMES = frozenset({
    "about", "blob", "cid", "content", "data", "file", "mid", "ms-appdata", "resource", "webkit-fake-url",
})
"""Schemes of pictures that only the computer has on which they were copied."""
_HTML = frozenset({
    "a", "abbr", "acronym", "address", "applet", "area", "article", "aside", "audio", "b", "base",
    "basefont", "bdi", "bdo", "big", "blink", "blockquote", "body", "br", "button", "canvas", "caption",
    "center", "cite", "code", "col", "colgroup", "data", "datalist", "dd", "del", "details", "dfn",
    "dialog", "dir", "div", "dl", "dt", "em", "embed", "fieldset", "figcaption", "figure", "font", "footer",
    "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr",
    "html", "i", "iframe", "img", "input", "ins", "kbd", "label", "legend", "li", "link", "listing", "main",
    "map", "mark", "marquee", "menu", "meta", "meter", "nav", "nobr", "noembed", "noframes", "noscript",
    "object", "ol", "optgroup", "option", "output", "p", "param", "picture", "plaintext", "pre", "progress",
    "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "script", "search", "section", "select", "slot",
    "small", "source", "span", "strike", "strong", "style", "sub", "summary", "sup", "table", "tbody", "td",
    "template", "textarea", "tfoot", "th", "thead", "time", "title", "tr", "track", "tt", "u", "ul", "var",
    "video", "wbr", "xml", "xmp",
})
"""The elements of HTML, and Word's `<xml>`. nh3 drops those of SVG and MathML and all that follows within them,
whether `<svg>` and `<math>` are around them or not."""
_APART = frozenset({"desc", "foreignobject", "mtd", "mtr", "text", "tspan"})
"""Words in these stand apart on the page."""
_WHOLE = frozenset({"math", "svg"})
"""These and custom elements say by their attributes whether anything in them is shown."""
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9-]*)(?=[\s/>])[^<>]*>")
_PLAYER = re.compile(r"<(?:iframe|embed|video|audio|source)\b[^<>]*>", re.IGNORECASE)
_SOURCE = re.compile(r"\s(?:src|data)\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s\"'<>]+))", re.IGNORECASE)
_ON_THE_WEB = re.compile(r"(?:https?:)?//[^\s\"'<>]+", re.IGNORECASE)


def prepared(text: str) -> str:
    """The HTML with the words of formulas and drawings, with a link in the place of each player, and with a `<`
    that begins no tag as the sign that it is. Takes time linear in the length of the text."""
    return _PLAYER.sub(_linked, _TAG.sub(_plain, _finished(text)))


def on_the_web(source: str) -> str:
    """The address of a picture or player for everybody; empty if there is none."""
    found = _ON_THE_WEB.fullmatch(source.strip())
    if found is None:
        return ""
    return "https:" + found[0] if found[0].startswith("//") else found[0]


def _finished(text: str) -> str:
    """A parser drops the text after a `<` that no `>` follows."""
    end = text.rfind(">") + 1
    return text[:end] + text[end:].replace("<", "&lt;")


def _plain(match: re.Match[str]) -> str:
    name = match[1].lower()
    if name in _HTML:
        return match[0]
    if name in _WHOLE or "-" in name:
        if match[0].endswith("/>"):
            return ""
        return "</span>" if match[0][1] == "/" else f"<span{match[0][1 + len(name):]}"
    return " " if name in _APART else ""


def _linked(match: re.Match[str]) -> str:
    """A link before the player; a picture that cannot be shown where it has no address for others."""
    found = _SOURCE.search(match[0])
    source = next((s for s in found.groups() if s is not None), "") if found else ""
    if not source:
        return match[0]
    address = on_the_web(source)
    if address:
        return f'<a href="{address}">{address}</a>{match[0]}'
    return f'<img src="{source.replace(chr(34), "%22")}">{match[0]}'
