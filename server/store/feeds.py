"""Feed counters, and the changes after a position: the core of the product, see docs/architecture.md."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.blog import Blog
from server.domain.change import FEEDS, Change, FeedKey, FeedName
from server.domain.entry import Entry
from server.domain.errors import NotFound
from server.domain.position import Position, new_epoch
from server.store import row_mapping
from server.store.schema import blogs, entries, feeds

CHUNK = 500
"""Most changes in one query; a long absence takes several queries."""

# Built once: building statements as small as these costs SQLAlchemy more than running them.
_ONE_FEED = (feeds.c.blog_id == bindparam("blog"), feeds.c.name == bindparam("feed"))
_HEAD = select(feeds.c.epoch, feeds.c.seq).where(*_ONE_FEED)
_LOCK = select(feeds.c.seq).where(*_ONE_FEED).with_for_update()
_ADVANCE = (
    update(feeds).where(*_ONE_FEED).values(seq=feeds.c.seq + 1).returning(feeds.c.epoch, feeds.c.seq)
)


async def create(connection: AsyncConnection, blog_id: str) -> None:
    """Create both feeds of a new blog at seq 0, each with its own epoch."""
    await connection.execute(
        feeds.insert(), [{"blog_id": blog_id, "name": n, "epoch": new_epoch(), "seq": 0} for n in FEEDS]
    )


async def advance(connection: AsyncConnection, key: FeedKey) -> Position:
    """Increment a feed's seq and return the new position. The row stays locked until the transaction ends, so
    that numbers are committed in order without gaps. Advance `newsroom` before `public`, to avoid deadlocks.
    """
    row = (await connection.execute(_ADVANCE, {"blog": key.blog_id, "feed": key.name})).one_or_none()
    if row is None:
        raise NotFound
    return Position(row.epoch, row.seq)


async def lock(connection: AsyncConnection, blog_id: str) -> None:
    """Lock out other writers of the blog until the transaction ends. In SQLite a write transaction does so
    anyway."""
    if connection.dialect.name != "sqlite":
        await connection.execute(_LOCK, {"blog": blog_id, "feed": "newsroom"})


async def lock_all(connection: AsyncConnection) -> None:
    """As `lock`, for every feed of every blog."""
    # in the order that `renew_epoch` and `advance` take them: no deadlock
    statement = select(feeds.c.seq).order_by(feeds.c.blog_id, feeds.c.name).with_for_update()
    await connection.execute(statement)


async def head(connection: AsyncConnection, key: FeedKey) -> Position:
    """Current position of the feed. Raises NotFound if the blog does not exist."""
    row = (await connection.execute(_HEAD, {"blog": key.blog_id, "feed": key.name})).one_or_none()
    if row is None:
        raise NotFound
    return Position(row.epoch, row.seq)


async def heads(connection: AsyncConnection, keys: Sequence[FeedKey]) -> dict[FeedKey, Position]:
    """Current positions of several feeds, in one query. Feeds of blogs that do not exist are omitted."""
    wanted = set(keys)
    statement = select(feeds).where(feeds.c.blog_id.in_({k.blog_id for k in keys}))
    found = {
        FeedKey(r.blog_id, r.name): Position(r.epoch, r.seq) for r in await connection.execute(statement)
    }
    return {k: p for k, p in found.items() if k in wanted}


async def has_epoch(connection: AsyncConnection, blog_id: str, epoch: str) -> bool:
    """Whether a feed of the blog is in this epoch. A revision that was read in another is another's text."""
    statement = select(feeds.c.epoch).where(feeds.c.blog_id == blog_id, feeds.c.epoch == epoch)
    return (await connection.execute(statement)).first() is not None


async def renew_epoch(connection: AsyncConnection, blog_id: str | None = None) -> None:
    """Start a new epoch: every earlier position gets a `reset`. For one blog, or for all blogs after the
    database was restored to an earlier state."""
    # Same order as in `advance`, to avoid deadlocks: `newsroom` before `public`.
    statement = select(feeds.c.blog_id, feeds.c.name).order_by(feeds.c.blog_id, feeds.c.name)
    if blog_id is not None:
        statement = statement.where(feeds.c.blog_id == blog_id)
    for row in (await connection.execute(statement)).all():
        await connection.execute(
            update(feeds)
            .where(feeds.c.blog_id == row.blog_id, feeds.c.name == row.name)
            .values(epoch=new_epoch())
        )


async def changes_after(
    connection: AsyncConnection, key: FeedKey, seq: int, *, limit: int = CHUNK
) -> tuple[Position, list[Change]]:
    """Changes of a feed after `seq`: each entry or blog once, in its newest state, in seq order.

    Returns at most `limit` changes; call again with the last seq until none is left. The position returned is
    the feed's head in the same snapshot.

    Raises:
        NotFound: the blog does not exist.
    """
    blog = await _blog(connection, key.blog_id)
    at = await head(connection, key)
    if seq >= at.seq:
        return at, []
    column = _seq_column(key.name)
    statement = select(entries).where(entries.c.blog_id == key.blog_id, column > seq).order_by(column)
    found = [
        of_entry(row_mapping.entry(r), blog, key.name, at.epoch)
        for r in await connection.execute(statement.limit(limit))
    ]
    blog_seq = _seq(blog, key.name)
    if blog_seq > seq and (len(found) < limit or blog_seq < found[-1].position.seq):
        found.append(of_blog(blog, key.name, at.epoch))
        found.sort(key=lambda change: change.position.seq)
    return at, found[:limit]


def of_entry(entry: Entry, blog: Blog, name: FeedName, epoch: str) -> Change:
    """The change for an entry's current state. It contains only what the feed may show."""
    shown = entry.public if name == "public" else entry.status != "retracted"
    data = entry.to_json(newsroom=name == "newsroom") if shown else entry.to_tombstone()
    place = {"slug": blog.slug, "blog_language": blog.language, "time_zone": blog.time_zone}
    return Change(
        feed=FeedKey(blog.id, name),
        position=Position(epoch, _seq(entry, name)),
        kind="entry" if shown else "gone",
        id=entry.id,
        revision=entry.revision,
        data=data | place,
        at=entry.updated_at.timestamp(),
    )


def of_blog(blog: Blog, name: FeedName, epoch: str) -> Change:
    """The change for a blog's current state; in the public feed a draft is `gone`."""
    hidden = name == "public" and blog.status == "draft"
    return Change(
        feed=FeedKey(blog.id, name),
        position=Position(epoch, _seq(blog, name)),
        kind="gone" if hidden else "blog",
        id=blog.id,
        revision=blog.revision,
        data={"slug": blog.slug} if hidden else blog.to_json(newsroom=name == "newsroom"),
        at=blog.updated_at.timestamp(),
    )


def _seq(thing: Blog | Entry, name: FeedName) -> int:
    return (thing.public_seq if name == "public" else thing.newsroom_seq) or 0


def _seq_column(name: FeedName) -> ColumnElement[int]:
    return entries.c.public_seq if name == "public" else entries.c.newsroom_seq


async def _blog(connection: AsyncConnection, blog_id: str) -> Blog:
    row = (await connection.execute(select(blogs).where(blogs.c.id == blog_id))).one_or_none()
    if row is None:
        raise NotFound
    return row_mapping.blog(row)
