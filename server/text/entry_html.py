"""HTML as a parser wrote it becomes HTML of the few shapes that an entry has: paragraphs, headings, lists,
tables, quotations, with the words, their order and their numbering kept. What is no element of an entry leaves
its words behind: a `<div>` becomes a paragraph, a picture a link to it. Bold, italic, lines and raised words
that are written as a style become elements, and what a browser would not show is left out.

It reads what nh3 serialised (every element closed, every attribute quoted), so that a short pattern tells tags
from words. nh3 cleans the outcome once more: this module is for what readers see, not for their safety.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from server.domain.message import Message
from server.domain.text_limits import MAX_CELLS, MAX_LINKS, MAX_NESTING
from server.text import links, pasted_html
from server.text.characters import visible
from server.text.errors import TextError, too_many
from server.text.inline_state import NO_FORMAT, PLAIN_STATE, InlineState
from server.text.inline_styles import PLAIN, Look, read

LEAVES = {"p": "p", "h1": "h3", "h2": "h3", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4", "pre": "pre",
          "caption": "caption"}
"""Elements that hold words, and what each becomes."""
BREAKS = frozenset({
    "address", "article", "aside", "button", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure",
    "footer", "header", "legend", "main", "nav", "option", "section", "summary",
})
"""Elements that only begin a new paragraph."""
CONTAINERS = frozenset({"blockquote", "li", "ol", "table", "tbody", "td", "th", "thead", "tr", "ul"})
PARENTS = {
    "li": ("ul", "ol"), "tr": ("table", "thead", "tbody"), "td": ("tr",), "th": ("tr",),
    "thead": ("table",), "tbody": ("table",), "caption": ("table",),
}
"""Elements that mean something only directly in these."""
STRICT = frozenset({"ol", "table", "tbody", "thead", "tr", "ul"})
"""These hold only what is made for them."""
HOLDERS = frozenset({"blockquote", "li", "td", "th"})
"""Words may stand in these without a paragraph."""
INLINE = {
    "a": "a", "abbr": "abbr", "b": "b", "cite": "em", "code": "code", "del": "del", "dfn": "em", "em": "em",
    "i": "i",
    "ins": "ins", "kbd": "code", "s": "s", "samp": "code", "small": "small", "strike": "s", "strong": "strong",
    "sub": "sub", "sup": "sup", "tt": "code", "u": "u", "var": "em",
}
VOID = frozenset({"br", "hr", "img"})
READ = frozenset(LEAVES) | BREAKS | CONTAINERS | frozenset(INLINE) | VOID | {"q", "tfoot"}
"""All elements that mean something here; of others only the words are read."""
STYLED = frozenset({
    "acronym", "bdi", "bdo", "big", "data", "font", "form", "label", "mark", "nobr", "output", "rb", "rp", "rt",
    "rtc", "ruby", "slot", "span", "time",
})
"""Elements that say nothing here besides what their style says."""
_HEADINGS = frozenset({"h3", "h4"})

ATTRIBUTES: dict[str, dict[str, str]] = {
    "a": {"href": r"[^\x00-\x20].*", "title": ".*", "hreflang": r"[A-Za-z0-9-]{1,35}"},
    "abbr": {"title": ".*"},
    "li": {"value": r"-?[0-9]{1,9}"},
    "ol": {"start": r"-?[0-9]{1,9}", "type": "[1aAiI]", "reversed": ".*"},
    "td": {"colspan": "[0-9]{1,2}", "rowspan": "[0-9]{1,2}"},
    "th": {"colspan": "[0-9]{1,2}", "rowspan": "[0-9]{1,2}", "scope": "(row|col)(group)?"},
    "*": {"lang": "[A-Za-z0-9-]{1,35}", "dir": "ltr|rtl|auto"},
}
"""Attributes that are kept, with the values that they may have."""
_VALUES = {
    tag: {
        name: re.compile(pattern, re.DOTALL)
        for name, pattern in (ATTRIBUTES["*"] | ATTRIBUTES.get(tag, {})).items()
    }
    for tag in {*LEAVES.values(), *INLINE.values(), *CONTAINERS}
}
_TOKEN = re.compile(r"<(/?)([a-z][a-z0-9]*)((?: [a-z-]+=\"[^\"]*\")*)>|([^<]+)|(<)")
_ATTRIBUTE = re.compile(r" ([a-z-]+)=\"([^\"]*)\"")
_INVISIBLE = re.compile(r" (?:width|height)=\"[01](?:px)?\"")
"""What mail and web pages use to count their readers, or to keep a place."""


def rewrite(serialised: str) -> str:
    """The same words in the shapes of an entry. Idempotent.

    Raises:
        TextError: too deeply nested, or too many table cells.
    """
    builder = _Builder()
    for match in _TOKEN.finditer(serialised):
        closing, tag, attributes, words, stray = match.groups()
        if tag is None:
            builder.words(words or stray)
        elif closing:
            builder.close(tag)
        else:
            builder.open(tag, attributes)
    return builder.done()


@dataclass(slots=True)
class _Leaf:
    """One run of words: a paragraph, a heading, or the words of a list item. `tag` is empty for the latter."""

    tag: str
    attributes: str
    parts: list[str] = field(default_factory=list)
    opened: list[tuple[str, str]] = field(default_factory=list)
    breaks: int = 0
    blank: bool = True
    given: bool = True
    after_link: bool = False


@dataclass(slots=True)
class _Builder:
    out: list[str] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)
    state: InlineState = PLAIN_STATE
    outer: list[InlineState] = field(default_factory=list)
    leaf: _Leaf | None = None
    paragraphs: int = 0
    cells: int = 0
    links: int = 0

    def open(self, tag: str, attributes: str) -> None:
        look, hidden = _look(attributes) if attributes else (PLAIN, False)
        within = self.state.within(look, hidden=hidden)
        if tag in VOID:
            if not within.unseen:
                self._void(tag, attributes)
            return
        self.outer.append(self.state)
        self.state = within
        if not within.absent:
            self._open(tag, attributes)
            self.state = self._formatted(tag, attributes, look)
            if tag == "q":
                self.words("“")

    def close(self, tag: str) -> None:
        if not self.state.absent:
            self._close(tag)
        self.state = self.outer.pop() if self.outer else PLAIN_STATE

    def _void(self, tag: str, attributes: str) -> None:
        if tag == "br":
            self._break()
        elif tag == "img":
            self._picture(attributes)
        else:
            self._end_leaf()
            self.out.append("<hr>")

    def _open(self, tag: str, attributes: str) -> None:
        if tag in LEAVES:
            self._end_leaf()
            if self._fits(tag):
                self.leaf = _Leaf(LEAVES[tag], _kept(LEAVES[tag], attributes))
        elif tag in CONTAINERS or tag == "tfoot":
            self._open_container("tbody" if tag == "tfoot" else tag, attributes)
        elif tag in BREAKS:
            self._end_leaf()
            if attributes and _kept("p", attributes):
                self.leaf = _Leaf("p", _kept("p", attributes), given=False)

    def _close(self, tag: str) -> None:
        if tag == "q":
            self.words("”")
        elif tag in CONTAINERS or tag == "tfoot":
            self._close_container("tbody" if tag == "tfoot" else tag)
        elif tag in LEAVES or tag in BREAKS:
            self._end_leaf()

    def _formatted(self, tag: str, attributes: str, look: Look) -> InlineState:
        own = INLINE.get(tag)
        formats = (own, _kept(own, attributes)) if own else NO_FORMAT
        return self.state.formatted(
            *formats, look=look, inline=bool(own) or tag in STYLED, in_heading=self._in_heading()
        )

    def _in_heading(self) -> bool:
        """Words there are bold in any case."""
        if self.leaf is not None and self.leaf.tag:
            return self.leaf.tag in _HEADINGS
        return bool(self.containers) and self.containers[-1] == "th"

    def words(self, escaped: str) -> None:
        if self.state.unseen:
            return
        if self.leaf is None:
            if not escaped.strip(" \t\n\r\f"):
                if "\n" in escaped and self.out and self.out[-1] != "\n":
                    self.out.append("\n")
                return
            self._misplaced()
            holder = bool(self.containers) and self.containers[-1] in HOLDERS
            self.leaf = _Leaf("" if holder else "p", "", given=False)
        leaf = self.leaf
        if leaf.tag == "pre":
            if leaf.blank and not leaf.parts:
                escaped = escaped.lstrip("\n")
        elif not leaf.parts or leaf.breaks:
            escaped = escaped.lstrip(" \t\n\r\f")
        if not escaped:
            return
        self._settle(leaf)
        plain = html.unescape(escaped)
        leaf.blank = leaf.blank and not visible(plain)
        self._write(leaf, escaped, plain)

    def done(self) -> str:
        self._end_leaf()
        while self.containers:
            self.out.append(f"</{self.containers.pop()}>")
        return "".join(self.out).strip("\n")

    def _write(self, leaf: _Leaf, escaped: str, plain: str) -> None:
        if leaf.tag == "pre" or self.state.has("a", "code"):
            leaf.parts.append(escaped)
            leaf.after_link = False
            return
        # a link that just ended is the end of a word: what follows it begins none
        done, start = 0, 1 if leaf.after_link else 0
        searched = "_" + plain if leaf.after_link else plain
        for address in links.find(searched):
            leaf.parts.append(_escape(searched[max(done, start):address.start]))
            shown = _escape(searched[address.start:address.end])
            leaf.parts.append(f'<a href="{_escape(address.href).replace(chr(34), "&quot;")}">{shown}</a>')
            done = address.end
            self.links += 1
            if self.links > MAX_LINKS:
                raise too_many(MAX_LINKS, "addresses in an entry", place=self._place())
        leaf.parts.append(_escape(searched[max(done, start):]) if done else escaped)
        leaf.after_link = done == len(searched)

    def _settle(self, leaf: _Leaf) -> None:
        """Write the line breaks that were waiting, and close and open formatting as it is wanted now."""
        wanted = self.state.inline
        same = 0
        while same < min(len(wanted), len(leaf.opened)) and wanted[same] == leaf.opened[same]:
            same += 1
        for tag, _ in reversed(leaf.opened[same:]):
            leaf.parts.append(f"</{tag}>")
            leaf.after_link = leaf.after_link or tag == "a"
        if leaf.breaks:
            leaf.parts.append("<br>" * leaf.breaks)
            leaf.breaks, leaf.after_link = 0, False
        for tag, attributes in wanted[same:]:
            leaf.parts.append(f"<{tag}{attributes}>")
        leaf.opened = list(wanted)

    def _break(self) -> None:
        if self.leaf is not None and self.leaf.parts:
            if self.leaf.tag == "pre":
                self.words("\n")
            else:
                self.leaf.parts[-1] = self.leaf.parts[-1].rstrip(" \t\n\r\f") or self.leaf.parts[-1]
                self.leaf.breaks += 1

    def _picture(self, attributes: str) -> None:
        named = dict(_ATTRIBUTE.findall(attributes))
        source, words = named.get("src", ""), named.get("alt", "").strip()
        address = pasted_html.on_the_web(source)
        invisible = _INVISIBLE.search(attributes) is not None
        if not words and source and not address and not invisible:
            shown = html.unescape(source)[:60]
            said = "a picture or player that others cannot load (%(address)s); upload it, or remove it"
            raise TextError(Message(said, address=shown), self._place())
        if not words and (invisible or not address):
            return
        before = self.state
        if address:
            self.state = before.plus("a", f' href="{address}"')
        self.words(words.replace("<", "&lt;").replace(">", "&gt;") if words else address)
        self.state = before

    def _end_leaf(self) -> None:
        leaf, self.leaf = self.leaf, None
        if leaf is None or leaf.blank:
            return
        for tag, _ in reversed(leaf.opened):
            leaf.parts.append(f"</{tag}>")
        self.paragraphs += 1
        words = "".join(leaf.parts)
        words = words.rstrip("\n") if leaf.tag == "pre" else words.rstrip(" \t\n\r\f")
        self.out.append(f"<{leaf.tag}{leaf.attributes}>{words}</{leaf.tag}>" if leaf.tag else words)

    def _fits(self, tag: str) -> bool:
        return tag != "caption" or (bool(self.containers) and self.containers[-1] == "table")

    def _open_container(self, tag: str, attributes: str) -> None:
        parents = PARENTS.get(tag)
        self._end_leaf()
        if tag == "li" and self.containers and self.containers[-1] == "li":
            self._close_container("li")  # one that was made for words between the items
        if parents and (not self.containers or self.containers[-1] not in parents):
            return
        if not parents and self.containers and self.containers[-1] in STRICT:
            if self.containers[-1] not in ("ul", "ol"):
                return
            self._misplaced()
        if tag in ("td", "th"):
            self.cells += 1
            if self.cells > MAX_CELLS:
                raise too_many(MAX_CELLS, "table cells in an entry", place=self._place())
        if len(self.containers) >= MAX_NESTING * 3 or self.containers.count(tag) >= MAX_NESTING:
            raise TextError(Message("nested too deeply; at most %(n)s levels", n=MAX_NESTING), self._place())
        self.containers.append(tag)
        self.out.append(f"<{tag}{_kept(tag, attributes)}>")

    def _close_container(self, tag: str) -> None:
        self._end_leaf()
        if tag not in self.containers:
            return
        while True:
            last = self.containers.pop()
            if last in ("ol", "ul") and self.out[-1].startswith(f"<{last}"):
                self.out.pop()  # none of its items was seen
            else:
                self.out.append(f"</{last}>")
            if last == tag:
                return

    def _misplaced(self) -> None:
        """Words between list items become an item of their own."""
        if self.containers and self.containers[-1] in ("ul", "ol"):
            self.containers.append("li")
            self.out.append("<li>")

    def _place(self) -> str:
        return Message("paragraph %(n)s", n=str(self.paragraphs + 1))


def _look(attributes: str) -> tuple[Look, bool]:
    """The look of an element, and whether it has the attribute `hidden`."""
    named = dict(_ATTRIBUTE.findall(attributes))
    return read(html.unescape(named.get("style", ""))), "hidden" in named


def _kept(tag: str, attributes: str) -> str:
    if not attributes:
        return ""
    patterns = _VALUES[tag]
    return "".join(
        f' {name}="{value}"' for name, value in _ATTRIBUTE.findall(attributes)
        if name in patterns and patterns[name].fullmatch(value)
    )


def _escape(text: str) -> str:
    return html.escape(text, quote=False).replace("\xa0", "&nbsp;")
