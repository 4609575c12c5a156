"""One update in a blog, what its status allows, and how it becomes another."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, get_args

from server.domain import blocks
from server.domain.byline import Byline, line_of, pictures_of, without_picture
from server.domain.errors import Conflict, Invalid
from server.domain.message import Message
from server.domain.times import to_text

EntryStatus: TypeAlias = Literal["draft", "pending", "scheduled", "published", "retracted"]
STATUSES: tuple[EntryStatus, ...] = get_args(EntryStatus)
UNPUBLISHED: tuple[EntryStatus, ...] = ("draft", "pending", "scheduled")
MAX_CORRECTIONS = 20
"""Notes that an entry carries, the newest; its history has all."""
MAX_INTERNAL_NOTES = 50
"""Notes that an entry has at most; another one takes the place of the oldest."""
MAX_PIN_ORDER = 99
FARTHEST = timedelta(days=366)
"""How far ahead an entry may be scheduled."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a person writes in an entry. `blocks` are sanitised before they come here. `language` is None
    where it is the blog's; `topics` are some of the blog's. Pinned entries stand in the order of `pin_order`
    (0 to MAX_PIN_ORDER, the lowest first), where that is the same the newest first."""

    title: str = ""
    blocks: tuple[blocks.Block, ...] = ()
    bylines: tuple[Byline, ...] = ()
    topics: tuple[str, ...] = ()
    language: str | None = None
    pinned: bool = False
    pin_order: int = 0
    key: bool = False
    breaking: bool = False

    @property
    def empty(self) -> bool:
        """Whether readers would see nothing, or no more than a line."""
        return not self.title and all(map(blocks.only_rules, self.blocks))

    @property
    def shown(self) -> Content:
        """What a reader would call edited when it changes: the words, pictures and who wrote, not the flags and
        topics, and not a name that was corrected in its record."""
        written_by = tuple(Byline(b.id, b.role, b.place) for b in self.bylines)
        return replace(
            self, bylines=written_by, topics=(), pinned=False, pin_order=0, key=False, breaking=False
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "blocks": [blocks.to_json(b) for b in self.blocks],
            "bylines": [b.to_json() for b in self.bylines],
            "byline": line_of(self.bylines),
            "topics": list(self.topics),
            "language": self.language,
            "pinned": self.pinned,
            "pin_order": self.pin_order,
            "key": self.key,
            "breaking": self.breaking,
        }

    @property
    def media_ids(self) -> set[str]:
        """The uploaded pictures that it shows, those of its bylines too."""
        return blocks.media_ids(self.blocks) | pictures_of(self.bylines)

    def without_media(self, media_id: str) -> Content:
        """The same without one picture, wherever it stands in it."""
        return replace(
            self, blocks=blocks.without_media(self.blocks, media_id),
            bylines=without_picture(self.bylines, media_id),
        )

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Content:
        return cls(
            title=data["title"],
            blocks=tuple(blocks.from_json(b) for b in data["blocks"]),
            bylines=tuple(Byline.from_json(b) for b in data["bylines"]),
            topics=tuple(data["topics"]),
            language=data["language"],
            pinned=data["pinned"],
            pin_order=data.get("pin_order", 0),  # revisions of earlier versions have none
            key=data["key"],
            breaking=data["breaking"],
        )


@dataclass(frozen=True, slots=True)
class Correction:
    """An editor's note to readers on an edit. `at` is its moment (RFC 3339)."""

    at: str
    note: str


@dataclass(frozen=True, slots=True)
class InternalNote:
    """What somebody of the newsroom (`by`, a name) says of an entry to the others. `at` is its moment (RFC
    3339). Readers never get it."""

    id: str
    at: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An update as it stands now.

    `number` counts the blog's publications from 1 and is kept for good: it is the entry's place on the page.
    A retracted entry keeps its place and has no content. `edited_at` is the last edit after publication.
    `note` is why an editor (`note_by`) sent a contribution back; readers never get it.
    `corrections` are an editor's notes to readers, the newest last; `internal_notes` are the
    newsroom's to itself. `moved_to` is the id of the entry in another blog that it became.
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
    note: str = ""
    note_by: str = ""
    corrections: tuple[Correction, ...] = ()
    internal_notes: tuple[InternalNote, ...] = ()
    moved_to: str | None = None

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
            "corrections": [{"at": c.at, "note": c.note} for c in self.corrections],
        }
        if newsroom:
            data |= {
                "author": {"id": self.author_id, "name": self.author_name},
                "created_at": to_text(self.created_at),
                "updated_at": to_text(self.updated_at),
                "publish_at": to_text(self.publish_at),
                "retracted_at": to_text(self.retracted_at),
                "note": self.note,
                "note_by": self.note_by,
                "internal_notes": [asdict(n) for n in self.internal_notes],
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


def first_status(asked: EntryStatus, *, publishes: bool) -> EntryStatus:
    """The status of a new entry. What somebody who may not publish (`publishes`) asks to publish or schedule
    waits as `pending` for an editor."""
    return asked if publishes or asked == "draft" else "pending"


def next_status(entry: Entry, asked: EntryStatus | None, *, publishes: bool) -> EntryStatus:
    """The status after an edit that asks for `asked`, or for none.

    Raises:
        Conflict: the entry cannot become that.
    """
    if entry.status == "retracted":
        raise Conflict("The entry is retracted; restore it first.")
    wanted = asked or entry.status
    if wanted == entry.status == "scheduled" and not publishes:
        return "pending"  # an editor approved other words than these
    if entry.status == "published" and wanted != "published":
        raise Conflict("A published entry can only be retracted.")
    if wanted == "retracted":
        raise Conflict("Retract it with DELETE.")
    return wanted


def goes_out(before: EntryStatus | None, after: EntryStatus) -> bool:
    """Whether the move publishes, now or later: this needs leave, and a blog that is open."""
    return after != before and after in ("published", "scheduled")


def held_back(
    entry: Entry | None, wanted: EntryStatus, publish_at: datetime | None, *, now: datetime, delay: timedelta
) -> tuple[EntryStatus, datetime | None]:
    """The status and time after publishing is put off by `delay`, so that it can still be stopped: it is
    scheduled for then. `entry` is what it was before, None for a new one; one that goes out by then anyway is
    published at once."""
    out = wanted != "published" or (entry is not None and entry.status == "published")
    if out or not delay:
        return wanted, publish_at
    planned = entry.publish_at if entry is not None and entry.status == "scheduled" else None
    if planned is not None and planned <= now + delay:
        return wanted, publish_at
    return "scheduled", now + delay


def check_schedule(status: EntryStatus, publish_at: datetime | None, now: datetime) -> None:
    """Raises Invalid when an entry cannot have this status with this time."""
    if status == "retracted":
        raise Invalid.field("status", "an entry is retracted with DELETE")
    if status == "scheduled":
        if publish_at is None:
            raise Invalid.field("publish_at", "required when status is “scheduled”")
        if not now < publish_at <= now + FARTHEST:
            said = Message("must be in the future, at most %(n)s days ahead", n=FARTHEST.days)
            raise Invalid.field("publish_at", said)


def check_content(status: EntryStatus, content: Content) -> None:
    """Raises Invalid for nothing: only a draft may be empty."""
    if status != "draft" and content.empty:
        raise Invalid.field("body", "an entry needs a title or something in it")


def moved(entry: Entry, status: EntryStatus, now: datetime) -> Entry:
    """The entry with another status. The first publication is kept for good."""
    if status == "published":
        return replace(entry, status=status, published_at=entry.published_at or now, publish_at=None)
    return replace(entry, status=status)


def edited(entry: Entry, content: Content, publish_at: datetime | None, now: datetime) -> Entry:
    """The entry with other content; readers are told of an edit when they see another text."""
    told = entry.status == "published" and content.shown != entry.content.shown
    return replace(
        entry, content=content, publish_at=publish_at, updated_at=now,
        edited_at=now if told else entry.edited_at,
    )


def corrected(before: Entry, entry: Entry, note: str, now: datetime, *, forget: bool) -> Entry:
    """The entry with a note to readers on this edit. `forget`: earlier notes go with the earlier versions,
    which leave the public history.

    Raises:
        Invalid: readers have not seen the entry, so there is nothing to correct or to forget.
    """
    if not note and not forget:
        return entry
    if before.status != "published":
        raise Invalid.field(
            "correction" if note else "remove_from_history", "only for an entry that is published"
        )
    kept = () if forget else before.corrections
    if not note:
        return replace(entry, corrections=kept)
    made = Correction(to_text(now), note)
    return replace(entry, corrections=(*kept, made)[-MAX_CORRECTIONS:], edited_at=now)


def retracted(entry: Entry, now: datetime) -> Entry:
    """The entry without its content. Its place, and that it was published, stay."""
    return replace(
        entry, status="retracted", content=Content(), updated_at=now, retracted_at=now, publish_at=None,
        note="", note_by="", corrections=(),
    )


def restored(entry: Entry, content: Content, was: EntryStatus, now: datetime) -> Entry:
    """A retracted entry as it was: published if it was (`was`), else a draft.

    Raises:
        Conflict: it is not retracted.
    """
    if entry.status != "retracted":
        raise Conflict("The entry is not retracted.")
    status: EntryStatus = "published" if was == "published" else "draft"
    return replace(entry, status=status, content=content, updated_at=now, retracted_at=None, moved_to=None)
