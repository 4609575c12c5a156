"""What holds within an element of pasted HTML: the formatting of its words, and whether they are seen. A value:
the state of the element around is there again when the element ends.
"""

from __future__ import annotations

from typing import NamedTuple

from server.text.inline_styles import Look

MAX_INLINE = 8
"""Formatting in formatting; deeper levels say nothing that a reader could tell apart."""
NO_FORMAT = ("", "")
_STRONG = frozenset({"b", "strong"})
_SLANTED = frozenset({"em", "i"})
_WITH_LINE = {"u": ("u", "a", "ins"), "s": ("s", "del")}
"""Elements that have the line already."""


class InlineState(NamedTuple):
    """`inline`: tags and attributes, the outermost first, at most `MAX_INLINE`."""

    inline: tuple[tuple[str, str], ...] = ()
    absent: bool = False
    invisible: bool = False
    sizeless: bool = False

    @property
    def unseen(self) -> bool:
        return self.absent or self.invisible or self.sizeless

    def within(self, look: Look, *, hidden: bool) -> InlineState:
        """In an element of this look; `hidden`: it has the attribute, which a style may overrule."""
        gone = look.transparent or (hidden if look.displayed is None else not look.displayed)
        return self._replace(
            absent=self.absent or gone,
            invisible=self.invisible if look.visible is None else not look.visible,
            sizeless=self.sizeless if look.sizeless is None else look.sizeless,
        )

    def plus(self, tag: str, attributes: str = "") -> InlineState:
        """With one more format; a link in a link is none."""
        pair = (tag, attributes)
        if len(self.inline) >= MAX_INLINE or pair in self.inline or (tag == "a" and self.has("a")):
            return self
        return self._replace(inline=(*self.inline, pair))

    def has(self, *tags: str) -> bool:
        return any(tag in tags for tag, _ in self.inline)

    def formatted(
        self, own: str, attributes: str, *, look: Look, inline: bool, in_heading: bool
    ) -> InlineState:
        """With what an element and its look do to its words.

        Args:
            own: the format that the element is; empty for none.
            inline: it stands in a line, so that it can be raised.
            in_heading: its words are bold in any case.
        """
        state = self.plus(own, attributes) if own and not _undone(own, look) else self
        if look.bold is False:
            state = state._without(_STRONG)
        elif look.bold and not in_heading and not state.has(*_STRONG):
            state = state.plus("b")
        if look.italic is False:
            state = state._without(_SLANTED)
        elif look.italic and not state.has(*_SLANTED):
            state = state.plus("i")
        for line in sorted(look.lines or ()):
            if not state.has(*_WITH_LINE[line]):
                state = state.plus(line)
        if inline and look.raised and not state.has("sup", "sub"):
            state = state.plus(look.raised)
        return state

    def _without(self, tags: frozenset[str]) -> InlineState:
        return self._replace(inline=tuple(pair for pair in self.inline if pair[0] not in tags))


PLAIN_STATE = InlineState()


def _undone(own: str, look: Look) -> bool:
    """Whether the element's own style takes away what the element is."""
    if own in _STRONG:
        return look.bold is False
    if own in _SLANTED:
        return look.italic is False
    return own in _WITH_LINE and look.lines is not None and own not in look.lines
