"""What a person wrote becomes blocks that may be shown. It takes up to a quarter of a second; `content.py` sees
to it that nobody waits for it but who wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Any, TypeVar

from server.domain.blocks import Block, Embed, Gallery, Image, Quote, Text, Video, to_json
from server.domain.blog import Related
from server.domain.errors import Invalid
from server.domain.message import Message
from server.domain.text_limits import MAX_BLOCKS, MAX_GALLERY, MAX_RENDERED_BYTES, MIN_GALLERY
from server.text import markdown, sanitise
from server.text.characters import repair, repair_line, trimmed
from server.text.errors import TextError

BLOCK_BYTES = 1_000
"""The markup around the words of a block, at most."""
_LINES = ("title", "byline", "cite", "credit", "provider", "author", "warning")
_TEXTS = ("alt", "caption", "description")

Media = TypeVar("Media", bound=Image | Video | Embed)


def words(body: str, language: str) -> tuple[Block, ...]:
    """The blocks of a text in Markdown. Raises TextError."""
    return markdown.to_blocks(body, language)


def prepared(blocks: Sequence[Block], language: str) -> tuple[Block, ...]:
    """The blocks as they will be stored. Raises Invalid, naming the block, the place in it and the limit."""
    made: list[Block] = []
    for index, block in enumerate(blocks):
        made += _of_block(index, block, language)
    if len(made) > MAX_BLOCKS:
        said = Message("at most %(most)s blocks in an entry; this has %(n)s", most=MAX_BLOCKS, n=len(made))
        raise Invalid.field("body", said)
    rendered = sum(map(_rendered_bytes, made))
    if rendered > MAX_RENDERED_BYTES:
        raise Invalid.field(
            "body",
            Message(
                "at most %(most)s bytes of HTML in an entry; this has %(n)s", most=MAX_RENDERED_BYTES,
                n=rendered,
            ),
        )
    return tuple(made)


def _of_block(index: int, block: Block, language: str) -> Sequence[Block]:
    """What a block becomes: itself, several, or none when there is nothing to see in it."""
    field = f"blocks.{index}.html"
    try:
        if isinstance(block, Text):
            if not block.html:
                field = f"blocks.{index}.markdown"
                return markdown.to_blocks(block.markdown, language)
            shown = _clean(block.html)
            return [replace(block, html=shown, markdown=repair(block.markdown))] if shown else []
        if isinstance(block, Quote):
            shown, cite = _clean(block.html), line(block.cite)
            if cite and not shown:
                raise TextError(Message("a quotation needs words"))
            return [Quote(html=shown, cite=cite)] if shown else []
    except TextError as error:
        raise Invalid.field(field, error.said) from error
    path = f"blocks.{index}"
    return [_gallery(path, block) if isinstance(block, Gallery) else _media(path, block)]


def _gallery(path: str, block: Gallery) -> Gallery:
    count = len(block.images)
    if not MIN_GALLERY <= count <= MAX_GALLERY:
        limits = Message(
            "a gallery has %(least)s to %(most)s pictures; this has %(n)s", least=MIN_GALLERY, most=MAX_GALLERY,
            n=count,
        )
        raise Invalid.field(f"{path}.images", limits)
    return Gallery(tuple(_media(f"{path}.images.{n}", image) for n, image in enumerate(block.images)))


def _media(path: str, block: Media) -> Media:
    names = [name for name in (*_LINES, *_TEXTS) if hasattr(block, name)]
    made: Media = replace(block, **{name: tidied(name, getattr(block, name)) for name in names})
    if isinstance(made, Image) and not made.alt and not made.decorative:
        raise Invalid.field(f"{path}.alt", "describe the picture, or mark it decorative")
    if isinstance(made, Image) and made.warning and not made.sensitive:
        raise Invalid.field(f"{path}.warning", "stands on a cover: mark the picture as distressing (sensitive)")
    return made


def _clean(html: str) -> str:
    return html if isinstance(html, sanitise.Clean) else sanitise.html(html)


def _rendered_bytes(block: Block) -> int:
    """About what the block takes on the page."""
    if isinstance(block, Gallery):
        return sum(map(_rendered_bytes, block.images))
    values = [v for k, v in to_json(block).items() if isinstance(v, str) and k != "markdown"]
    if isinstance(block, Text | Quote):
        return BLOCK_BYTES // 10 + len(block.html.encode()) + len(escape(values[-1]).encode())
    return BLOCK_BYTES + 2 * sum(len(escape(v).encode()) for v in values)


def line(text: str) -> str:
    """One line without what cannot be shown; empty if there is nothing to see."""
    return trimmed(repair_line(text))


def tidied(name: str, value: Any) -> Any:
    """The value of a field without what cannot be shown, by the kind of the field."""
    if name == "topics":
        return tuple(line(v) for v in value)  # one that shows nothing is refused, see topics.of_blog
    if isinstance(value, tuple):
        return tuple(found for v in value if (found := tidied(name, v)))
    if isinstance(value, Related):
        return Related(line(value.title) or value.url, value.url)
    if not isinstance(value, str) or name in ("status", "language", "time_zone"):
        return value
    return trimmed(repair(value)) if name in ("standfirst", *_TEXTS) else line(value)
