"""Entries: written, published, edited, retracted, restored. Every write is one transaction that stores the
row, keeps the revision and takes the next seq of each feed it shows in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain import blocks
from server.domain.blog import Blog
from server.domain.change import Change, FeedKey
from server.domain.entry import Content, Entry, EntryStatus
from server.domain.errors import Conflict, Invalid, NotFound, StaleRevision
from server.domain.permissions import Action, Caller, may, require
from server.domain.position import Position, new_id
from server.newsroom.desk import Desk, check_key, digest_of
from server.store import blogs, entries, feeds, idempotency, media
from server.text import sanitise

UNPUBLISHED: tuple[EntryStatus, ...] = ("draft", "pending", "scheduled")
FARTHEST = timedelta(days=366)
"""How far ahead an entry may be scheduled."""


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as it stands after a write, and where that is: in the public feed when readers see it (or no
    longer see it), else in the newsroom's. `replayed`: a retry, nothing was written."""

    entry: Entry
    position: Position
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person asks for: content not yet sanitised, and the status it shall have."""

    content: Content = field(default_factory=Content)
    status: EntryStatus = "published"
    publish_at: datetime | None = None


async def create(
    desk: Desk, caller: Caller, slug: str, draft: Draft, *, key: str | None = None
) -> Written:
    """Write an entry. What a contributor asks to publish or schedule waits as `pending` for an editor.

    Raises:
        NotFound: there is no such blog for this caller.
        Invalid: a field cannot be taken.
        Conflict: the blog is closed.
        KeyReused: `key` (Idempotency-Key) was used with another request.
    """
    check_key(key)
    digest = digest_of(
        f"entry.create {slug}", [draft.content.to_json(), draft.status, draft.publish_at]
    )
    try:
        return await _create(desk, caller, slug, draft, key, digest)
    except IntegrityError:
        if key is None:
            raise
        # two requests with the same key at the same moment: the other one won, and this is its retry
        return await _create(desk, caller, slug, draft, key, digest)


async def _create(
    desk: Desk, caller: Caller, slug: str, draft: Draft, key: str | None, digest: str
) -> Written:
    now = desk.now()
    async with desk.database.write() as connection:
        blog = await blogs.by_slug(connection, slug)
        require(caller, Action.ENTRY_CREATE, blog.id)
        blog = await _locked(connection, blog)
        if key and (made := await idempotency.made_before(connection, caller.id, key, digest)):
            entry = await entries.get(connection, blog.id, made)
            return Written(entry, await _position(connection, entry), replayed=True)
        _open(blog)
        status = draft.status
        if not may(caller, Action.ENTRY_PUBLISH, blog.id) and status != "draft":
            status = "pending"
        _may_become(status, draft.publish_at, now)
        # the clock may have been set back, and the newest written is still the newest
        newest = await entries.newest_created_at(connection, blog.id)
        written_at = now if newest is None else max(now, newest + timedelta(microseconds=1))
        entry = Entry(
            id=new_id(), blog_id=blog.id, status="draft", revision=0,
            content=await _clean(connection, draft.content, caller, status),
            author_id=caller.id, author_name=caller.name, created_at=written_at, updated_at=written_at,
            publish_at=draft.publish_at,
        )
        written = await _commit(connection, blog, None, _turned(entry, status, now), caller)
        if key:
            await idempotency.remember(connection, caller.id, key, digest, entry.id, now)
    desk.publish(written.changes)
    return written.answer()


async def edit(
    desk: Desk,
    caller: Caller,
    slug: str,
    entry_id: str,
    changed: dict[str, Any],
    *,
    revision: int | None,
    status: EntryStatus | None = None,
    publish_at: datetime | None = None,
) -> Written:
    """Change an entry: `changed` holds fields of `Content`; `status` moves it on. `revision` is the one that
    was edited, or None to write over whatever is there.

    Raises:
        NotFound, Forbidden: see `domain/permissions.py`.
        StaleRevision: somebody else was quicker; both versions are in it.
        Conflict: the entry is retracted, or the move is not possible.
    """
    now = desk.now()
    async with desk.database.write() as connection:
        blog, entry = await _mine(connection, caller, slug, entry_id, Action.ENTRY_EDIT)
        if revision is not None and revision != entry.revision:
            raise StaleRevision(
                current=_shown(entry), yours=_plain(changed, status, publish_at), based_on=str(revision)
            )
        if entry.status == "retracted":
            raise Conflict("The entry is retracted; restore it first.")
        wanted = status or entry.status
        if wanted == entry.status == "scheduled" and not may(caller, Action.ENTRY_PUBLISH, blog.id):
            wanted = "pending"  # an editor approved other words than these
        if wanted != entry.status and wanted in ("published", "scheduled"):
            require(caller, Action.ENTRY_PUBLISH, blog.id)
            _open(blog)
        if entry.status == "published" and wanted != "published":
            raise Conflict("A published entry can only be retracted.")
        if wanted == "retracted":
            raise Conflict("Retract it with DELETE.")
        at = publish_at if publish_at is not None else entry.publish_at
        if wanted != entry.status or publish_at is not None:
            _may_become(wanted, at, now)
        content = await _clean(
            connection, replace(entry.content, **changed), caller, wanted, before=entry.content
        )
        edited = replace(entry, content=content, updated_at=now, publish_at=at)
        if entry.status == "published" and _words(content) != _words(entry.content):
            edited = replace(edited, edited_at=now)
        written = await _commit(connection, blog, entry, _turned(edited, wanted, now), caller)
    desk.publish(written.changes)
    return written.answer()


async def retract(
    desk: Desk, caller: Caller, slug: str, entry_id: str, *, revision: int | None = None
) -> Written:
    """Take an entry back: its place stays, its content goes from every feed, page and answer. The revisions
    keep it for `restore`, and hand it out to nobody while it is retracted.

    Raises:
        NotFound, Forbidden: see `domain/permissions.py`.
        StaleRevision: as for `edit`.
    """
    now = desk.now()
    async with desk.database.write() as connection:
        blog, entry = await _mine(connection, caller, slug, entry_id, Action.ENTRY_RETRACT)
        if entry.status == "retracted":
            return Written(entry, await _position(connection, entry), replayed=True)
        if revision is not None and revision != entry.revision:
            raise StaleRevision(
                current=_shown(entry), yours={"status": "retracted"}, based_on=str(revision)
            )
        gone = replace(
            entry, status="retracted", content=Content(), updated_at=now, retracted_at=now, publish_at=None
        )
        written = await _commit(connection, blog, entry, gone, caller)
    desk.publish(written.changes)
    return written.answer()


async def restore(desk: Desk, caller: Caller, slug: str, entry_id: str) -> Written:
    """Undo a retraction: the entry is again what it was before.

    Raises:
        NotFound, Forbidden: only editors restore.
        Conflict: the entry is not retracted.
    """
    now = desk.now()
    async with desk.database.write() as connection:
        blog, entry = await _mine(connection, caller, slug, entry_id, Action.ENTRY_PUBLISH)
        if entry.status != "retracted":
            raise Conflict("The entry is not retracted.")
        last = next(r for r in await entries.revisions_of(connection, entry.id) if r.status != "retracted")
        status: EntryStatus = "published" if last.status == "published" else "draft"
        again = replace(
            entry, status=status, content=last.content, updated_at=now, retracted_at=None
        )
        written = await _commit(connection, blog, entry, again, caller)
    desk.publish(written.changes)
    return written.answer()


async def history(
    connection: AsyncConnection, caller: Caller, slug: str, entry_id: str
) -> tuple[Entry, list[entries.Revision]]:
    """Every version of an entry, the newest first; without content while the entry is retracted."""
    blog = await blogs.by_slug(connection, slug)
    require(caller, Action.BLOG_READ, blog.id)
    entry = await entries.get(connection, blog.id, entry_id)
    if not visible_to(caller, blog, entry):
        raise NotFound("There is no such entry.")
    own = entry.author_id == caller.id and entry.status in UNPUBLISHED
    require(caller, Action.ENTRY_REVISIONS, blog.id, own=own)
    found = await entries.revisions_of(connection, entry.id)
    if entry.status == "retracted":
        found = [replace(r, content=Content()) for r in found]
    return entry, found


def visible_to(caller: Caller, blog: Blog, entry: Entry) -> bool:
    """Whether somebody of the newsroom sees this entry: all of it for editors; contributors see what is
    published and what they wrote."""
    if may(caller, Action.ENTRY_PUBLISH, blog.id):
        return True
    return may(caller, Action.BLOG_READ, blog.id) and (
        entry.author_id == caller.id or entry.status in ("published", "retracted")
    )


async def _mine(
    connection: AsyncConnection, caller: Caller, slug: str, entry_id: str, action: Action
) -> tuple[Blog, Entry]:
    blog = await blogs.by_slug(connection, slug)
    require(caller, Action.BLOG_READ, blog.id)
    blog = await _locked(connection, blog)
    entry = await entries.get(connection, blog.id, entry_id)
    if not visible_to(caller, blog, entry):
        raise NotFound("There is no such entry.")
    require(caller, action, blog.id, own=entry.author_id == caller.id and entry.status in UNPUBLISHED)
    return blog, entry


async def _locked(connection: AsyncConnection, blog: Blog) -> Blog:
    """The blog as it is once nobody else writes in it: it may have been closed while this one waited."""
    await feeds.lock(connection, blog.id)
    return await blogs.by_id(connection, blog.id)


def _open(blog: Blog) -> None:
    if blog.status == "closed":
        raise Conflict("The blog is closed; open it again to publish in it.")


def _may_become(status: EntryStatus, publish_at: datetime | None, now: datetime) -> None:
    if status == "retracted":
        raise Invalid.field("status", "an entry is retracted with DELETE")
    if status == "scheduled":
        if publish_at is None:
            raise Invalid.field("publish_at", "required when status is “scheduled”")
        if not now < publish_at <= now + FARTHEST:
            raise Invalid.field("publish_at", f"must be in the future, at most {FARTHEST.days} days ahead")


def _turned(entry: Entry, status: EntryStatus, now: datetime) -> Entry:
    if status == "published":
        return replace(entry, status=status, published_at=entry.published_at or now, publish_at=None)
    return replace(entry, status=status)


async def _clean(
    connection: AsyncConnection,
    content: Content,
    caller: Caller,
    status: EntryStatus,
    *,
    before: Content | None = None,
) -> Content:
    cleaned = tuple([await _block(connection, i, b, caller) for i, b in enumerate(content.blocks)])
    cleaned = tuple(b for b in cleaned if not (isinstance(b, blocks.Text | blocks.Quote) and not b.html))
    content = replace(content, title=content.title.strip(), byline=content.byline.strip(), blocks=cleaned)
    if status != "draft" and not content.title and not cleaned:
        raise Invalid.field("body", "an entry needs a title or something in it")
    if before is None and not content.byline:
        content = replace(content, byline=caller.name)
    return content


async def _block(
    connection: AsyncConnection, index: int, block: blocks.Block, caller: Caller
) -> blocks.Block:
    if isinstance(block, blocks.Text | blocks.Quote):
        return replace(block, html=sanitise.html(block.html))
    if isinstance(block, blocks.Image):
        item = await _picture(connection, f"blocks.{index}.media_id", block.media_id, caller)
        if not block.alt.strip() and not block.decorative:
            raise Invalid.field(f"blocks.{index}.alt", "describe the picture, or mark it decorative")
        return replace(
            block, width=item.width, height=item.height, widths=item.widths, mime=item.mime
        )
    if isinstance(block, blocks.Video) and block.poster:
        await _picture(connection, f"blocks.{index}.poster", block.poster, caller)
    return block


async def _picture(
    connection: AsyncConnection, name: str, media_id: str, caller: Caller
) -> media.Media:
    """Whoever may not see a picture may not publish it either."""
    try:
        return await media.get_for(connection, caller, media_id)
    except NotFound as error:
        raise Invalid.field(name, "there is no such picture; upload it first") from error


@dataclass(frozen=True, slots=True)
class _Committed:
    entry: Entry
    changes: list[Change]

    def answer(self) -> Written:
        return Written(self.entry, self.changes[-1].position)


async def _commit(
    connection: AsyncConnection, blog: Blog, before: Entry | None, entry: Entry, caller: Caller
) -> _Committed:
    """Store one version with its places in the feeds. The last change is the public one if there is one."""
    newsroom = await feeds.advance(connection, FeedKey(blog.id, "newsroom"))
    updated_at = entry.updated_at if before is None else max(entry.updated_at, before.updated_at)
    entry = replace(
        entry, revision=entry.revision + 1, newsroom_seq=newsroom.seq, updated_at=updated_at
    )
    if entry.status == "published" and entry.number is None:
        entry = replace(entry, number=await blogs.next_number(connection, blog.id))
    shows = entry.public or (before is not None and before.public_seq is not None)
    epochs = {"newsroom": newsroom.epoch}
    if shows:
        public = await feeds.advance(connection, FeedKey(blog.id, "public"))
        entry = replace(entry, public_seq=public.seq)
        epochs["public"] = public.epoch
    await (entries.insert if before is None else entries.save)(connection, entry)
    await entries.keep_revision(connection, entry, author_id=caller.id, author_name=caller.name)
    changes = [feeds.of_entry(entry, blog, "newsroom", epochs["newsroom"])]
    if shows:
        changes.append(feeds.of_entry(entry, blog, "public", epochs["public"]))
    return _Committed(entry, changes)


async def _position(connection: AsyncConnection, entry: Entry) -> Position:
    name = "public" if entry.public_seq is not None else "newsroom"
    epoch = (await feeds.head(connection, FeedKey(entry.blog_id, name))).epoch  # type: ignore[arg-type]
    return Position(epoch, entry.public_seq if entry.public_seq is not None else entry.newsroom_seq)


def _words(content: Content) -> Content:
    """What a reader would call edited: the words and pictures, not the flags."""
    return replace(content, pinned=False, key=False, breaking=False)


def _shown(entry: Entry) -> dict[str, Any]:
    return entry.to_tombstone() if entry.status == "retracted" else entry.to_json()


def _plain(changed: dict[str, Any], status: str | None, publish_at: datetime | None) -> dict[str, Any]:
    plain = dict(changed)
    if "blocks" in plain:
        plain["blocks"] = [blocks.to_json(b) for b in plain["blocks"]]
    if status is not None:
        plain["status"] = status
    if publish_at is not None:
        plain["publish_at"] = publish_at.isoformat()
    return plain

