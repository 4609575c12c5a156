"""Blocks of Markdown as this newsroom reads them: what CommonMark would swallow, stays as words.

Each rule wraps the parser's own and refuses where the parser would drop something that was typed: the cells of
a row that has more than its table, the number of a sentence that begins with one, a fence without an end, a tag
that is never closed. Paragraphs keep their indentation, as poems need it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_block import StateBlock, blockquote, fence, heading, list_block, paragraph, table
from markdown_it.rules_block.table import escapedSplit, getLine
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from server.domain.message import Message
from server.domain.text_limits import MAX_CELLS, MAX_NESTING
from server.text import entry_html
from server.text.errors import TextError, at_line, too_many

PLAIN_TAGS = frozenset({"bdi", "bdo", "big", "font", "mark", "span", "time", "wbr"})
"""Tags of web pages and mail that say nothing here; the words in them stay."""
KNOWN_TAGS = entry_html.READ | PLAIN_TAGS
VOID_TAGS = entry_html.VOID | {"wbr"}
_BLOCK_TAGS = frozenset(entry_html.LEAVES) | entry_html.BREAKS | entry_html.CONTAINERS | {"hr", "tfoot"}
_MAY_STAY_OPEN = frozenset({
    "li", "p", "td", "th", "tr", "tbody", "thead", "tfoot", "dd", "dt", "option", "caption",
})
TAG = re.compile(
    r"<!--(?P<comment>.{0,2000}?)-->|<(?P<closing>/?)(?P<name>[A-Za-z][A-Za-z0-9:-]*)"
    r"(?:\s+(?:[^\s\"'<>]|\"[^\"<>]*\"|'[^'<>]*')+)*\s*/?>",
    re.DOTALL,
)
_OPENING = re.compile(r"<!--|</?([A-Za-z][A-Za-z0-9]*)[\s/>]|</?([A-Za-z][A-Za-z0-9]*)$")
_LANGUAGE = re.compile(r"[a-z0-9+#._-]{0,20}")
_BARE_MARKER = re.compile(r"[ \t]*([-*]|[0-9]{1,9}[.)])[ \t]*$")
_BARE_QUOTATION = frozenset({
    "blockquote_open", "blockquote_close", "paragraph_open", "paragraph_close", "inline",
})
MAX_LEVEL = 2 * MAX_NESTING
MAX_SCANNED = 5_000
"""Tags that are looked at to find where HTML ends, in one text."""

Rule = Callable[[StateBlock, int, int, bool], bool]


def install(md: MarkdownIt) -> None:
    """Put the rules of this module in the place of the parser's."""
    rules = md.block.ruler
    rules.at("list", _list, {"alt": ["paragraph", "reference", "blockquote"]})
    rules.at("blockquote", _blockquote, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    rules.at("table", _table, {"alt": ["paragraph", "reference"]})
    rules.at("fence", _fence, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    rules.at("heading", _heading, {"alt": ["paragraph", "reference", "blockquote"]})
    rules.at("html_block", _html_block, {"alt": ["paragraph", "reference", "blockquote"]})
    rules.at("paragraph", _paragraph)
    md.core.ruler.after("block", "numbers", _numbers)
    # indented text is text; a line of dashes beneath a paragraph makes no heading; `[name]: address` stays
    md.disable(["code", "lheading", "reference"])


def _undone(state: StateBlock, tokens: int, line: int) -> bool:
    del state.tokens[tokens:]
    state.line = line
    return False


def _deep(state: StateBlock, line: int) -> None:
    if state.level >= MAX_LEVEL:
        said = Message("nested too deeply; at most %(n)s levels", n=MAX_NESTING)
        raise TextError(said, at_line(line + 1))


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    line = getLine(state, start)
    if line.startswith("+") or _BARE_MARKER.match(line):  # “+ 3 degrees” is words; so is a dash alone
        return False
    if not silent:
        _deep(state, start)
    return list_block(state, start, end, silent)


def _blockquote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Only with something in it; a `>` alone is a sign."""
    if start < state.env.get("bare_to", 0) and not getLine(state, start).strip("> \t"):
        return False
    if not silent and getLine(state, start).startswith(">"):
        _deep(state, start)
    tokens, line = len(state.tokens), state.line
    if not blockquote(state, start, end, silent):
        return False
    made = state.tokens[tokens:]
    if silent or not all(t.type in _BARE_QUOTATION and not t.content.strip("> \t\n") for t in made):
        return True
    state.env["bare_to"] = state.line
    return _undone(state, tokens, line)


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    tokens, line, parent = len(state.tokens), state.line, state.parentType
    if not table(state, start, end, silent):
        return False
    if silent:
        return True
    columns = sum(t.type == "th_open" for t in state.tokens[tokens:])
    rows = range(start + 2, state.line)
    if any(len(_cells(getLine(state, row))) > columns for row in rows):
        state.parentType = parent
        return _undone(state, tokens, line)
    cells = state.env["cells"] = state.env.get("cells", 0) + columns * (len(rows) + 1)
    if cells > MAX_CELLS:
        raise too_many(MAX_CELLS, "table cells in an entry", place=f"line {start + 1}")
    return True


def _cells(line: str) -> list[str]:
    cells = escapedSplit(line.strip())
    if cells and cells[0] == "":
        cells.pop(0)
    if cells and cells[-1] == "":
        cells.pop()
    return cells


def _fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Only with an end, and with no more than a language after its beginning."""
    if getLine(state, start)[:3] not in ("```", "~~~"):
        return False
    unclosed: set[tuple[int, int]] = state.env.setdefault("unclosed", set())
    if (start, end) in unclosed:
        return False
    tokens, line = len(state.tokens), state.line
    if not fence(state, start, end, False):
        return False
    made = state.tokens[-1]
    closed = state.line > start + 1 and set(getLine(state, state.line - 1).strip()) == {made.markup[0]}
    good = closed and bool(_LANGUAGE.fullmatch(made.info.strip())) and bool(made.content.strip())
    if silent or not good:
        _undone(state, tokens, line)
    if not good:
        unclosed.add((start, end))
    return good


def _heading(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return bool(getLine(state, start).strip("# \t")) and heading(state, start, end, silent)


def _paragraph(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    made = paragraph(state, start, end, silent)
    if made and state.blkIndent == 0:
        inline = state.tokens[-2]
        lines = state.getLines(start, state.line, 0, False).rstrip().split("\n")
        inline.content = "\n".join(_indented(line) for line in lines)
    return made


def _indented(line: str) -> str:
    words = line.lstrip(" \t")
    width = len(line[: len(line) - len(words)].expandtabs(4))
    return ("\xa0" * min(width, 40) if width > 1 else "") + words


def _html_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """HTML from a block's opening tag to its closing one, blank lines and all."""
    position = state.bMarks[start] + state.tShift[start]
    opening = _OPENING.match(state.src[position:state.eMarks[start]])
    if opening is None:
        return False
    name = (opening[1] or opening[2] or "").lower()
    if name and name not in _BLOCK_TAGS:
        return False
    ends: dict[tuple[int, int], int | None] = state.env.setdefault("html_ends", {})
    if (start, end) not in ends:
        ends[start, end] = _html_end(state, position, start, end)
    last = ends[start, end]
    if last is None or silent:
        return last is not None
    token = state.push("html_block", "", 0)
    content = state.getLines(start, last + 1, state.blkIndent, True)
    token.content = known_only(content if name else content.partition("-->")[2])
    token.map = [start, last + 1]
    state.line = last + 1
    return True


def _html_end(state: StateBlock, position: int, start: int, end: int) -> int | None:
    """The line in which the HTML that begins at `position` is closed, or None if it never is."""
    limit = state.eMarks[end - 1]
    if state.src.startswith("<!--", position):
        closed = state.src.find("-->", position, limit)
        return next(line for line in range(start, end) if state.eMarks[line] > closed) if closed > 0 else None
    open_tags: list[str] = []
    line, last = start, None
    for match in TAG.finditer(state.src, position, limit):
        state.env["scanned"] = state.env.get("scanned", 0) + 1
        if state.env["scanned"] > MAX_SCANNED:
            return None
        while state.eMarks[line] < match.start():
            line += 1
        if last is not None and line > last:
            return last
        if not _follow(open_tags, match):
            return None
        if not open_tags:
            last = line
            while state.eMarks[last] < match.end():
                last += 1
    return last if not open_tags else None


def _follow(open_tags: list[str], match: re.Match[str]) -> bool:
    """Take one tag into account; False when it closes what is not open."""
    name = (match["name"] or "").lower()
    if not name or name not in KNOWN_TAGS or name in VOID_TAGS:
        return True
    if not match["closing"]:
        if open_tags and open_tags[-1] == name and name in _MAY_STAY_OPEN:
            open_tags.pop()
        open_tags.append(name)
        return True
    while open_tags and open_tags[-1] != name and open_tags[-1] in _MAY_STAY_OPEN:
        open_tags.pop()
    return bool(open_tags) and open_tags.pop() == name


def known_only(content: str) -> str:
    """HTML with what is no tag, and the tags that say nothing here, as the words that they are."""
    made, done = [], 0
    for match in TAG.finditer(content):
        made.append(content[done:match.start()].replace("<", "&lt;"))
        if match["name"] is not None:
            made.append(match[0] if match["name"].lower() in KNOWN_TAGS else escapeHtml(match[0]))
        done = match.end()
    return "".join(made) + content[done:].replace("<", "&lt;")


def _numbers(state: StateCore) -> None:
    """Ordered lists keep the numbers that were typed; a sentence that begins with a year is no list."""
    opened: list[int] = []
    items: dict[int, list[int]] = {}
    pairs: list[tuple[int, int]] = []
    for place, token in enumerate(state.tokens):
        if token.type == "ordered_list_open":
            opened.append(place)
            items[place] = []
        elif token.type == "list_item_open" and opened and token.level == state.tokens[opened[-1]].level + 1:
            items[opened[-1]].append(place)
        elif token.type == "ordered_list_close":
            pairs.append((opened.pop(), place))
    for first, last in pairs:
        typed = [int(state.tokens[place].info or 0) for place in items[first]]
        if len(typed) == 1 and typed[0] > 1:
            _unlist(state.tokens, first, items[first][0], last)
        elif len(set(typed)) > 1:
            expected = typed[0]
            for place, number in zip(items[first], typed, strict=True):
                if number != expected:
                    state.tokens[place].attrSet("value", str(number))
                expected = number + 1
    state.tokens = [t for t in state.tokens if not (t.meta or {}).get("dropped")]


def _unlist(tokens: list[Token], first: int, item: int, last: int) -> None:
    number = f"{tokens[item].info}{tokens[item].markup} "
    following = tokens[item + 1]
    if following.type != "paragraph_open":
        return
    tokens[item + 2].content = number + tokens[item + 2].content
    for token in tokens[item + 1:last]:
        if token.type in ("paragraph_open", "paragraph_close") and token.level == following.level:
            token.hidden = False
    closing = next(p for p in range(last - 1, item, -1) if tokens[p].type == "list_item_close")
    for place in (first, item, closing, last):
        tokens[place].meta = {"dropped": True}
