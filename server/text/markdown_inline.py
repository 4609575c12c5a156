"""Words, marks and addresses within a paragraph of Markdown.

What only looks like markup stays as it was typed: `s**t`, `2*3*4`, `C:\\path`, `<placeholder>`, a `<b>` that
is never closed. Addresses become links, and nothing in code or in an address is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import regex
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, autolink, backtick, html_inline, image, link
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token

from server.domain.text_limits import MAX_LINKS, MAX_URL
from server.text import links
from server.text.characters import visible
from server.text.errors import too_many
from server.text.markdown_blocks import KNOWN_TAGS, TAG, VOID_TAGS

_DENSE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_ENCLOSED = frozenset({"()", "[]", '""', "''", "“”", "„“", "«»", "{}", "||", "‘’"})
_ESCAPABLE = frozenset("`*_[]<>~|!&#+-\"'@{}")
_BRACKETED = re.compile(r"<https?://", re.IGNORECASE)
_NO_ADDRESS = re.compile(r"\]\(\s*(?:<>)?\s*\)$")
_NUMBERED = re.compile(r"[0-9]$")
_WEB = re.compile(r"(?<![A-Za-z0-9])https?$", re.IGNORECASE)
_AS_TYPED = frozenset({"a", "code", "kbd", "pre", "samp", "tt"})
"""In these tags no quotation mark is turned and nothing becomes a link."""


def install(md: MarkdownIt) -> None:
    """Put the rules of this module in the place of the parser's."""
    rules = md.inline.ruler
    rules.at("linkify", _address)
    rules.at("emphasis", _emphasis)
    rules.at("escape", _escape)
    rules.at("html_inline", _html_inline)
    rules.at("autolink", _autolink)
    rules.at("link", _named_link)
    rules.at("image", _named_image)
    rules.at("backticks", _code)
    md.core.ruler.after("inline", "balance", _balance)
    md.core.ruler.after("balance", "addresses", _addresses)
    md.add_render_rule("image", _picture)


def _address(state: StateInline, silent: bool) -> bool:
    """An address is taken whole: what looks like markup in it is none."""
    if state.linkLevel > 0 or not state.src.startswith("://", state.pos):
        return False
    scheme = _WEB.search(state.src, max(0, state.pos - 6), state.pos)
    if scheme is None or not state.pending.endswith(scheme[0]):
        return False
    found = links.at(state.src, state.pos - len(scheme[0]))
    if found is None or found.end > state.posMax:
        return False
    if not silent:
        count = state.env["links"] = state.env.get("links", 0) + 1
        if count > MAX_LINKS:
            raise too_many(MAX_LINKS, "addresses in an entry")
        state.pending = state.pending[: -len(scheme[0])]
        for token in _link(found.href, state.src[found.start:found.end], state.level):
            if state.pending:
                state.pushPending()
            state.tokens.append(token)
            state.tokens_meta.append(None)
    state.pos = found.end
    return True


def _link(href: str, words: str, level: int) -> list[Token]:
    opening = Token("link_open", "a", 1, attrs={"href": href}, markup="linkify", info="auto", level=level)
    shown = Token("text_special", "", 0, content=words, level=level + 1)
    return [opening, shown, Token("link_close", "a", -1, markup="linkify", info="auto", level=level)]


def _emphasis(state: StateInline, silent: bool) -> bool:
    """As the parser's, and no emphasis within a word or alone in brackets."""
    marker = state.src[state.pos]
    if silent or marker not in "_*":
        return False
    run = state.scanDelims(state.pos, marker == "*" and not _within_word(state))
    alone = _neighbours(state) in _ENCLOSED or _within_address(state)
    for _ in range(run.length):
        token = state.push("text", "", 0)
        token.content = marker
        state.delimiters.append(
            Delimiter(
                marker=ord(marker), length=run.length, token=len(state.tokens) - 1, end=-1,
                open=run.can_open and not alone, close=run.can_close and not alone,
            )
        )
    state.pos += run.length
    return True


def _neighbours(state: StateInline) -> str:
    end = state.pos
    while end < state.posMax and state.src[end] == state.src[state.pos]:
        end += 1
    before = state.src[state.pos - 1] if state.pos else " "
    return before + (state.src[end] if end < state.posMax else " ")


def _within_address(state: StateInline) -> bool:
    """In a `www.` address; those with a scheme are taken whole before."""
    start = state.src.rfind("www.", max(0, state.pos - MAX_URL), state.pos)
    found = links.at(state.src, start) if start >= 0 else None
    return found is not None and state.pos < found.end


def _within_word(state: StateInline) -> bool:
    """Between two letters of a script that puts blanks between its words."""
    return all(c.isalnum() and not _DENSE.match(c) for c in _neighbours(state))


def _escape(state: StateInline, silent: bool) -> bool:
    """A backslash before markup takes its meaning away; before anything else it is a backslash."""
    position = state.pos
    if state.src[position] != "\\" or position + 1 >= state.posMax:
        return False
    following = state.src[position + 1]
    numbered = following in ".)" and position > 0 and _NUMBERED.match(state.src[position - 1])
    if following == "\n":
        if not silent:
            state.push("hardbreak", "br", 0)
    elif following in _ESCAPABLE or numbered:
        if not silent:
            token = state.push("text_special", "", 0)
            token.content, token.markup, token.info = following, "\\" + following, "escape"
    else:
        return False
    state.pos += 2
    return True


def _autolink(state: StateInline, silent: bool) -> bool:
    """`<https://…>` is a link; `Ada <ada@example.org>` keeps its brackets."""
    return bool(_BRACKETED.match(state.src, state.pos)) and autolink(state, silent)


def _named_link(state: StateInline, silent: bool) -> bool:
    """One without words shows its address; one without an address is no link."""
    if not _addressed(link, state, silent):
        return False
    if silent:
        return True
    opened = next(p for p in range(len(state.tokens) - 1, -1, -1) if state.tokens[p].type == "link_open")
    within = state.tokens[opened + 1:-1]
    if not any(t.type == "image" or visible(t.content) for t in within):
        address = str(state.tokens[opened].attrs["href"])
        state.tokens.insert(-1, Token("text_special", "", 0, content=address, level=state.level + 1))
        state.tokens_meta.insert(-1, None)
    return True


def _named_image(state: StateInline, silent: bool) -> bool:
    return _addressed(image, state, silent)


def _addressed(rule: Callable[[StateInline, bool], bool], state: StateInline, silent: bool) -> bool:
    """As the rule, and only if there is an address."""
    start = state.pos
    if not rule(state, True):
        return False
    end, state.pos = state.pos, start
    if _NO_ADDRESS.search(state.src, start, end):
        return False
    return rule(state, silent)


def _code(state: StateInline, silent: bool) -> bool:
    """Code that shows nothing is the signs that were typed."""
    start = state.pos
    if not backtick(state, silent):
        return False
    made = state.tokens[-1] if state.tokens and not silent and not state.pending else None
    if made is not None and made.type == "code_inline" and not visible(made.content):
        made.type, made.tag, made.content = "text_special", "", state.src[start:state.pos]
    return True


def _html_inline(state: StateInline, silent: bool) -> bool:
    """Comments and the tags that mean something here; others are words."""
    if state.src[state.pos] != "<":
        return False
    if state.src.startswith("<!--", state.pos):
        return html_inline(state, silent)
    match = TAG.match(state.src, state.pos, state.posMax)
    if match is None or match["name"].lower() not in KNOWN_TAGS:
        return False
    return html_inline(state, silent)


def _balance(state: StateCore) -> None:
    """Tags without their other half become words, and what stands in code or links is kept as typed."""
    for token in state.tokens:
        if token.type == "inline" and token.children and "<" in token.content:
            _pair(token.children)


def _pair(children: list[Token]) -> None:
    opened: list[tuple[str, Token, int]] = []
    inside: list[range] = []
    unpaired: list[Token] = []
    for place, token in enumerate(children):
        if token.type != "html_inline" or token.content.startswith("<!--"):
            continue
        match = TAG.fullmatch(token.content)
        if match is None or match["name"] is None or match["name"].lower() in VOID_TAGS:
            continue
        name = match["name"].lower()
        if not match["closing"]:
            opened.append((name, token, place))
        elif any(name == other for other, _, _ in opened):
            while opened[-1][0] != name:
                unpaired.append(opened.pop()[1])
            _, _, first = opened.pop()
            if name in _AS_TYPED:
                inside.append(range(first + 1, place))
        else:
            unpaired.append(token)
    for token in [*unpaired, *(token for _, token, _ in opened)]:
        token.type = "text"
    for places in inside:
        for place in places:
            token = children[place]
            if token.markup == "linkify" and token.nesting:
                token.nesting, token.content, token.type = 0, "", "text_special"
            elif token.type == "text":
                token.type = "text_special"


def _addresses(state: StateCore) -> None:
    """`www.` and mail addresses become links."""
    for token in state.tokens:
        if token.type == "inline" and token.children and ("@" in token.content or "." in token.content):
            token.children = _linked(token.children)


def _linked(children: Sequence[Token]) -> list[Token]:
    made: list[Token] = []
    within = 0
    for token in children:
        within += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type != "text" or within:
            if token.type == "image":
                token.meta["within"] = bool(within)
            made.append(token)
            continue
        done = 0
        for found in links.find(token.content):
            if len(made) > 4 * MAX_LINKS:
                raise too_many(MAX_LINKS, "addresses in a paragraph")
            if found.start > done:
                made.append(Token("text", "", 0, content=token.content[done:found.start], level=token.level))
            made += _link(found.href, token.content[found.start:found.end], token.level)
            done = found.end
        if done < len(token.content):
            made.append(Token("text", "", 0, content=token.content[done:], level=token.level))
    return made


def _picture(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """`![words](address)` is a link: pictures are uploaded, so that they can be shown to all."""
    token = tokens[index]
    address = str(token.attrs.get("src", ""))
    words = renderer.renderInlineAsText(token.children, options, env) if token.children else ""
    if token.meta.get("within"):
        return str(escapeHtml(words or address))
    return f'<a href="{escapeHtml(address)}">{escapeHtml(words or address)}</a>'
