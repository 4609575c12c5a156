"""Where published entries are found by topic and by their words. What is not published has no rows here: an
entry that is retracted leaves the index in the transaction that retracts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.entry import Entry
from server.domain.topic import slug_of
from server.store import row_mapping
from server.store.schema import entries, entry_topics, entry_words

SEARCHED = 10_000
"""Newest entries of a blog that a search looks through."""
_INSERT_WORDS = entry_words.insert()


class Wanted(NamedTuple):
    """Which entries: of a topic (its slug), key events only, with all of these words (see text/search.py), in
    which order, and after which number in that order."""

    topic: str = ""
    key: bool = False
    words: tuple[str, ...] = ()
    oldest_first: bool = False
    after: int | None = None


async def put(connection: AsyncConnection, entry: Entry, words: str, *, new: bool = False) -> None:
    """Index an entry as it stands now; `words` are those that are searched. `new`: it has no rows yet."""
    if not new:
        for table in (entry_topics, entry_words):
            await connection.execute(delete(table).where(table.c.entry_id == entry.id))
    if not entry.public:
        return
    place = {"entry_id": entry.id, "blog_id": entry.blog_id, "number": entry.number}
    await connection.execute(_INSERT_WORDS, place | {"words": words})
    slugs = sorted({slug_of(topic) for topic in entry.content.topics})
    if slugs:
        await connection.execute(entry_topics.insert(), [place | {"slug": slug} for slug in slugs])


async def found(
    connection: AsyncConnection, blog_id: str, wanted: Wanted, *, count: int, limit: int
) -> Sequence[Entry]:
    """Up to `limit` published entries. `count` is the highest number of the blog."""
    place, where = entries, [entries.c.blog_id == blog_id, entries.c.status == "published"]
    statement = select(entries)
    if wanted.topic:
        place = entry_topics
        statement = statement.join(entry_topics, entry_topics.c.entry_id == entries.c.id)
        where += [entry_topics.c.blog_id == blog_id, entry_topics.c.slug == wanted.topic]
    if wanted.key:
        where.append(entries.c.key)
    if wanted.words:
        statement = statement.join(entry_words, entry_words.c.entry_id == entries.c.id)
        where += [entry_words.c.words.contains(word, autoescape=True) for word in wanted.words]
        where += [entry_words.c.blog_id == blog_id, entry_words.c.number > count - SEARCHED]
    number = place.c.number
    if wanted.after is not None:
        where.append(number > wanted.after if wanted.oldest_first else number < wanted.after)
    order = number.asc() if wanted.oldest_first else number.desc()
    statement = statement.where(*where).order_by(order).limit(limit)
    return [row_mapping.entry(r) for r in await connection.execute(statement)]
