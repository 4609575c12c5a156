"""Between an entry's blocks and the form: words in one Markdown box, media beneath it with their fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from server.domain.blocks import Block, Image, Quote, Text
from server.domain.byline import Byline
from server.domain.errors import FieldError, Invalid
from server.domain.message import Message
from server.newsroom import content
from server.web.console import media_fields, media_pieces
from server.web.console.forms import Form

SHOWN = {
    "image": ("alt", "caption", "credit", "focal_x", "focal_y", "warning"),
    "video": ("url", "title", "byline", "caption"),
    "embed": ("url", "title"),
}
"""The fields of each kind of media that the form shows."""
TICKS = ("decorative", "sensitive", "joined")
"""The boxes of a picture."""
MAX_MEDIA = 200
# what reads the same as Markdown and as HTML is shown without its tags
_PLAIN = re.compile(r"(<p>[^<*_`\[\]\\&~|#>]*</p>\s*)+")


def to_markdown(written: Sequence[Block]) -> str:
    """The words of an entry as they are shown in the box: its source where it is known, else HTML, which
    Markdown takes as well."""
    return "\n\n".join(_source(b) for b in written if isinstance(b, Text | Quote))


def media_of(written: Sequence[Block]) -> list[dict[str, Any]]:
    """The media of an entry for the form; `place` is the block's place in the entry."""
    return [
        piece for place, b in enumerate(written) if not isinstance(b, Text | Quote)
        for piece in media_pieces.of(b, place)
    ]


def sent_media(form: Form) -> list[dict[str, Any]]:
    """The media that the form sent, with what was typed in their fields, without those to remove."""
    found = []
    for index in range(MAX_MEDIA):
        name = f"media-{index}"
        if name not in form.values:
            break
        if form.ticked(f"{name}-remove"):
            continue
        block = media_fields.read(name, form.text(name))
        block |= {field: form.text(f"{name}-{field}") for field in SHOWN[block["type"]]}
        if block["type"] == "image":
            block |= {tick: form.ticked(f"{name}-{tick}") for tick in TICKS}
        found.append(block)
    return found


def check_pictures(media: Sequence[dict[str, Any]]) -> None:
    """Raises Invalid for each picture that is neither described nor marked decorative."""
    missing = [
        FieldError(f"blocks.{i}.alt", "describe the picture, or mark it decorative")
        for i, block in enumerate(media)
        if block["type"] == "image" and not block["alt"].strip() and not block["decorative"]
    ]
    if missing:
        raise Invalid(*missing)


async def words(before: Sequence[Block], body: str, language: str) -> Sequence[Block]:
    """The text blocks of the entry after the form: those from before when the box still holds them."""
    if body.strip() == to_markdown(before).strip():
        return [b for b in before if isinstance(b, Text | Quote)]
    return await content.words(body, language)


def arranged(
    before: Sequence[Block], words: Sequence[Block], media: Sequence[Block], places: Sequence[int | None]
) -> tuple[Block, ...]:
    """The blocks of the entry after the form. Where the words still fall into as many blocks as before, all
    keep their places; else the words come first and the media after them."""
    was = [b for b in before if isinstance(b, Text | Quote)]
    if not before or len(words) != len(was):
        return (*words, *media)
    kept = {place: block for place, block in zip(places, media, strict=True) if place is not None}
    added = [block for place, block in zip(places, media, strict=True) if place not in kept or place is None]
    following = iter(words)
    found: list[Block] = []
    for place, block in enumerate(before):
        if isinstance(block, Text | Quote):
            found.append(next(following))
        elif place in kept:
            found.append(kept.pop(place))
    return (*found, *kept.values(), *added)


def picture(item: Any, form: Form) -> dict[str, Any]:
    """A picture that was just uploaded or chosen, as a piece of the form."""
    block = Image(
        item.id, item.alt, item.caption, item.credit, form.ticked("picture_decorative"), item.width,
        item.height, item.widths, item.mime, item.focal_x, item.focal_y,
        sensitive=form.ticked("picture_sensitive"), warning=form.text("picture_warning"),
    )
    return media_pieces.of(block, None)[0] | {"joined": form.ticked("picture_joined")}


def moment(text: str, zone: str) -> datetime | None:
    """What `<input type=datetime-local>` sent, in the blog's zone; of a time that comes twice when clocks go
    back, the first. Raises Invalid, also for a time that clocks skip when they go forward."""
    if not text.strip():
        return None
    try:
        wanted = datetime.fromisoformat(text.strip())
        if wanted.tzinfo is not None:
            raise ValueError("a zone of its own")
        at = wanted.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        shown = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise Invalid.field("publish_at", "needs a day and a time, for example 2026-11-22 21:44") from error
    if shown != wanted:
        raise Invalid.field(
            "publish_at",
            Message(
                "%(time)s does not exist on %(day)s in %(zone)s: clocks go forward then. Choose another time.",
                time=f"{wanted:%H:%M}", day=f"{wanted:%Y-%m-%d}", zone=zone,
            ),
        )
    return at


def comes_twice(at: datetime, zone: str) -> bool:
    """Whether clocks go back so that this local time comes twice."""
    here = at.astimezone(ZoneInfo(zone))
    return here.replace(fold=0).utcoffset() != here.replace(fold=1).utcoffset()


def check_ahead(at: datetime, now: datetime, zone: str) -> None:
    """Raises Invalid for a time that has passed."""
    if at <= now:
        here = now.astimezone(ZoneInfo(zone))
        raise Invalid.field(
            "publish_at",
            Message(
                "must be in the future; it is now %(now)s (%(zone)s). Choose a later time, or clear the field.",
                now=f"{here:%Y-%m-%d %H:%M}", zone=zone,
            ),
        )


def local(at: datetime | None, zone: str) -> str:
    """A moment as `<input type=datetime-local>` takes it."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M") if at else ""


def _source(block: Text | Quote) -> str:
    source = block.markdown if isinstance(block, Text) else ""
    source = source or _readable(block.html)
    if isinstance(block, Text):
        return source
    lines = source.split("\n") + ([f"— {block.cite}"] if block.cite else [])
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _readable(html: str) -> str:
    if not _PLAIN.fullmatch(html.strip()):
        return html.strip()
    parts = [p.strip() for p in re.findall(r"<p>(.*?)</p>", html, re.DOTALL)]
    return "\n\n".join(unescape(p) for p in parts)


_NAME = re.compile(r'[ \t]*(?:"([^"\n]*)"[ \t]*(?=[,\n]|\Z)|([^,\n]+))')


def names(text: str) -> list[str]:
    """The names in a field that takes several, with commas between them or one to a line. A name with a comma
    of its own stands in quotation marks."""
    found = [(quoted or plain).strip() for quoted, plain in _NAME.findall(text)]
    return [name for name in found if name]


def in_line(names: Iterable[str]) -> str:
    """Inverse of `names`, for the field and for the list that it offers."""
    return ", ".join(f'"{name}"' if "," in name else name for name in names)


def named(bylines: Iterable[Byline]) -> str:
    """What the field of the bylines holds: no more than their names."""
    return in_line(byline.name for byline in bylines)
