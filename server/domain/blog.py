"""The live blog: headline, standfirst and other furniture, and its status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from server.domain.byline import Byline, line_of
from server.domain.times import to_text

BlogStatus: TypeAlias = Literal["draft", "live", "closed"]
STATUSES: tuple[BlogStatus, ...] = get_args(BlogStatus)
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
"""What a slug looks like: part of an address, in lower case."""
MAX_SLUG = 100


@dataclass(frozen=True, slots=True)
class Related:
    """A link to a report elsewhere."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Blog:
    """A live blog. `slug` is part of its URL and never changes; `started_at` is when it first went live."""

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

    def to_json(self) -> dict[str, Any]:
        """The blog as the API serves it (without its position, which belongs to a feed)."""
        return {
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
            "related": [{"title": r.title, "url": r.url} for r in self.related],
            "revision": self.revision,
            "created_at": to_text(self.created_at),
            "updated_at": to_text(self.updated_at),
            "started_at": to_text(self.started_at),
            "closed_at": to_text(self.closed_at),
        }
