"""The rows of one blog, to take it elsewhere and to put it in: every column of every table, by its name, so
that what a later migration adds travels without a change here."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Integer, Row, String, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.change import FEEDS
from server.domain.errors import FieldError, Invalid
from server.domain.position import MAX_SEQ, new_epoch
from server.store.schema import (
    Instant,
    blog_media,
    blog_revisions,
    blogs,
    entries,
    entry_media,
    feeds,
    media,
    revisions,
)

TABLES: dict[str, Table] = {
    "blog": blogs, "blog_revision": blog_revisions, "picture": media, "entry": entries, "revision": revisions,
}
"""What travels, by the name that it has in a file."""
LEFT_OUT: dict[str, set[str]] = {
    "blog": set(),
    "blog_revision": {"blog_id", "author_id"},
    "picture": {"author_id", "words"},
    "entry": {"blog_id", "author_id", "moved_to"},
    "revision": {"entry_id", "author_id"},
}
"""Columns that mean something in one installation only, or that follow from the place in the file."""
CHUNK = 200
_ID = re.compile(r"[a-z2-7]{16}", re.ASCII)
_BITS = {Integer: 2**31 - 1, BigInteger: MAX_SEQ}

Values = dict[str, Any]


def columns_of(kind: str) -> list[Column[Any]]:
    """The columns of this kind of row that travel."""
    return [c for c in TABLES[kind].columns if c.name not in LEFT_OUT[kind]]


def plain(kind: str, row: Row[Any]) -> Values:
    """A row as JSON can hold it, without what is left out; moments to the microsecond."""
    found = {c.name: getattr(row, c.name) for c in columns_of(kind)}
    return {
        name: value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
        for name, value in found.items()
    }


def typed(kind: str, data: Mapping[str, Any], *, path: str) -> Values:
    """What `plain` wrote, as the database takes it. Raises Invalid with every field that does not fit."""
    columns = {c.name: c for c in columns_of(kind)}
    wrong = [FieldError(f"{path}.{name}"[:200], "no such field in this version") for name in data
             if name not in columns]
    values: Values = {}
    for name, column in columns.items():
        try:
            if name in data:
                values[name] = _typed(column, data[name])
            elif column.nullable:
                values[name] = None
            elif column.server_default is None:
                raise ValueError("required")
        except ValueError as error:
            wrong.append(FieldError(f"{path}.{name}", str(error)))
    if wrong:
        raise Invalid(*wrong)
    return values


def _typed(column: Column[Any], value: Any) -> Any:
    kind = column.type
    if value is None:
        if column.nullable:
            return None
        raise ValueError("must not be null")
    if isinstance(kind, Instant):
        return _moment(value)
    if isinstance(kind, Boolean):
        if not isinstance(value, bool):
            raise ValueError("true or false")
    elif isinstance(kind, Float):
        if type(value) not in (int, float) or not 0 <= value <= 1:
            raise ValueError("a number from 0 to 1")
    elif isinstance(kind, Integer):
        most = next(most for known, most in _BITS.items() if type(kind) is known)
        if type(value) is not int or not 0 <= value <= most:
            raise ValueError(f"a whole number from 0 to {most}")
    elif isinstance(kind, String | Text):
        if not isinstance(value, str):
            raise ValueError("must be text")
        if kind.length is not None and len(value) > kind.length:
            raise ValueError(f"at most {kind.length} characters")
    elif isinstance(kind, JSON):
        if not isinstance(value, dict | list):
            raise ValueError("an object or a list")
    else:
        raise ValueError(f"of a kind that cannot be read here: {kind}")
    return value


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("a moment with its time zone, for example 2026-11-22T21:44:00+00:00") from error


async def blog_of(connection: AsyncConnection, blog_id: str) -> Values:
    """The blog itself."""
    return plain("blog", (await connection.execute(select(blogs).where(blogs.c.id == blog_id))).one())


async def blog_revisions_of(connection: AsyncConnection, blog_id: str) -> list[Values]:
    """Every version of the blog's furniture, the oldest first."""
    statement = (
        select(blog_revisions).where(blog_revisions.c.blog_id == blog_id).order_by(blog_revisions.c.revision)
    )
    return [plain("blog_revision", r) for r in await connection.execute(statement)]


async def heads(connection: AsyncConnection, blog_id: str) -> dict[str, int]:
    """How far each feed of the blog has counted."""
    found = await connection.execute(select(feeds.c.name, feeds.c.seq).where(feeds.c.blog_id == blog_id))
    return {r.name: r.seq for r in found}


async def entries_of(
    connection: AsyncConnection, blog_id: str
) -> AsyncIterator[tuple[Values, list[Values]]]:
    """Every entry with its versions, the oldest first, in the order in which they were written."""
    statement = select(entries.c.id).where(entries.c.blog_id == blog_id)
    ordered = statement.order_by(entries.c.created_at, entries.c.newsroom_seq)
    ids = [r.id for r in await connection.execute(ordered)]
    for some in _chunks(ids):
        found = {r.id: r for r in await connection.execute(select(entries).where(entries.c.id.in_(some)))}
        versions: dict[str, list[Values]] = {i: [] for i in some}
        kept = select(revisions).where(revisions.c.entry_id.in_(some)).order_by(revisions.c.revision)
        for row in await connection.execute(kept):
            versions[row.entry_id].append(plain("revision", row))
        for entry_id in some:
            yield plain("entry", found[entry_id]), versions[entry_id]


async def pictures_named(connection: AsyncConnection, names: Collection[str]) -> list[Values]:
    """The pictures among these ids, in the order of the ids."""
    found = []
    for some in _chunks(sorted(names)):
        statement = select(media).where(media.c.id.in_(some)).order_by(media.c.id)
        found += [plain("picture", r) for r in await connection.execute(statement)]
    return found


async def taken(connection: AsyncConnection, table: str, ids: Sequence[str]) -> set[str]:
    """Those of the ids that are in use here."""
    column = TABLES[table].c.id
    found: set[str] = set()
    for some in _chunks(ids):
        found |= {r.id for r in await connection.execute(select(column).where(column.in_(some)))}
    return found


async def insert(connection: AsyncConnection, kind: str, rows: Sequence[Values]) -> None:
    """Put rows in. They name their blog or entry, and no author of this installation.

    Raises IntegrityError for a row that is there already.
    """
    for some in _chunks(rows):
        await connection.execute(TABLES[kind].insert(), list(some))


async def insert_feeds(connection: AsyncConnection, blog_id: str, seqs: Mapping[str, int]) -> None:
    """The feeds of a blog that counted so far elsewhere; here they begin another history."""
    await connection.execute(
        feeds.insert(),
        [{"blog_id": blog_id, "name": n, "epoch": new_epoch(), "seq": seqs[n]} for n in FEEDS],
    )


async def link_pictures(connection: AsyncConnection, links: Sequence[tuple[str, str]]) -> None:
    """Say which entries show which pictures: `(entry_id, media_id)`."""
    for some in _chunks(links):
        await connection.execute(entry_media.insert(), [{"entry_id": e, "media_id": m} for e, m in some])


async def link_blog_pictures(connection: AsyncConnection, blog_id: str, pictures: Sequence[str]) -> None:
    """Say which pictures the bylines of a blog show."""
    if pictures:
        await connection.execute(blog_media.insert(), [{"blog_id": blog_id, "media_id": m} for m in pictures])


def ids_in(value: Any) -> Iterator[str]:
    """Everything in JSON that may be an id: what names a picture, whatever the field is called."""
    if isinstance(value, str):
        if _ID.fullmatch(value):
            yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from ids_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from ids_in(inner)


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """The same JSON with other ids, wherever one of `names` stands."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [renamed(inner, names) for inner in value]
    return value


def _chunks(found: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (found[at : at + CHUNK] for at in range(0, len(found), CHUNK))
