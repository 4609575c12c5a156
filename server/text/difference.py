"""What changed between two texts, word by word, at a bounded cost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from html import unescape
from typing import Literal, NamedTuple, TypeAlias

import regex

Kind: TypeAlias = Literal["same", "removed", "added"]
Opcode: TypeAlias = tuple[str, int, int, int, int]
ALIKE = 0.4
"""From 0 to 1: places that have less in common are shown as the old text and the new one."""
ISLAND_WORDS = 3
"""Fewer words that stayed between two changes are shown as part of the change."""

_LINE_END = re.compile(r"</(?:p|li|h[34]|blockquote|caption|tr|pre)>|<br\s*/?>|<hr\s*/?>|(?=<[ou]l\b)")
_CELL_END = re.compile(r"</t[dh]>")
_TAG = re.compile(r"<[^>]*>")
# scripts without blanks between words are compared character by character
_DENSE = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = regex.compile(rf"[{_DENSE}]|[^\s{_DENSE}]+|\s+")


class Piece(NamedTuple):
    """A run of words that stayed, were removed or were added."""

    kind: Kind
    text: str


def lines(html: str) -> list[str]:
    """The words of sanitised HTML, one line for each paragraph, list item or row of a table."""
    broken = _CELL_END.sub(" · ", _LINE_END.sub("\n", html))
    found = (" ".join(line.split()).removesuffix(" ·") for line in unescape(_TAG.sub("", broken)).split("\n"))
    return [line for line in found if line]


def difference(before: Sequence[str], after: Sequence[str], *, most: int) -> list[list[Piece]]:
    """The places where lines changed, with what changed in them; lines that stayed are left out.

    Args:
        most: how many pairs of words (or lines) may be compared in one place; a larger place is shown as
            removed and added as a whole. The time grows with it.
    """
    return [
        _words("\n".join(before[a:b]), "\n".join(after[c:d]), most)
        for tag, a, b, c, d in _opcodes(before, after, most) if tag != "equal"
    ]


def _words(before: str, after: str, most: int) -> list[Piece]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    codes = _opcodes(old, new, most)
    kept = sum(_ink(old[a:b]) for tag, a, b, _, _ in codes if tag == "equal")
    if before and after and 2 * kept < ALIKE * (_ink(old) + _ink(new)):
        return [Piece("removed", before), Piece("same", "\n"), Piece("added", after)]
    found: list[Piece] = []
    for tag, a, b, c, d in _without_islands(codes, old, new):
        if tag == "equal":
            found.append(Piece("same", "".join(old[a:b])))
            continue
        if b > a:
            found.append(Piece("removed", "".join(old[a:b])))
        if d > c:
            found.append(Piece("added", "".join(new[c:d])))
    return found


def _ink(words: Sequence[str]) -> int:
    """Characters that are not blank."""
    return sum(len(word) for word in words if not word.isspace())


def _without_islands(codes: Sequence[Opcode], old: Sequence[str], new: Sequence[str]) -> list[Opcode]:
    """The changes, with one or two words that stayed between two of them taken into one: nobody can read a
    sentence in which every other word is struck out."""
    found: list[Opcode] = []
    for n, code in enumerate(codes):
        tag, a, b, _, d = code
        words = sum(not word.isspace() for word in old[a:b])
        line_ends = "\n" in (*old[a : b + 1], *new[d : d + 1])
        island = 0 < n < len(codes) - 1 and words < ISLAND_WORDS and not line_ends
        if found and found[-1][0] != "equal" and (island or tag != "equal"):
            _, from_a, _, from_c, _ = found[-1]
            found[-1] = ("replace", from_a, b, from_c, d)
        else:
            found.append(code)
    return found


def _opcodes(old: Sequence[str], new: Sequence[str], most: int) -> list[Opcode]:
    """As `SequenceMatcher.get_opcodes`, after what begins and ends alike was set aside."""
    least = min(len(old), len(new))
    start = next((n for n in range(least) if old[n] != new[n]), least)
    end = next((n for n in range(least - start) if old[-1 - n] != new[-1 - n]), least - start)
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    if len(a) * len(b) > most or not a or not b:
        middle: list[Opcode] = [("replace", 0, len(a), 0, len(b))] if a or b else []
    else:
        middle = list(SequenceMatcher(None, a, b, autojunk=False).get_opcodes())
    found: list[Opcode] = [("equal", 0, start, 0, start)] if start else []
    found += [(tag, i + start, j + start, k + start, m + start) for tag, i, j, k, m in middle]
    if end:
        found.append(("equal", len(old) - end, len(old), len(new) - end, len(new)))
    return found
