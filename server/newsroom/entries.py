"""Creates, publishes, edits, retracts and restores entries. Every write is one transaction that stores the row
and the revision and takes the next seq of each feed that shows the entry."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain import blocks
from server.domain.blog import Blog
from server.domain.byline import line_of
from server.domain.change import Change, FeedKey
from server.domain.entry import (
    UNPUBLISHED,
    Content,
    Entry,
    EntryStatus,
    check_content,
    check_schedule,
    corrected,
    edited,
    first_status,
    goes_out,
    held_back,
    moved,
    next_status,
    restored,
    retracted,
)
from server.domain.errors import Conflict, NotFound, StaleRevision
from server.domain.permissions import SYSTEM, Action, Caller, may, require
from server.domain.position import Position, new_id
from server.newsroom import audit, bylines, content, entry_pictures, previews, topics
from server.newsroom.approval import with_note
from server.newsroom.desk import Desk
from server.newsroom.idempotency import Request
from server.store import blogs, entries, entry_index, feeds
from server.text import search


@dataclass(frozen=True, slots=True)
class Written:
    """An entry after a write, with its position: in the public feed if readers see or saw the entry, otherwise
    in the newsroom feed. `replayed`: this was a retry and nothing was written."""

    entry: Entry
    position: Position
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A new entry: content, not sanitised yet, and the requested status."""

    content: Content = field(default_factory=Content)
    status: EntryStatus = "published"
    publish_at: datetime | None = None


async def create(
    desk: Desk, caller: Caller, slug: str, draft: Draft, *, key: str | None = None
) -> Written:
    """Create an entry. A contributor's entry becomes `pending` instead of published or scheduled.

    Raises:
        NotFound: the blog does not exist, or the caller has no role in it.
        Invalid: a field is invalid.
        Conflict: the blog is closed.
        KeyReused: `key` (Idempotency-Key) was used with a different request.
    """
    request = Request.of(
        caller, key, f"entry.create {slug}", [draft.content.to_json(), draft.status, draft.publish_at]
    )
    async with desk.database.look_up() as connection:
        blog = await blogs.by_slug(connection, slug)
        require(caller, Action.ENTRY_CREATE, blog.id)
        if replayed := await _made_before(connection, blog, request):
            return replayed
        _check_require_open(blog)
    prepared = await content.prepare(draft.content, content.language_of(draft.content, blog))
    draft = replace(draft, content=await previews.filled(desk, caller, prepared, before=()))
    return await request.once(lambda: _create(desk, caller, slug, draft, request))


async def _create(desk: Desk, caller: Caller, slug: str, draft: Draft, request: Request) -> Written:
    now = desk.now()
    async with desk.database.write() as connection:
        blog = await blogs.by_slug(connection, slug)
        require(caller, Action.ENTRY_CREATE, blog.id)
        blog = await locked(connection, blog)
        if replayed := await _made_before(connection, blog, request):
            return replayed
        _check_require_open(blog)
        status = first_status(draft.status, publishes=may(caller, Action.ENTRY_PUBLISH, blog.id))
        status, at = held_back(None, status, draft.publish_at, now=now, delay=desk.publish_delay)
        check_schedule(status, at, now)
        check_content(status, draft.content)
        made = await entry_pictures.sized(connection, draft.content, caller)
        # the clock may have been set back, and the newest written is still the newest
        newest = await entries.newest_created_at(connection, blog.id)
        written_at = now if newest is None else max(now, newest + timedelta(microseconds=1))
        entry = Entry(
            id=new_id(), blog_id=blog.id, status="draft", revision=0,
            content=await _named(connection, blog, made, caller, before=Content(), at=now),
            author_id=caller.id, author_name=caller.name, created_at=written_at, updated_at=written_at,
            publish_at=at,
        )
        written = await commit(connection, blog, None, moved(entry, status, written_at), caller)
        await request.remember(connection, entry.id, now)
    desk.publish(written.changes)
    return written.answer()


async def _made_before(connection: AsyncConnection, blog: Blog, request: Request) -> Written | None:
    made = await request.made_before(connection)
    if made is None:
        return None
    entry = await entries.get(connection, blog.id, made)
    return Written(entry, await position_of(connection, entry), replayed=True)


async def edit(
    desk: Desk,
    caller: Caller,
    slug: str,
    entry_id: str,
    changed: dict[str, Any],
    *,
    revision: int | None,
    epoch: str = "",
    status: EntryStatus | None = None,
    publish_at: datetime | Literal["unchanged"] | None = "unchanged",
    note: str = "",
    correction: str = "",
    remove_from_history: bool = False,
) -> Written:
    """Change an entry: `changed` holds fields of `Content`; `status` moves it on. `revision` is the one that
    was edited, or None to write over whatever is there; `epoch` the one in which it was read, or empty if that
    is not known. `publish_at` None cancels a schedule: the entry is a
    draft again. `note` is the reason why an editor sends a contribution back (newsroom/approval.py).
    `correction` is a note to readers; `remove_from_history` takes all earlier versions and their notes out of
    the public history.

    Raises:
        NotFound, Forbidden: see `domain/permissions.py`.
        StaleRevision: somebody else was quicker; both versions are in it.
        Conflict: the entry is retracted, or the move is not possible.
    """
    async with desk.database.look_up() as connection:
        blog, entry = await _found(connection, caller, slug, entry_id, Action.ENTRY_EDIT)
    changed = await _prepared(desk, caller, entry, blog, changed)
    yours = _plain(changed, status, publish_at)
    now = desk.now()
    async with desk.database.write() as connection:
        blog, entry = await editable(connection, caller, slug, entry_id, Action.ENTRY_EDIT)
        await _check_revision(connection, entry, revision, epoch, yours)
        written_at = max(now, entry.updated_at)  # the clock may have been set back
        at = entry.publish_at if publish_at == "unchanged" else publish_at
        if status is None and entry.status == "scheduled" and at is None:
            status = "draft"
        wanted = next_status(entry, status, publishes=may(caller, Action.ENTRY_PUBLISH, blog.id))
        if goes_out(entry.status, wanted):
            require(caller, Action.ENTRY_PUBLISH, blog.id)
            _check_require_open(blog)
            if caller is not SYSTEM:  # the schedule's own turn
                wanted, at = held_back(entry, wanted, at, now=now, delay=desk.publish_delay)
        if wanted != entry.status or at != entry.publish_at:
            check_schedule(wanted, at, now)
        made = replace(entry.content, **changed)
        check_content(wanted, made)
        if "blocks" in changed:
            made = await entry_pictures.sized(connection, made, caller)
        made = await _named(connection, blog, made, caller, before=entry.content, at=now)
        after = with_note(entry, edited(entry, made, at, written_at), wanted, note.strip(), caller)
        correction = correction.strip()
        after = corrected(entry, after, correction, written_at, forget=remove_from_history)
        after = moved(after, wanted, written_at)
        written = await commit(connection, blog, entry, after, caller, correction=correction)
        if remove_from_history:
            await entries.hide_revisions(connection, entry.id, before=written.entry.revision)
    desk.publish(written.changes)
    return written.answer()


async def _prepared(
    desk: Desk, caller: Caller, entry: Entry, blog: Blog, changed: dict[str, Any]
) -> dict[str, Any]:
    """The changed words as they will be stored; what is not changed is not read again."""
    language = content.language_of(replace(entry.content, **changed), blog)
    prepared = await content.prepare(replace(Content(), **changed), language)
    prepared = await previews.filled(desk, caller, prepared, before=entry.content.blocks)
    return {name: getattr(prepared, name) for name in changed}


async def retract(
    desk: Desk, caller: Caller, slug: str, entry_id: str, *, revision: int | None = None, epoch: str = ""
) -> Written:
    """Retract an entry: it keeps its place, and its content is removed from all feeds, pages and API responses.
    The revisions keep the content for `restore`; nobody can read it while the entry is retracted.

    Raises:
        NotFound, Forbidden: see `domain/permissions.py`.
        StaleRevision: as for `edit`.
    """
    now = desk.now()
    async with desk.database.write() as connection:
        blog, entry = await editable(connection, caller, slug, entry_id, Action.ENTRY_RETRACT)
        if entry.status == "retracted":
            return Written(entry, await position_of(connection, entry), replayed=True)
        await _check_revision(connection, entry, revision, epoch, {"status": "retracted"})
        written = await commit(connection, blog, entry, retracted(entry, max(now, entry.updated_at)), caller)
    desk.publish(written.changes)
    return written.answer()


async def restore(desk: Desk, caller: Caller, slug: str, entry_id: str) -> Written:
    """Undo a retraction.

    Raises:
        NotFound, Forbidden: only editors can restore.
        Conflict: the entry is not retracted.
    """
    now = desk.now()
    async with desk.database.write() as connection:
        blog, entry = await editable(connection, caller, slug, entry_id, Action.ENTRY_PUBLISH)
        kept = await entries.revisions_of(connection, entry.id)
        last = next((r for r in kept if r.status != "retracted"), kept[0])
        named = await _named(connection, blog, last.content, caller, before=last.content, at=now)
        again = restored(entry, named, last.status, max(now, entry.updated_at))
        written = await commit(connection, blog, entry, again, caller)
    desk.publish(written.changes)
    return written.answer()


async def fill_in(desk: Desk, blog_id: str, entry_id: str, found: previews.Found) -> bool:
    """Put what was found in place of blocks of a published entry, as if it had been written so: no edit is told
    to readers, and the history has no version more. Whether anything changed. Raises NotFound."""
    async with desk.database.write() as connection:
        await feeds.lock(connection, blog_id)
        blog, entry = await blogs.by_id(connection, blog_id), await entries.get(connection, blog_id, entry_id)
        filled = tuple(found.get(block, block) for block in entry.content.blocks)
        if not entry.public or filled == entry.content.blocks:
            return False
        made = await entry_pictures.sized(connection, replace(entry.content, blocks=filled), SYSTEM)
        after = replace(entry, content=made, updated_at=max(desk.now(), entry.updated_at))
        written = await commit(connection, blog, entry, after, SYSTEM, amends=True, logged="entry_links_filled")
    desk.publish(written.changes)
    return True


async def history(
    connection: AsyncConnection, caller: Caller, slug: str, entry_id: str
) -> tuple[Entry, list[entries.Revision]]:
    """All revisions of an entry, newest first; without content while the entry is retracted."""
    blog = await blogs.by_slug(connection, slug)
    require(caller, Action.BLOG_READ, blog.id)
    entry = await entries.get(connection, blog.id, entry_id)
    if not visible_to(caller, blog, entry):
        raise NotFound("Entry not found.")
    own = entry.author_id == caller.id and entry.status in UNPUBLISHED
    require(caller, Action.ENTRY_REVISIONS, blog.id, own=own)
    found = await entries.revisions_of(connection, entry.id)
    if entry.status == "retracted":
        found = [replace(r, content=Content(), correction="") for r in found]
    return entry, found


def visible_to(caller: Caller, blog: Blog, entry: Entry) -> bool:
    """Whether a member of the newsroom may see this entry. Editors see all entries; contributors see published
    ones and their own."""
    if may(caller, Action.ENTRY_PUBLISH, blog.id):
        return True
    return may(caller, Action.BLOG_READ, blog.id) and (
        entry.author_id == caller.id or entry.status in ("published", "retracted")
    )


async def editable(
    connection: AsyncConnection, caller: Caller, slug: str, entry_id: str, action: Action
) -> tuple[Blog, Entry]:
    """The same, once nobody else writes in the blog."""
    blog = await blogs.by_slug(connection, slug)
    require(caller, Action.BLOG_READ, blog.id)
    await locked(connection, blog)
    return await _found(connection, caller, slug, entry_id, action)


async def _found(
    connection: AsyncConnection, caller: Caller, slug: str, entry_id: str, action: Action
) -> tuple[Blog, Entry]:
    """The blog and the entry, for somebody who may do `action` with it."""
    blog = await blogs.by_slug(connection, slug)
    require(caller, Action.BLOG_READ, blog.id)
    entry = await entries.get(connection, blog.id, entry_id)
    if not visible_to(caller, blog, entry):
        raise NotFound("Entry not found.")
    require(caller, action, blog.id, own=entry.author_id == caller.id and entry.status in UNPUBLISHED)
    return blog, entry


async def locked(connection: AsyncConnection, blog: Blog) -> Blog:
    """Lock the blog and read it again: it may have been closed while this transaction waited."""
    await feeds.lock(connection, blog.id)
    return await blogs.by_id(connection, blog.id)


def _check_require_open(blog: Blog) -> None:
    if blog.status == "closed":
        raise Conflict("This blog is closed. Reopen it to publish.")


async def _check_revision(
    connection: AsyncConnection, entry: Entry, revision: int | None, epoch: str, yours: dict[str, Any]
) -> None:
    same_history = not epoch or await feeds.has_epoch(connection, entry.blog_id, epoch)
    if revision is not None and (revision != entry.revision or not same_history):
        raise StaleRevision(current=_shown(entry), yours=yours, based_on=str(revision))


async def _named(
    connection: AsyncConnection, blog: Blog, content: Content, caller: Caller, *, before: Content, at: datetime
) -> Content:
    """The content with its bylines as the newsroom's records say, and its topics as the blog's list says."""
    return replace(
        content,
        bylines=await bylines.resolved(connection, caller, content.bylines, before=before.bylines, at=at),
        topics=topics.of_entry(content.topics, blog.topics, before=before.topics),
    )


@dataclass(frozen=True, slots=True)
class Committed:
    entry: Entry
    changes: list[Change]

    def answer(self) -> Written:
        return Written(self.entry, self.changes[-1].position)


async def commit(
    connection: AsyncConnection, blog: Blog, before: Entry | None, entry: Entry, caller: Caller,
    *, correction: str = "", amends: bool = False, logged: str = "",
) -> Committed:
    """Store a revision and its changes in the feeds. If there is a public change, it is the last one. `amends`:
    the revision takes the place of the one before. `logged`: see `audit.record_entry`."""
    newsroom = await feeds.advance(connection, FeedKey(blog.id, "newsroom"))
    entry = replace(entry, revision=entry.revision + 1, newsroom_seq=newsroom.seq)
    if entry.status == "published" and entry.number is None:
        entry = replace(entry, number=await blogs.next_number(connection, blog.id))
    shows = entry.public or (before is not None and before.public_seq is not None)
    epochs = {"newsroom": newsroom.epoch}
    if shows:
        public = await feeds.advance(connection, FeedKey(blog.id, "public"))
        entry = replace(entry, public_seq=public.seq)
        epochs["public"] = public.epoch
    await (entries.insert if before is None else entries.save)(connection, entry)
    await entry_index.put(connection, entry, search.searched(entry.content), new=before is None)
    if amends and before is not None:
        await entries.amend_revision(connection, entry, before=before.revision)
    else:
        await entries.keep_revision(
            connection, entry, author_id=caller.id, author_name=caller.name, correction=correction
        )
    await previews.plan_check(connection, before, entry, amends=amends)
    await audit.record_entry(connection, caller, before, entry, at=entry.updated_at, what=logged)
    changes = [feeds.of_entry(entry, blog, "newsroom", epochs["newsroom"])]
    if shows:
        changes.append(feeds.of_entry(entry, blog, "public", epochs["public"]))
    return Committed(entry, changes)


async def position_of(connection: AsyncConnection, entry: Entry) -> Position:
    name = "public" if entry.public_seq is not None else "newsroom"
    epoch = (await feeds.head(connection, FeedKey(entry.blog_id, name))).epoch  # type: ignore[arg-type]
    return Position(epoch, entry.public_seq if entry.public_seq is not None else entry.newsroom_seq)


def _shown(entry: Entry) -> dict[str, Any]:
    return entry.to_tombstone() if entry.status == "retracted" else entry.to_json()


def _plain(
    changed: dict[str, Any], status: str | None, publish_at: datetime | str | None
) -> dict[str, Any]:
    plain = dict(changed)
    if "blocks" in plain:
        plain["blocks"] = [blocks.to_json(b) for b in plain["blocks"]]
    if "bylines" in plain:
        plain |= {
            "bylines": [b.to_json() for b in changed["bylines"]], "byline": line_of(changed["bylines"])
        }
    if status is not None:
        plain["status"] = status
    if publish_at != "unchanged":
        plain["publish_at"] = publish_at.isoformat() if isinstance(publish_at, datetime) else None
    return plain

