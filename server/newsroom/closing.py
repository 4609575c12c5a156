"""Closing a blog as one step: what is still scheduled or waiting is decided first, then the blog ends with its
summary and what follows. Reopening it is an edit of its status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias

from server.domain.blog import Related
from server.domain.entry import Entry, EntryStatus
from server.domain.errors import Conflict, FieldError, Invalid
from server.domain.permissions import Action, Caller, require
from server.newsroom import blogs, entries
from server.newsroom.desk import Desk
from server.store import blogs as stored_blogs
from server.store import entries as stored

Decision: TypeAlias = Literal["publish", "draft"]
OPEN: tuple[EntryStatus, ...] = ("scheduled", "pending")
"""What would be left hanging when a blog closes."""
MAX_OPEN = 500


class Decided(NamedTuple):
    """What becomes of an entry, and the revision that was decided on."""

    decision: Decision
    revision: int


@dataclass(frozen=True, slots=True)
class Ending:
    """`ended_at` is when the blog ended, now or earlier; `summary` is Markdown."""

    ended_at: datetime | None = None
    summary: str = ""
    successor: Related | None = None


async def undecided(desk: Desk, caller: Caller, slug: str) -> Sequence[Entry]:
    """What is scheduled or waits for approval, in the order in which it would be published. Raises NotFound."""
    async with desk.database.read() as connection:
        blog = await stored_blogs.by_slug(connection, slug)
        require(caller, Action.BLOG_EDIT, blog.id)
        found = await stored.listed(connection, blog.id, statuses=OPEN, limit=MAX_OPEN)
    return sorted(found, key=lambda e: (e.publish_at or e.created_at, e.id))


async def close(
    desk: Desk, caller: Caller, slug: str, ending: Ending, decided: Mapping[str, Decided], *, revision: int
) -> blogs.Written:
    """Carry out what was decided for each open entry, then close the blog. What was carried out stays so when a
    later step is refused; the blog is then still open, and the rest can be decided again.

    Raises:
        NotFound, Forbidden: only editors close a blog.
        Conflict: it is closed already.
        Invalid: an entry is not decided (its id is in the field's name), or a field is wrong.
        StaleRevision: an entry or the blog was changed since.
    """
    async with desk.database.read() as connection:
        blog = await stored_blogs.by_slug(connection, slug)
        require(caller, Action.BLOG_EDIT, blog.id)
    if blog.status == "closed":
        raise Conflict("The blog is closed already.")
    ended_at = checked_end(ending.ended_at, started_at=blog.started_at, now=desk.now())
    waiting = await undecided(desk, caller, slug)
    missing = [e.id for e in waiting if e.id not in decided]
    if missing:
        raise Invalid(*(FieldError(f"entry-{i}", "choose what becomes of it") for i in missing))
    for entry in waiting:
        await _carry_out(desk, caller, slug, entry, decided[entry.id])
    changed: dict[str, object] = {
        "status": "closed", "closing_summary": ending.summary, "successor": ending.successor,
        "planned_end": None,
    }
    return await blogs.edit(desk, caller, slug, changed, revision=revision, ended_at=ended_at)


async def _carry_out(desk: Desk, caller: Caller, slug: str, entry: Entry, decided: Decided) -> None:
    status: EntryStatus = "published" if decided.decision == "publish" else "draft"
    await entries.edit(
        desk, caller, slug, entry.id, {}, revision=decided.revision, status=status, publish_at=None
    )


def checked_end(
    ended_at: datetime | None, *, started_at: datetime | None, now: datetime
) -> datetime | None:
    """The end as it is kept. It is given to the minute: one in the minute of the start is the start.

    Raises:
        Invalid: it is still to come, or from before the blog was live.
    """
    if ended_at is None or started_at is None:
        return ended_at
    if ended_at > now:
        raise Invalid.field("ended_at", "must not be in the future")
    if ended_at + timedelta(minutes=1) <= started_at:
        raise Invalid.field("ended_at", "must not be before the blog went live")
    return max(ended_at, started_at)


async def reopen(desk: Desk, caller: Caller, slug: str) -> blogs.Written:
    """Set a closed blog live again. Its closing summary and what follows are kept for the next end.

    Raises:
        NotFound, Forbidden: only editors reopen a blog.
        Conflict: it is not closed.
    """
    async with desk.database.read() as connection:
        blog = await stored_blogs.by_slug(connection, slug)
        require(caller, Action.BLOG_EDIT, blog.id)
    if blog.status != "closed":
        raise Conflict("The blog is not closed.")
    return await blogs.edit(desk, caller, slug, {"status": "live"}, revision=blog.revision)
