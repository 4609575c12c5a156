"""The audit log: who did what. Every writing action of the newsroom leaves a line in the database, in the same
transaction; what concerns people, roles, tokens and passwords is written to the server's log too.

From where is added by the log's context (`address`, see web/middleware.py). No line holds a secret, the text of
an entry, nor what was typed as a name when nobody has it: people type their password there.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.blog import Blog
from server.domain.entry import Entry
from server.domain.permissions import Caller
from server.store import audit

log = structlog.get_logger()


async def record(
    connection: AsyncConnection, caller: Caller, what: str, *, at: datetime, blog_id: str | None = None,
    entry_id: str | None = None, **about: Any,
) -> None:
    """Keep that `caller` did it. `about` must be of JSON and say nothing that may have to be retracted."""
    await audit.insert(
        connection, at=at, by_id=caller.id, by_name=caller.name, what=what, blog_id=blog_id,
        entry_id=entry_id, about=about,
    )


async def record_entry(
    connection: AsyncConnection, caller: Caller, before: Entry | None, entry: Entry, *, at: datetime,
    what: str = "", **about: Any,
) -> None:
    """Keep what became of an entry: its status, or the names of what was changed in it.

    Args:
        before: the entry up to now, None for a new one.
        what: the line's name, where it is another than these.
    """
    if what:
        pass
    elif before is not None and before.status == entry.status:
        what = "entry_edited"
        about |= {"changed": _changed(before.content, entry.content)}
    elif before is not None and before.status == "retracted":
        what = "entry_restored"
    elif before is None and entry.status == "draft":
        what = "entry_created"
    else:
        what = f"entry_{entry.status}"
    await record(
        connection, caller, what, at=at, blog_id=entry.blog_id, entry_id=entry.id, revision=entry.revision,
        **about,
    )


async def record_blog(
    connection: AsyncConnection, caller: Caller, before: Blog | None, blog: Blog, *, at: datetime
) -> None:
    """Keep what became of a blog: its status, or the names of what was changed in it."""
    if before is None:
        what = "blog_created"
    elif before.status != blog.status:
        reopened = before.status == "closed" and blog.status == "live"
        what = "blog_reopened" if reopened else f"blog_{blog.status}"
    else:
        what = "blog_edited"
    changed = _changed(before, blog, but=MOVING) if before is not None else []
    await record(connection, caller, what, at=at, blog_id=blog.id, revision=blog.revision, changed=changed)


MOVING = frozenset({
    "revision", "updated_at", "public_seq", "newsroom_seq", "started_at", "closed_at", "status",
})
"""Fields of a blog that change by themselves, or that the line's name tells."""


def _changed(before: Any, after: Any, *, but: frozenset[str] = frozenset()) -> list[str]:
    """The names of the fields in which two values of a dataclass differ."""
    names = (f.name for f in fields(before))
    return [name for name in names if name not in but and getattr(before, name) != getattr(after, name)]


def done(what: str, caller: Caller, **about: object) -> None:
    """`audit.WHAT` in the server's log, after the commit: `caller` did it."""
    log.info(f"audit.{what}", by=caller.id, by_name=caller.name, **about)


def refused(what: str, **about: object) -> None:
    """`audit.WHAT`: somebody tried and was refused."""
    log.warning(f"audit.{what}", **about)
