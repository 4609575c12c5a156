"""Queries for entries and their revisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, TextClause, bindparam, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.entry import Content, Entry, EntryStatus
from server.domain.errors import NotFound
from server.store import row_mapping, schema
from server.store.schema import entries, entry_media, entry_words, revisions

ON_PAGE: tuple[EntryStatus, ...] = ("published", "retracted")
"""Statuses shown on the reader's page; a retracted entry is shown as a tombstone."""

# Built once: building statements as small as these costs SQLAlchemy more than running them.
_NEWEST = (
    select(entries.c.created_at).where(entries.c.blog_id == bindparam("blog"))
    .order_by(entries.c.created_at.desc()).limit(1)
)
_INSERT, _INSERT_REVISION = entries.insert(), revisions.insert()


@dataclass(frozen=True, slots=True)
class Revision:
    """A stored revision of an entry."""

    revision: int
    status: EntryStatus
    content: Content
    author_id: str | None
    author_name: str
    at: datetime
    correction: str = ""
    hidden: bool = False


class Due(NamedTuple):
    """A scheduled entry whose time has come."""

    blog_id: str
    entry_id: str
    publish_at: datetime


async def get(connection: AsyncConnection, blog_id: str, entry_id: str, *, lock: bool = False) -> Entry:
    """An entry of a blog; `lock` locks its row until the transaction ends. Raises NotFound."""
    statement = select(entries).where(entries.c.blog_id == blog_id, entries.c.id == entry_id)
    if lock:
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("Entry not found.")
    return row_mapping.entry(row)


async def by_ids(connection: AsyncConnection, entry_ids: Sequence[str]) -> list[Entry]:
    """Entries of whatever blogs, in no order; those that are not there are left out."""
    if not entry_ids:
        return []
    statement = select(entries).where(entries.c.id.in_(entry_ids))
    return [row_mapping.entry(r) for r in await connection.execute(statement)]


async def between(connection: AsyncConnection, blog_id: str, *, first: int, last: int) -> list[Entry]:
    """Published and retracted entries with numbers `first` to `last`, newest first."""
    return await _select(
        connection,
        entries.c.blog_id == blog_id, entries.c.status.in_(ON_PAGE),
        entries.c.number >= first, entries.c.number <= last,
    )


async def pinned(connection: AsyncConnection, blog_id: str) -> list[Entry]:
    """Published entries that are pinned, newest first."""
    return await _select(
        connection, entries.c.blog_id == blog_id, text(schema.PINNED)
    )


async def key_events(connection: AsyncConnection, blog_id: str, *, limit: int = 100) -> list[Entry]:
    """Published key events, newest first."""
    return await _select(
        connection,
        entries.c.blog_id == blog_id, text(schema.KEY),
        limit=limit,
    )


async def latest(connection: AsyncConnection, blog_id: str, *, limit: int) -> list[Entry]:
    """The newest published entries without tombstones, for syndication and structured data."""
    return await _select(
        connection, entries.c.blog_id == blog_id, entries.c.status == "published", limit=limit
    )


async def changed_at(connection: AsyncConnection, blog_id: str) -> datetime | None:
    """When the newest change that readers could see was written: a publication, an edit or a retraction."""
    statement = (
        select(entries.c.updated_at)
        .where(entries.c.blog_id == blog_id, entries.c.public_seq.is_not(None))
        .order_by(entries.c.public_seq.desc())
        .limit(1)
    )
    return (await connection.execute(statement)).scalar_one_or_none()


async def listed(
    connection: AsyncConnection,
    blog_id: str,
    *,
    statuses: Sequence[EntryStatus],
    author_id: str | None = None,
    key: bool = False,
    pinned: bool = False,
    words: Sequence[str] = (),
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Entry]:
    """One page of a blog's entries, newest first by creation. `before` is `(created_at, id)` of the last entry
    on the previous page; `author_id` limits the list to one author, `key` and `pinned` to such entries, and
    `words` to published ones with all of these words (text/search.py)."""
    where = [entries.c.blog_id == blog_id, entries.c.status.in_(statuses)]
    where += [column for column, only in ((entries.c.key, key), (entries.c.pinned, pinned)) if only]
    if words:
        indexed = select(entry_words.c.entry_id).where(
            entry_words.c.blog_id == blog_id,
            *(entry_words.c.words.contains(word, autoescape=True) for word in words),
        )
        where.append(entries.c.id.in_(indexed))
    if author_id is not None:
        where.append(entries.c.author_id == author_id)
    if before is not None:
        moment, entry_id = before
        where.append(
            (entries.c.created_at < moment) | ((entries.c.created_at == moment) & (entries.c.id < entry_id))
        )
    statement = (
        select(entries).where(*where).order_by(entries.c.created_at.desc(), entries.c.id.desc()).limit(limit)
    )
    return [row_mapping.entry(r) for r in await connection.execute(statement)]


async def newest_created_at(connection: AsyncConnection, blog_id: str) -> datetime | None:
    """When the entry of a blog was written that was written last, drafts included."""
    return (await connection.execute(_NEWEST, {"blog": blog_id})).scalar_one_or_none()


async def due(
    connection: AsyncConnection, moment: datetime, *, after: Due | None = None, limit: int = 50
) -> list[Due]:
    """Scheduled entries whose time has come, the oldest first; those that follow `after`."""
    statement = (
        select(entries.c.blog_id, entries.c.id, entries.c.publish_at)
        .where(text(schema.DUE), entries.c.publish_at <= moment)
        .order_by(entries.c.publish_at, entries.c.id)
        .limit(limit)
    )
    if after is not None:
        later = entries.c.publish_at > after.publish_at
        same = (entries.c.publish_at == after.publish_at) & (entries.c.id > after.entry_id)
        statement = statement.where(later | same)
    return [Due(r.blog_id, r.id, r.publish_at) for r in await connection.execute(statement)]


async def insert(connection: AsyncConnection, entry: Entry) -> None:
    await connection.execute(_INSERT, _values(entry))
    await _link_media(connection, entry)


async def save(connection: AsyncConnection, entry: Entry) -> None:
    await connection.execute(update(entries).where(entries.c.id == entry.id).values(**_values(entry)))
    await connection.execute(delete(entry_media).where(entry_media.c.entry_id == entry.id))
    await _link_media(connection, entry)


async def keep_revision(
    connection: AsyncConnection, entry: Entry, *, author_id: str, author_name: str, correction: str = ""
) -> None:
    """Store this revision. `correction` is the note to readers that came with it."""
    await connection.execute(
        _INSERT_REVISION,
        {
            "entry_id": entry.id, "revision": entry.revision, "status": entry.status,
            "content": entry.content.to_json(), "author_id": author_id, "author_name": author_name,
            "at": entry.updated_at, "correction": correction, "hidden": False,
        },
    )


async def amend_revision(connection: AsyncConnection, entry: Entry, *, before: int) -> None:
    """Store this revision in place of revision `before`: the history keeps its number of versions."""
    same = (revisions.c.entry_id == entry.id) & (revisions.c.revision == before)
    await connection.execute(
        update(revisions).where(same).values(revision=entry.revision, content=entry.content.to_json())
    )


async def hide_revisions(connection: AsyncConnection, entry_id: str, *, before: int) -> None:
    """Take the versions before this revision out of the public history."""
    older = (revisions.c.entry_id == entry_id) & (revisions.c.revision < before)
    await connection.execute(update(revisions).where(older).values(hidden=True))


async def revisions_of(connection: AsyncConnection, entry_id: str) -> list[Revision]:
    """All revisions, newest first."""
    statement = (
        select(revisions).where(revisions.c.entry_id == entry_id).order_by(revisions.c.revision.desc())
    )
    return [
        Revision(
            r.revision, r.status, Content.from_json(r.content), r.author_id, r.author_name, r.at,
            r.correction, r.hidden,
        )
        for r in await connection.execute(statement)
    ]


async def set_correction(connection: AsyncConnection, entry_id: str, revision: int, note: str) -> None:
    """Put another note to readers on a revision; an empty one removes it."""
    same = (revisions.c.entry_id == entry_id, revisions.c.revision == revision)
    await connection.execute(update(revisions).where(*same).values(correction=note))


async def last_titles(connection: AsyncConnection, entry_ids: Sequence[str]) -> dict[str, str]:
    """What retracted entries were called in their last version before that, by id."""
    if not entry_ids:
        return {}
    statement = (
        select(revisions.c.entry_id, revisions.c.content["title"].as_string().label("title"))
        .where(revisions.c.entry_id.in_(entry_ids), revisions.c.status != "retracted")
        .order_by(revisions.c.revision)
    )
    return {row.entry_id: row.title for row in await connection.execute(statement)}


async def counts(connection: AsyncConnection, blog_id: str) -> dict[EntryStatus, int]:
    """Number of entries by status."""
    statement = (
        select(entries.c.status, func.count().label("entries"))
        .where(entries.c.blog_id == blog_id)
        .group_by(entries.c.status)
    )
    return {row.status: row.entries for row in await connection.execute(statement)}


async def _link_media(connection: AsyncConnection, entry: Entry) -> None:
    found = entry.content.media_ids
    if found:
        await connection.execute(
            entry_media.insert(), [{"entry_id": entry.id, "media_id": m} for m in sorted(found)]
        )


async def _select(
    connection: AsyncConnection, *where: ColumnElement[bool] | TextClause, limit: int | None = None
) -> list[Entry]:
    statement = select(entries).where(*where).order_by(entries.c.number.desc()).limit(limit)
    return [row_mapping.entry(r) for r in await connection.execute(statement)]


def _values(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id, "blog_id": entry.blog_id, "status": entry.status, "revision": entry.revision,
        "content": entry.content.to_json(), "author_id": entry.author_id, "author_name": entry.author_name,
        "created_at": entry.created_at, "updated_at": entry.updated_at, "publish_at": entry.publish_at,
        "published_at": entry.published_at, "edited_at": entry.edited_at,
        "retracted_at": entry.retracted_at, "number": entry.number, "pinned": entry.content.pinned,
        "key": entry.content.key, "public_seq": entry.public_seq, "newsroom_seq": entry.newsroom_seq,
        "note": entry.note, "note_by": entry.note_by,
        "corrections": [{"at": c.at, "note": c.note} for c in entry.corrections],
        "internal_notes": [asdict(n) for n in entry.internal_notes], "moved_to": entry.moved_to,
    }
