"""The one way of a text: what a person wrote becomes blocks that may be shown, once, before the transaction.

Reading a text takes up to a quarter of a second, so long ones are read one at a time in a process of their own:
while ten people post the longest that is permitted, everybody else's changes go on. Short ones have a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from server.domain.blocks import Block, Quote, Text, to_json
from server.domain.blog import Blog
from server.domain.entry import Content
from server.domain.errors import FieldError, Invalid
from server.domain.message import Message
from server.domain.text_limits import MAX_BODY
from server.newsroom import text_process, text_to_blocks
from server.text.characters import half_character, half_of_character
from server.text.errors import TextError

SHORT = 2_000
"""Characters of a text that needs not wait for long ones."""
_short = ThreadPoolExecutor(1, "short-text")
_long = ThreadPoolExecutor(1, "long-text")

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
        said = Message("at most %(most)s characters in an entry; this has %(n)s", most=MAX_BODY, n=size)
        raise Invalid.field("body", said)
    _check_characters(content)
    blocks = await _prepared(content.blocks, language, size=size) if content.blocks else ()
    return replace(content, title=text_to_blocks.line(content.title), blocks=blocks)


async def words(body: str, language: str) -> tuple[Block, ...]:
    """The blocks of a text in Markdown. Raises Invalid, naming the field `body`."""
    try:
        work = text_to_blocks.words if len(body) <= SHORT else text_process.shared.words
        return await _in_thread(work, body, language, size=len(body))
    except TextError as error:
        raise Invalid.field("body", error.said) from error


def furniture(values: Mapping[str, Any]) -> dict[str, Any]:
    """A blog's texts with what cannot be shown taken out. Raises Invalid for a headline that looks empty."""
    made = {name: text_to_blocks.tidied(name, value) for name, value in values.items()}
    if "headline" in made and not made["headline"]:
        raise Invalid.field("headline", "needs some text")
    return made


def language_of(content: Content, blog: Blog) -> str:
    """The language that an entry is written in."""
    return content.language or blog.language


async def _prepared(blocks: Sequence[Block], language: str, *, size: int) -> tuple[Block, ...]:
    work = text_to_blocks.prepared if size <= SHORT else text_process.shared.prepared
    return await _in_thread(work, blocks, language, size=size)


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
        found += _texts(to_json(block), f"blocks.{index}")
    broken = [(name, place) for name, text in found if (place := half_character(text))]
    if broken:
        raise Invalid(*(FieldError(name, half_of_character(place))
                        for name, place in broken))


def _texts(value: Any, path: str) -> list[tuple[str, str]]:
    """Every text in a block's JSON with its place: `blocks.0.images.2.alt`."""
    if isinstance(value, str):
        return [(path, value)]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [text for name, item in inner for text in _texts(item, f"{path}.{name}")]
