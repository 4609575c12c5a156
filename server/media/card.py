"""Draws the card of a blog or an entry that has no picture of its own: its headline and the newsroom's name,
for whoever shows links as pictures.

Pillow shapes Arabic by Raqm (joined letters, right to left), which its wheels have. It is loaded on first use.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

WIDTH, HEIGHT = 1200, 630
"""Pixels, what sites that show links ask for (1.91 to 1)."""
EDGE = 72
PAPER, INK, QUIET, RED = "#fbfaf7", "#1b1917", "#6c665f", "#b3121d"
SIZES = (96, 84, 72, 62, 54, 46)
LINES = 4
LEADING = 1.08
RIGHT_TO_LEFT_LEADING = 1.35
MAX_CHARACTERS = 300
NAME_SIZE, ABOVE_SIZE = 40, 30
NOT_A_CHARACTER = "\U0010ffff"
_FROM_RIGHT = r"\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_LEFT = rf"[^\W{_FROM_RIGHT}]"
_WRITINGS = re.compile(
    rf"{_LEFT}(?:[^{_FROM_RIGHT}]*{_LEFT})?|[{_FROM_RIGHT}](?:(?:(?!{_LEFT}).)*[{_FROM_RIGHT}])?|."
)
"""Runs of one direction, from their first letter to their last; what stands between them, one by one."""
_LEFT_TO_RIGHT, _RIGHT_TO_LEFT = re.compile(_LEFT), re.compile(rf"[{_FROM_RIGHT}]")


def draw(title: str, name: str, above: str, *, fonts: Sequence[bytes], right_to_left: bool) -> bytes:
    """The PNG of a card. A text that none of the fonts has all letters of is left out: boxes in place of
    letters are worse than a card without words.

    Args:
        title: the headline, which gets as large as it can be in four lines.
        name: the newsroom's.
        above: a line above the headline, or empty.
        fonts: typefaces as files, the preferred first.
        right_to_left: whether lines begin at the right.
    """
    from PIL import Image, ImageDraw

    card = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(card)
    pen.rectangle((0, 0, WIDTH, 14), fill=RED)
    pen.line((EDGE, 148, WIDTH - EDGE, 148), fill=INK, width=2)
    setter = Setter(tuple(fonts), NAME_SIZE, right_to_left)
    if setter.can_set(name):
        setter.line(pen, 112, setter.shortened(name), INK)
    top = 178
    setter = replace(setter, size=ABOVE_SIZE)
    if above and setter.can_set(above):
        setter.line(pen, 206, setter.shortened(above), QUIET)
        top = 230
    if setter.can_set(title):
        lines, setter = _fitted(title[:MAX_CHARACTERS], setter, HEIGHT - EDGE - top)
        for row, line in enumerate(lines):
            setter.line(pen, top + setter.size + row * setter.leading, line, INK)
    out = io.BytesIO()
    card.convert("P", palette=Image.Palette.ADAPTIVE, colors=32).save(out, "PNG", optimize=True)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Setter:
    """Sets lines in one size. Each run of a line has the first font that has its letters; in a line from the
    right, runs of Latin letters and digits stand from left to right."""

    fonts: tuple[bytes, ...]
    size: int
    right_to_left: bool

    @property
    def leading(self) -> float:
        return self.size * (RIGHT_TO_LEFT_LEADING if self.right_to_left else LEADING)

    def can_set(self, text: str) -> bool:
        return all(self._font_of(letter) is not None for letter in text)

    def width(self, text: str) -> float:
        return sum(_font(data, self.size).getlength(run, direction=way) for run, data, way in self.runs(text))

    def fits(self, text: str) -> bool:
        return self.width(text) <= WIDTH - 2 * EDGE

    def shortened(self, text: str) -> str:
        """As much of the text as one line takes."""
        kept = text
        while kept and not self.fits(kept if kept == text else kept + "…"):
            kept = kept[:-1].rstrip()
        return kept if kept == text else kept + "…"

    def line(self, pen: ImageDraw, baseline: float, text: str, colour: str) -> None:
        at = float(WIDTH - EDGE if self.right_to_left else EDGE)
        for run, data, way in self.runs(text):
            font = _font(data, self.size)
            width = font.getlength(run, direction=way)
            left = at - width if self.right_to_left else at
            pen.text((left, baseline), run, font=font, fill=colour, anchor="ls", direction=way)
            at += -width if self.right_to_left else width

    def runs(self, text: str) -> Iterator[tuple[str, bytes, str]]:
        """Pieces of a line in reading order, each with its font and direction."""
        for part in _WRITINGS.findall(text):
            way = "ltr" if _LEFT_TO_RIGHT.match(part) or not self.right_to_left else "rtl"
            if _RIGHT_TO_LEFT.match(part):
                way = "rtl"
            known: list[bytes | None] = []
            for letter in part:  # a blank has the font of the word before it, so that no run ends there
                known.append(known[-1] if known and letter.isspace() else self._font_of(letter))
            for data, run in groupby(zip(known, part, strict=True), lambda pair: pair[0]):
                if data is not None:
                    yield "".join(letter for _, letter in run), data, way

    def _font_of(self, letter: str) -> bytes | None:
        return next((data for data in self.fonts if letter.isspace() or not _lacks(data, letter)), None)


def _fitted(text: str, setter: Setter, room: float) -> tuple[list[str], Setter]:
    """The lines of a text in the largest size that fits; the last line ends in … where none does."""
    lines: list[str] = []
    for size in SIZES:
        setter = replace(setter, size=size)
        lines = _lines(text, setter)
        if len(lines) <= min(LINES, int(room / setter.leading)) and all(map(setter.fits, lines)):
            return lines, setter
    most = min(LINES, int(room / setter.leading))
    shown = [*lines[: most - 1], " ".join(lines[most - 1 :])] if len(lines) > most else lines
    return [setter.shortened(line) for line in shown], setter


def _lines(text: str, setter: Setter) -> list[str]:
    """The text broken between words."""
    lines: list[str] = []
    for word in text.split():
        if lines and setter.fits(f"{lines[-1]} {word}"):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


@lru_cache(maxsize=4096)
def _lacks(data: bytes, letter: str) -> bool:
    """Whether a font shows its box for what it does not have in place of this letter."""
    font = _font(data, 20)
    mask, box = font.getmask(letter), font.getmask(NOT_A_CHARACTER)
    return bool(mask.size == box.size and bytes(mask) == bytes(box))


@lru_cache(maxsize=32)
def _font(data: bytes, size: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(io.BytesIO(data), size)
