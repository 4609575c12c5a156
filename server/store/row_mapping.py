"""Converts database rows to domain values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from server.domain import blocks
from server.domain.blog import Blog, Handover, Lead, Related
from server.domain.byline import Byline
from server.domain.entry import Content, Correction, Entry, InternalNote


def blog(row: Any) -> Blog:
    """`row` has the columns of a blog as attributes."""
    return Blog(
        id=row.id, slug=row.slug, headline=row.headline, standfirst=row.standfirst,
        key_developments=tuple(row.key_developments), status=row.status,
        bylines=tuple(Byline.from_json(b) for b in row.bylines), topics=tuple(row.topics),
        language=row.language, time_zone=row.time_zone,
        related=tuple(Related(r["title"], r["url"]) for r in row.related), revision=row.revision,
        created_at=row.created_at, updated_at=row.updated_at, started_at=row.started_at,
        closed_at=row.closed_at, public_seq=row.public_seq, newsroom_seq=row.newsroom_seq,
        lead=None if row.lead is None else _lead(row.lead), closing_summary=row.closing_summary,
        successor=None if row.successor is None else Related(row.successor["title"], row.successor["url"]),
        handover=Handover(row.handover, row.handover_by, row.handover_at), planned_end=row.planned_end,
    )


def _lead(data: dict[str, Any]) -> Lead:
    block = blocks.from_json(data)
    if not isinstance(block, blocks.Image | blocks.Video):
        raise ValueError("a lead is a picture or a video")
    return block


def entry(row: Row[Any]) -> Entry:
    return Entry(
        id=row.id, blog_id=row.blog_id, status=row.status, revision=row.revision,
        content=Content.from_json(row.content), author_id=row.author_id, author_name=row.author_name,
        created_at=row.created_at, updated_at=row.updated_at, publish_at=row.publish_at,
        published_at=row.published_at, edited_at=row.edited_at, retracted_at=row.retracted_at,
        number=row.number, public_seq=row.public_seq, newsroom_seq=row.newsroom_seq,
        note=row.note, note_by=row.note_by,
        corrections=tuple(Correction(c["at"], c["note"]) for c in row.corrections),
        internal_notes=tuple(InternalNote(**n) for n in row.internal_notes), moved_to=row.moved_to,
    )
