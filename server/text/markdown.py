"""Markdown shorthand to blocks, as people type it in a composer: paragraphs, lists, links and quotes."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it import MarkdownIt

from server.domain.blocks import Block, Quote, Text
from server.text import sanitise

# raw HTML passes the parser and is then held to the allow-list like all other HTML
_parser = MarkdownIt("commonmark", {"html": True, "breaks": True, "typographer": True}).enable(
    ["table", "strikethrough", "smartquotes", "replacements"]
).disable("image")


def to_html(text: str) -> str:
    """Sanitised HTML."""
    return sanitise.html(_parser.render(text))


def to_blocks(text: str) -> tuple[Block, ...]:
    """Text blocks, with a quote block for each quotation that stands by itself. A last line of a quotation
    that begins with a dash names the speaker."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found: list[Block] = []
    start = 0
    for token in _parser.parse(text):
        if token.type == "blockquote_open" and token.level == 0 and token.map:
            first, last = token.map
            found += _text(lines[start:first])
            found += _quote(lines[first:last])
            start = last
    return tuple(found + _text(lines[start:]))


def _text(lines: Sequence[str]) -> list[Block]:
    source = "\n".join(lines).strip()
    shown = to_html(source) if source else ""
    return [Text(html=shown, markdown=source)] if shown else []


def _quote(lines: Sequence[str]) -> list[Block]:
    inner = [line.lstrip()[1:].removeprefix(" ") if line.lstrip().startswith(">") else line for line in lines]
    while inner and not inner[-1].strip():
        inner.pop()
    cite = ""
    if len(inner) > 1 and inner[-1].lstrip().startswith(("— ", "– ", "-- ", "- ")):
        cite = inner.pop().lstrip().lstrip("—–- ").strip()
    shown = to_html("\n".join(inner))
    return [Quote(html=shown, cite=cite)] if shown else []

