"""One update in a blog, and what its status allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from server.domain import blocks
from server.domain.times import to_text

EntryStatus: TypeAlias = Literal["draft", "pending", "scheduled", "published", "retracted"]
STATUSES: tuple[EntryStatus, ...] = get_args(EntryStatus)


@dataclass(frozen=True, slots=True)
class Content:
    """The editable part of an entry. `blocks` are already sanitised."""

    title: str = ""
    blocks: tuple[blocks.Block, ...] = ()
    byline: str = ""
    pinned: bool = False
    key: bool = False
    breaking: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "blocks": [blocks.to_json(b) for b in self.blocks],
            "byline": self.byline,
            "pinned": self.pinned,
            "key": self.key,
            "breaking": self.breaking,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Content:
        return cls(
            title=data["title"],
            blocks=tuple(blocks.from_json(b) for b in data["blocks"]),
            byline=data["byline"],
            pinned=data["pinned"],
            key=data["key"],
            breaking=data["breaking"],
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """The current state of an entry.

    `number` is assigned at first publication, counts from 1 and never changes; it fixes the entry's place on
    the page. A retracted entry keeps its number and has no content. `edited_at` is the last edit after
    publication.
    """

    id: str
    blog_id: str
    status: EntryStatus
    revision: int
    content: Content
    author_id: str | None
    author_name: str
    created_at: datetime
    updated_at: datetime
    publish_at: datetime | None = None
    published_at: datetime | None = None
    edited_at: datetime | None = None
    retracted_at: datetime | None = None
    number: int | None = None
    public_seq: int | None = None
    newsroom_seq: int = 0

    @property
    def public(self) -> bool:
        return self.status == "published"

    def to_json(self, *, newsroom: bool = True) -> dict[str, Any]:
        """The entry as the API serves it; the public view if `newsroom` is false."""
        content = self.content if newsroom else replace(
            self.content, blocks=tuple(blocks.without_source(b) for b in self.content.blocks)
        )
        data: dict[str, Any] = {
            "id": self.id,
            "status": self.status,
            "revision": self.revision,
            **content.to_json(),
            "number": self.number,
            "published_at": to_text(self.published_at),
            "edited_at": to_text(self.edited_at),
        }
        if newsroom:
            data |= {
                "author": {"id": self.author_id, "name": self.author_name},
                "created_at": to_text(self.created_at),
                "updated_at": to_text(self.updated_at),
                "publish_at": to_text(self.publish_at),
                "retracted_at": to_text(self.retracted_at),
            }
        return data

    def to_tombstone(self) -> dict[str, Any]:
        """A retracted entry for readers: number and times, no content."""
        return {
            "id": self.id,
            "revision": self.revision,
            "number": self.number,
            "published_at": to_text(self.published_at),
            "retracted_at": to_text(self.retracted_at),
        }
