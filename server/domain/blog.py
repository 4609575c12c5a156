"""The live blog: headline, standfirst and other furniture, and its status."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from server.domain import blocks
from server.domain.byline import Byline, line_of, pictures_of, without_picture
from server.domain.times import to_text

BlogStatus: TypeAlias = Literal["draft", "live", "closed"]
STATUSES: tuple[BlogStatus, ...] = get_args(BlogStatus)
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
"""What a slug looks like: part of an address, in lower case."""
MAX_SLUG = 100

Lead: TypeAlias = blocks.Image | blocks.Video
"""What may stand at the head of a blog."""


@dataclass(frozen=True, slots=True)
class Related:
    """A link to a report elsewhere."""

    title: str
    url: str

    def to_json(self) -> dict[str, str]:
        return {"title": self.title, "url": self.url}


@dataclass(frozen=True, slots=True)
class Handover:
    """What the newsroom tells whoever takes the blog over; readers never get it. `by` is the name of who wrote
    it last, `at` when."""

    text: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Blog:
    """A live blog. `slug` is part of its URL; `started_at` is when it first went live, and
    `closed_at` when it ended. `closing_summary` is sanitised HTML; readers see it, and `successor`, the link to
    what follows, once the blog is closed. `handover` and `planned_end`, when it is to end, are
    the newsroom's."""

    id: str
    slug: str
    headline: str
    standfirst: str
    key_developments: tuple[str, ...]
    status: BlogStatus
    bylines: tuple[Byline, ...]
    language: str
    time_zone: str
    topics: tuple[str, ...]
    related: tuple[Related, ...]
    revision: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    closed_at: datetime | None = None
    public_seq: int = 0
    newsroom_seq: int = 0
    lead: Lead | None = None
    closing_summary: str = ""
    successor: Related | None = None
    handover: Handover = Handover()
    planned_end: datetime | None = None

    @property
    def media_ids(self) -> set[str]:
        """The uploaded pictures that its furniture shows, those of its bylines too."""
        return pictures_of(self.bylines) | (blocks.media_ids([self.lead]) if self.lead else set())

    def without_media(self, media_id: str) -> Blog:
        """The same without one picture, wherever it stands in it."""
        lead = blocks.without_media([self.lead], media_id) if self.lead else ()
        return replace(
            self, bylines=without_picture(self.bylines, media_id),
            lead=next((b for b in lead if isinstance(b, Lead)), None),
        )

    def to_json(self, *, newsroom: bool = False) -> dict[str, Any]:
        """The blog as the API serves it (without its position, which belongs to a feed); with what is for the
        newsroom only if `newsroom`."""
        private: dict[str, Any] = {
            "handover": self.handover.text,
            "handover_by": self.handover.by,
            "handover_at": to_text(self.handover.at),
            "planned_end": to_text(self.planned_end),
        }
        return (private if newsroom else {}) | {
            "id": self.id,
            "slug": self.slug,
            "headline": self.headline,
            "standfirst": self.standfirst,
            "key_developments": list(self.key_developments),
            "status": self.status,
            "bylines": [b.to_json() for b in self.bylines],
            "byline": line_of(self.bylines),
            "language": self.language,
            "time_zone": self.time_zone,
            "topics": list(self.topics),
            "related": [r.to_json() for r in self.related],
            "lead": blocks.to_json(self.lead) if self.lead else None,
            "closing_summary": self.closing_summary,
            "successor": self.successor.to_json() if self.successor else None,
            "revision": self.revision,
            "created_at": to_text(self.created_at),
            "updated_at": to_text(self.updated_at),
            "started_at": to_text(self.started_at),
            "closed_at": to_text(self.closed_at),
        }
