"""Markdown shorthand to blocks, as people type it in a composer: paragraphs, lists, links and quotes.

CommonMark with tables and strikethrough. It differs where CommonMark would swallow or change what was typed;
see `markdown_blocks` and `markdown_inline`. Raw HTML is held to the allow-list like all other HTML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from server.domain.blocks import Block, Quote, Text
from server.domain.message import N_, Message
from server.domain.text_limits import MAX_BLOCKS, MAX_BODY, MAX_MARKUP
from server.text import apostrophes, markdown_blocks, markdown_inline, quotation, sanitise
from server.text.characters import repair, trimmed
from server.text.errors import TextError, at_line, too_many

_MARKUP = re.compile(r"[\n*_`\[\]<>~|&\\\"'#:!]")
BRACKET_COST = 5
"""An opening bracket costs as much as this many other signs: the parser looks for its end from each."""
_SPEAKER = re.compile(r"[ \t]*(?:—|–|--|-)[ \t]+(?=\S)")


class _Parser(MarkdownIt):
    """markdown-it with this newsroom's rules. Addresses are shown as they were typed."""

    def __init__(self, marks: quotation.Marks | None, language: str) -> None:
        super().__init__(
            "commonmark",
            {"html": True, "breaks": True, "typographer": True, "quotes": list(marks or ()), "maxNesting": 100},
        )
        self.enable(["table", "strikethrough", "linkify"])
        if marks:
            self.enable("smartquotes")
        markdown_blocks.install(self)
        markdown_inline.install(self)
        self.core.ruler.disable("linkify")
        self.core.ruler.after("numbers", "speakers", _speakers)
        if marks:
            self.core.ruler.before("smartquotes", "apostrophes", apostrophes.rule(language))
            self.core.ruler.after("smartquotes", "open_paragraphs", apostrophes.open_paragraphs(marks[0]))

    def validateLink(self, url: str) -> bool:  # noqa: N802
        scheme = _scheme(url)
        return scheme is not None and (scheme in sanitise.SCHEMES or not scheme)

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return link


def _scheme(url: str) -> str | None:
    try:
        return urlsplit(url).scheme.lower()
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _parser(language: str) -> _Parser:
    return _Parser(quotation.marks(language), language)


def to_html(text: str, language: str = "") -> str:
    """Sanitised HTML. Raises TextError."""
    source = repair(text)
    _check(source)
    return sanitise.html(_parser(language).render(source))


def to_blocks(text: str, language: str = "") -> tuple[Block, ...]:
    """Text blocks, with a quote block for each quotation that stands by itself. A last line of a quotation
    that begins with a dash names the speaker.

    Args:
        language: a BCP 47 tag; quotation marks become those of the language, and stay as typed for one
            that is not known.

    Raises:
        TextError: it has more of something than an entry may have.
    """
    source = repair(text)
    _check(source)
    parser = _parser(language)
    lines = source.split("\n")
    found: list[Block] = []
    start = done = 0
    tokens = parser.parse(source)
    for place, token in enumerate(tokens):
        if token.type == "blockquote_open" and token.level == 0 and token.map:
            found += _text(parser, tokens[done:place], lines[start:token.map[0]])
            done = 1 + next(
                p for p in range(place, len(tokens))
                if tokens[p].type == "blockquote_close" and not tokens[p].level
            )
            found += _quote(parser, tokens[place + 1:done - 1], token.meta.get("speaker", ""))
            start = token.map[1]
        if len(found) > MAX_BLOCKS:
            raise too_many(MAX_BLOCKS, "quotations and texts between them", place=at_line(start))
    return tuple(found + _text(parser, tokens[done:], lines[start:]))


def _check(source: str) -> None:
    if len(source) > MAX_BODY:
        raise TextError(Message("at most %(most)s characters; this has %(n)s", most=MAX_BODY, n=len(source)))
    cost = 0
    for match in _MARKUP.finditer(source):
        cost += BRACKET_COST if match[0] == "[" else 1
        if cost > MAX_MARKUP:
            line = source.count("\n", 0, match.start()) + 1
            what = N_('line breaks and characters such as * [ < | and "')
            raise too_many(MAX_MARKUP, what, place=at_line(line))


def _text(parser: _Parser, tokens: Sequence[Token], lines: Sequence[str]) -> list[Block]:
    shown = sanitise.html(parser.renderer.render(tokens, parser.options, {})) if tokens else ""
    return [Text(html=shown, markdown="\n".join(lines).strip("\n").rstrip())] if shown else []


def _quote(parser: _Parser, tokens: Sequence[Token], speaker: str) -> list[Block]:
    shown = sanitise.html(parser.renderer.render(tokens, parser.options, {}))
    if not shown and speaker:
        shown, speaker = sanitise.html(f"<p>— {sanitise.words(speaker)}</p>"), ""
    return [Quote(html=shown, cite=speaker)] if shown else []


def _speakers(state: StateCore) -> None:
    """Take the line that names the speaker out of each quotation, before its words are read."""
    opened: Token | None = None
    first = 0
    for place, token in enumerate(state.tokens):
        if token.type == "blockquote_open" and token.level == 0:
            opened, first = token, place
        elif token.type == "blockquote_close" and token.level == 0 and opened is not None:
            speaker = _listed_speaker(state.tokens, first, place) or _last_line(state.tokens, first, place)
            if speaker:
                opened.meta["speaker"] = speaker
            opened = None
    state.tokens = [t for t in state.tokens if not t.meta.get("dropped")]


def _last_line(tokens: list[Token], first: int, last: int) -> str:
    inside = [p for p in range(first + 1, last) if tokens[p].type == "inline"]
    if last - first < 4 or not inside or inside[-1] != last - 2 or tokens[last - 1].type != "paragraph_close":
        return ""
    before, _, line = tokens[inside[-1]].content.rpartition("\n")
    match = _SPEAKER.match(line)
    if match is None or not (before.strip() or len(inside) > 1):
        return ""
    tokens[inside[-1]].content = before
    return trimmed(line[match.end():])


def _listed_speaker(tokens: list[Token], first: int, last: int) -> str:
    """`- name` in the last line reads as a list with one item."""
    types = [t.type for t in tokens[last - 7:last]] if last - first > 8 else []
    if types != [
        "bullet_list_open", "list_item_open", "paragraph_open", "inline", "paragraph_close", "list_item_close",
        "bullet_list_close",
    ] or tokens[last - 7].markup != "-" or "\n" in tokens[last - 4].content:
        return ""
    for token in tokens[last - 7:last]:
        token.meta["dropped"] = True
    return trimmed(tokens[last - 4].content)
