"""The one way of a text: what a person wrote becomes blocks that may be shown, once, before the transaction.

Reading a text takes up to a tenth of a second, so it is done in a thread, and one long text at a time: while
ten people post the longest that is permitted, everybody else's changes go on. Short ones have a thread of
their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import escape
from typing import Any, TypeVar

from server.domain.blocks import Block, Embed, Image, Quote, Text, Video, to_json
from server.domain.blog import Blog, Related
from server.domain.entry import Content
from server.domain.errors import FieldError, Invalid
from server.domain.text_limits import MAX_BLOCKS, MAX_BODY, MAX_RENDERED_BYTES
from server.text import markdown, sanitise
from server.text.characters import half_character, repair, repair_line, trimmed
from server.text.errors import TextError

SHORT = 2_000
"""Characters of a text that needs not wait for long ones."""
BLOCK_BYTES = 1_000
"""The markup around the words of a block, at most."""
_short = ThreadPoolExecutor(1, "short-text")
_long = ThreadPoolExecutor(1, "long-text")

_LINES = ("title", "byline", "cite", "credit", "provider")
_TEXTS = ("alt", "caption")

Result = TypeVar("Result")


async def prepare(content: Content, language: str) -> Content:
    """The content as it will be stored. A text block without HTML is Markdown, and becomes as many blocks as
    it has texts and quotations; one that is clean already stays.

    Args:
        language: BCP 47 tag of the entry, for its quotation marks.

    Raises:
        Invalid: names the block, the place in it and the limit.
    """
    size = sum(_size(block) for block in content.blocks)
    if size > MAX_BODY:
        raise Invalid.field("body", f"at most {MAX_BODY:,} characters in an entry; this has {size:,}")
    _check_characters(content)
    blocks = await _in_thread(_prepared, content.blocks, language, size=size) if content.blocks else ()
    return replace(content, title=_line(content.title), blocks=blocks)


async def words(body: str, language: str) -> tuple[Block, ...]:
    """The blocks of a text in Markdown. Raises Invalid, naming the field `body`."""
    try:
        return await _in_thread(markdown.to_blocks, body, language, size=len(body))
    except TextError as error:
        raise Invalid.field("body", str(error)) from error


def furniture(values: Mapping[str, Any]) -> dict[str, Any]:
    """A blog's texts with what cannot be shown taken out. Raises Invalid for a headline that looks empty."""
    tidied = {name: _tidied(name, value) for name, value in values.items()}
    if "headline" in tidied and not tidied["headline"]:
        raise Invalid.field("headline", "needs some text")
    return tidied


def language_of(content: Content, blog: Blog) -> str:
    """The language that an entry is written in."""
    return content.language or blog.language


async def _in_thread(work: Callable[..., Result], *given: Any, size: int) -> Result:
    executor = _short if size <= SHORT else _long
    return await asyncio.get_running_loop().run_in_executor(executor, work, *given)


def _size(block: Block) -> int:
    if isinstance(block, Text):
        return len(block.html or block.markdown)
    return len(block.html) if isinstance(block, Quote) else 0


def _check_characters(content: Content) -> None:
    """Raises Invalid where half of a character is: nobody can tell what it stood for."""
    found = [("title", content.title)]
    for index, block in enumerate(content.blocks):
        found += [(f"blocks.{index}.{k}", v) for k, v in to_json(block).items() if isinstance(v, str)]
    broken = [(name, place) for name, text in found if (place := half_character(text))]
    if broken:
        raise Invalid(*(FieldError(name, f"{place}: half of a character (an unpaired surrogate)")
                        for name, place in broken))


def _prepared(blocks: Sequence[Block], language: str) -> tuple[Block, ...]:
    made: list[Block] = []
    for index, block in enumerate(blocks):
        made += _of_block(index, block, language)
    if len(made) > MAX_BLOCKS:
        raise Invalid.field("body", f"at most {MAX_BLOCKS} blocks in an entry; this has {len(made)}")
    rendered = sum(map(_rendered_bytes, made))
    if rendered > MAX_RENDERED_BYTES:
        raise Invalid.field(
            "body", f"at most {MAX_RENDERED_BYTES:,} bytes of HTML in an entry; this has {rendered:,}"
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
            shown, cite = _clean(block.html), _line(block.cite)
            if cite and not shown:
                raise TextError("a quotation needs words")
            return [Quote(html=shown, cite=cite)] if shown else []
    except TextError as error:
        raise Invalid.field(field, str(error)) from error
    return [_media(index, block)]


def _media(index: int, block: Image | Video | Embed) -> Block:
    names = [name for name in (*_LINES, *_TEXTS) if hasattr(block, name)]
    tidied: Block = replace(block, **{name: _tidied(name, getattr(block, name)) for name in names})
    if isinstance(tidied, Image) and not tidied.alt and not tidied.decorative:
        raise Invalid.field(f"blocks.{index}.alt", "describe the picture, or mark it decorative")
    return tidied


def _clean(html: str) -> str:
    return html if isinstance(html, sanitise.Clean) else sanitise.html(html)


def _rendered_bytes(block: Block) -> int:
    """About what the block takes on the page."""
    values = [v for k, v in to_json(block).items() if isinstance(v, str) and k != "markdown"]
    if isinstance(block, Text | Quote):
        return BLOCK_BYTES // 10 + len(block.html.encode()) + len(escape(values[-1]).encode())
    return BLOCK_BYTES + 2 * sum(len(escape(v).encode()) for v in values)


def _line(text: str) -> str:
    return trimmed(repair_line(text))


def _tidied(name: str, value: Any) -> Any:
    if name == "topics":
        return tuple(_line(v) for v in value)  # one that shows nothing is refused, see topics.of_blog
    if isinstance(value, tuple):
        return tuple(found for v in value if (found := _tidied(name, v)))
    if isinstance(value, Related):
        return Related(_line(value.title) or value.url, value.url)
    if not isinstance(value, str) or name in ("status", "language", "time_zone"):
        return value
    return trimmed(repair(value)) if name in ("standfirst", *_TEXTS) else _line(value)
