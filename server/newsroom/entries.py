"""Creates, publishes, edits, retracts and restores entries. Every write is one transaction that stores the row
and the revision and takes the next seq of each feed that shows the entry."""

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
"""Latest time for which an entry can be scheduled, from now."""


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
    check_key(key)
    digest = digest_of(
        f"entry.create {slug}", [draft.content.to_json(), draft.status, draft.publish_at]
    )
    try:
        return await _create(desk, caller, slug, draft, key, digest)
    except IntegrityError:
        if key is None:
            raise
        # Two concurrent requests with the same key: the other one created it, so this one is a retry.
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
        _require_open(blog)
        status = draft.status
        if not may(caller, Action.ENTRY_PUBLISH, blog.id) and status != "draft":
            status = "pending"
        _check_status(status, draft.publish_at, now)
        entry = Entry(
            id=new_id(), blog_id=blog.id, status="draft", revision=0,
            content=await _clean(connection, draft.content, caller, status),
            author_id=caller.id, author_name=caller.name, created_at=now, updated_at=now,
            publish_at=draft.publish_at,
        )
        written = await _commit(connection, blog, None, _with_status(entry, status, now), caller)
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
    """Edit an entry: `changed` holds fields of `Content`; `status` is the new status. `revision` is the
    revision that was edited, or None to overwrite the current one.

    Raises:
        NotFound, Forbidden: see `domain/permissions.py`.
        StaleRevision: the entry has changed since `revision`; carries both versions.
        Conflict: the entry is retracted, or the change of status is not allowed.
    """
    now = desk.now()
    async with desk.database.write() as connection:
        blog, entry = await _editable(connection, caller, slug, entry_id, Action.ENTRY_EDIT)
        if revision is not None and revision != entry.revision:
            raise StaleRevision(
                current=_shown(entry), yours=_plain(changed, status, publish_at), based_on=str(revision)
            )
        if entry.status == "retracted":
            raise Conflict("This entry is retracted. Restore it first.")
        wanted = status or entry.status
        if wanted == entry.status == "scheduled" and not may(caller, Action.ENTRY_PUBLISH, blog.id):
            wanted = "pending"  # an editor approved an earlier text, not this one
        if wanted != entry.status and wanted in ("published", "scheduled"):
            require(caller, Action.ENTRY_PUBLISH, blog.id)
            _require_open(blog)
        if entry.status == "published" and wanted != "published":
            raise Conflict("A published entry cannot be unpublished. Retract it instead.")
        if wanted == "retracted":
            raise Conflict("Status cannot be set to retracted. Use DELETE to retract an entry.")
        at = publish_at if publish_at is not None else entry.publish_at
        if wanted != entry.status or publish_at is not None:
            _check_status(wanted, at, now)
        content = await _clean(
            connection, replace(entry.content, **changed), caller, wanted, before=entry.content
        )
        edited = replace(entry, content=content, updated_at=now, publish_at=at)
        if entry.status == "published" and _without_flags(content) != _without_flags(entry.content):
            edited = replace(edited, edited_at=now)
        written = await _commit(connection, blog, entry, _with_status(edited, wanted, now), caller)
    desk.publish(written.changes)
    return written.answer()


async def retract(
    desk: Desk, caller: Caller, slug: str, entry_id: str, *, revision: int | None = None
) -> Written:
    """Retract an entry: it keeps its place, and its content is removed from all feeds, pages and API responses.
    The revisions keep the content for `restore`; nobody can read it while the entry is retracted.

    Raises:
        NotFound, Forbidden: see `domain/permissions.py`.
        StaleRevision: as for `edit`.
    """
    now = desk.now()
    async with desk.database.write() as connection:
        blog, entry = await _editable(connection, caller, slug, entry_id, Action.ENTRY_RETRACT)
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
    """Undo a retraction.

    Raises:
        NotFound, Forbidden: only editors can restore.
        Conflict: the entry is not retracted.
    """
    now = desk.now()
    async with desk.database.write() as connection:
        blog, entry = await _editable(connection, caller, slug, entry_id, Action.ENTRY_PUBLISH)
        if entry.status != "retracted":
            raise Conflict("This entry is not retracted.")
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
    """All revisions of an entry, newest first; without content while the entry is retracted."""
    blog = await blogs.by_slug(connection, slug)
    entry = await entries.get(connection, blog.id, entry_id)
    own = entry.author_id == caller.id and entry.status in UNPUBLISHED
    require(caller, Action.ENTRY_REVISIONS, blog.id, own=own)
    found = await entries.revisions_of(connection, entry.id)
    if entry.status == "retracted":
        found = [replace(r, content=Content()) for r in found]
    return entry, found


def visible_to(caller: Caller, blog: Blog, entry: Entry) -> bool:
    """Whether a member of the newsroom may see this entry. Editors see all entries; contributors see published
    ones and their own."""
    if may(caller, Action.ENTRY_PUBLISH, blog.id):
        return True
    return may(caller, Action.BLOG_READ, blog.id) and (
        entry.author_id == caller.id or entry.status in ("published", "retracted")
    )


async def _editable(
    connection: AsyncConnection, caller: Caller, slug: str, entry_id: str, action: Action
) -> tuple[Blog, Entry]:
    blog = await blogs.by_slug(connection, slug)
    require(caller, Action.BLOG_READ, blog.id)
    blog = await _locked(connection, blog)
    entry = await entries.get(connection, blog.id, entry_id)
    if not visible_to(caller, blog, entry):
        raise NotFound("Entry not found.")
    require(caller, action, blog.id, own=entry.author_id == caller.id and entry.status in UNPUBLISHED)
    return blog, entry


async def _locked(connection: AsyncConnection, blog: Blog) -> Blog:
    """Lock the blog and read it again: it may have been closed while this transaction waited."""
    await feeds.lock(connection, blog.id)
    return await blogs.by_id(connection, blog.id)


def _require_open(blog: Blog) -> None:
    if blog.status == "closed":
        raise Conflict("This blog is closed. Reopen it to publish.")


def _check_status(status: EntryStatus, publish_at: datetime | None, now: datetime) -> None:
    if status == "retracted":
        raise Invalid.field("status", "cannot be set to retracted; use DELETE to retract an entry")
    if status == "scheduled":
        if publish_at is None:
            raise Invalid.field("publish_at", "required when the status is “scheduled”")
        if not now < publish_at <= now + FARTHEST:
            raise Invalid.field("publish_at", f"must be in the future, at most {FARTHEST.days} days ahead")


def _with_status(entry: Entry, status: EntryStatus, now: datetime) -> Entry:
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
    cleaned = tuple([await _block(connection, i, b) for i, b in enumerate(content.blocks)])
    cleaned = tuple(b for b in cleaned if not (isinstance(b, blocks.Text | blocks.Quote) and not b.html))
    content = replace(content, title=content.title.strip(), byline=content.byline.strip(), blocks=cleaned)
    if status != "draft" and not content.title and not cleaned:
        raise Invalid.field("body", "enter a title or some text")
    if before is None and not content.byline:
        content = replace(content, byline=caller.name)
    return content


async def _block(connection: AsyncConnection, index: int, block: blocks.Block) -> blocks.Block:
    if isinstance(block, blocks.Text | blocks.Quote):
        return replace(block, html=sanitise.html(block.html))
    if isinstance(block, blocks.Image):
        item = await _picture(connection, f"blocks.{index}.media_id", block.media_id)
        if not block.alt.strip() and not block.decorative:
            raise Invalid.field(f"blocks.{index}.alt", "describe the picture, or mark it as decorative")
        return replace(
            block, width=item.width, height=item.height, widths=item.widths, mime=item.mime
        )
    if isinstance(block, blocks.Video) and block.poster:
        await _picture(connection, f"blocks.{index}.poster", block.poster)
    return block


async def _picture(connection: AsyncConnection, name: str, media_id: str) -> media.Media:
    try:
        return await media.get(connection, media_id)
    except NotFound as error:
        raise Invalid.field(name, "picture not found; upload it first") from error


@dataclass(frozen=True, slots=True)
class _Committed:
    entry: Entry
    changes: list[Change]

    def answer(self) -> Written:
        return Written(self.entry, self.changes[-1].position)


async def _commit(
    connection: AsyncConnection, blog: Blog, before: Entry | None, entry: Entry, caller: Caller
) -> _Committed:
    """Store a revision and its changes in the feeds. If there is a public change, it is the last one."""
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
    await entries.keep_revision(connection, entry, author_id=caller.id, author_name=caller.name)
    changes = [feeds.of_entry(entry, blog, "newsroom", epochs["newsroom"])]
    if shows:
        changes.append(feeds.of_entry(entry, blog, "public", epochs["public"]))
    return _Committed(entry, changes)


async def _position(connection: AsyncConnection, entry: Entry) -> Position:
    name = "public" if entry.public_seq is not None else "newsroom"
    epoch = (await feeds.head(connection, FeedKey(entry.blog_id, name))).epoch  # type: ignore[arg-type]
    return Position(epoch, entry.public_seq if entry.public_seq is not None else entry.newsroom_seq)


def _without_flags(content: Content) -> Content:
    """The content without its flags: changes of flags do not count as an edit for readers."""
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

