"""The furniture of a blog as it will be stored: lines tidied, and the lead and the closing summary read as the
blocks of an entry are (newsroom/content.py), with the same limits."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.blocks import Block, Image, Quote, Text, Video
from server.domain.blog import Lead
from server.domain.entry import Content
from server.domain.errors import FieldError, Invalid
from server.domain.message import Message
from server.domain.permissions import Caller
from server.domain.text_limits import MAX_SUMMARY
from server.newsroom import content, entry_pictures, previews
from server.newsroom.desk import Desk


async def prepared(values: Mapping[str, Any], language: str, *, summary: str = "") -> dict[str, Any]:
    """The fields as they will be stored, but for the sizes of pictures (see `with_pictures`).

    Args:
        values: fields of `newsroom.blogs.Furniture`. `closing_summary` is Markdown, which takes HTML too.
        language: BCP 47 tag of the blog, for quotation marks.
        summary: the closing summary as it is stored; one that comes back unchanged stays as it is.

    Raises:
        Invalid: names the field, the place in it and the limit.
    """
    apart = {"lead": None, "closing_summary": ""} | dict(values)
    found = content.furniture({n: v for n, v in values.items() if n not in ("lead", "closing_summary")})
    if "lead" in values:
        found["lead"] = await _lead(apart["lead"], language)
    if "closing_summary" in values:
        text = apart["closing_summary"]
        found["closing_summary"] = text if text == summary else await _summary(text, language)
    return found


async def with_pictures(connection: AsyncConnection, lead: Lead | None, caller: Caller) -> Lead | None:
    """The lead with the sizes of its picture. Raises Invalid for a picture that is not there for the caller."""
    if lead is None:
        return None
    try:
        (block,) = (await entry_pictures.sized(connection, Content(blocks=(lead,)), caller)).blocks
    except Invalid as error:
        raise _named(error, "lead") from error
    return _as_lead(block)


async def looked_up(
    desk: Desk, caller: Caller, lead: Lead | None, *, before: Lead | None = None
) -> Lead | None:
    """The lead with what is found about its video's address, as in an entry (newsroom/previews.py).

    Args:
        before: the lead up to now; the same address is not looked up again.
    """
    if not isinstance(lead, Video):
        return lead
    known = (before,) if before is not None else ()
    (block,) = (await previews.filled(desk, caller, Content(blocks=(lead,)), before=known)).blocks
    return _as_lead(block)


async def _lead(lead: Lead | None, language: str) -> Lead | None:
    if lead is None:
        return None
    try:
        (block,) = (await content.prepare(Content(blocks=(lead,)), language)).blocks
    except Invalid as error:
        raise _named(error, "lead") from error
    return _as_lead(block)


def _as_lead(block: Block) -> Lead:
    assert isinstance(block, Image | Video)
    return block


async def _summary(text: str, language: str) -> str:
    """Sanitised HTML of a text in Markdown."""
    if len(text) > MAX_SUMMARY:
        limit = Message("at most %(most)s characters; this has %(n)s", most=MAX_SUMMARY, n=len(text))
        raise Invalid.field("closing_summary", limit)
    if not text.strip():
        return ""
    try:
        made = await content.prepare(Content(blocks=(Text(html="", markdown=text),)), language)
    except Invalid as error:
        raise Invalid(*(FieldError("closing_summary", f.message) for f in error.fields)) from error
    return "\n".join(_html(block) for block in made.blocks)


def _html(block: Block) -> str:
    if isinstance(block, Quote):
        cite = f"<p>— {escape(block.cite)}</p>" if block.cite else ""
        return f"<blockquote>{block.html}{cite}</blockquote>"
    return block.html if isinstance(block, Text) else ""


def _named(error: Invalid, name: str) -> Invalid:
    """An error about the only block of an entry, as one about the field `name`."""
    return Invalid(*(
        FieldError(f.field.replace("blocks.0", name, 1) if f.field.startswith("blocks.0") else name, f.message)
        for f in error.fields
    ))
