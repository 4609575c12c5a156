"""Readers by minute on both databases: added up over processes, forgotten after two days, no reader named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server.domain.errors import Forbidden, NotFound
from server.domain.permissions import Caller
from server.newsroom import audience
from server.store import schema
from server.store.audience import Minute, Readers
from tests.support.desk import EDITOR, OUTSIDER, Newsroom

pytestmark = pytest.mark.anyio


async def counted(newsroom: Newsroom, process: str, readers: Readers, **others: Readers) -> None:
    found: Mapping[str, Readers] = {newsroom.blog_id: readers, **others}
    await audience.sample(newsroom.desk, process, found)


async def minutes(newsroom: Newsroom, caller: Caller = EDITOR) -> list[Minute]:
    async with newsroom.database.read() as connection:
        now = newsroom.clock.now
        return list(await audience.of_blog(connection, caller, newsroom.blog_id, now=now))


async def test_processes_are_added_up_and_old_minutes_are_gone(newsroom: Newsroom) -> None:
    start = newsroom.clock.now
    await counted(newsroom, "one", Readers(3, 1, 0), gone=Readers(9, 9, 9))
    await counted(newsroom, "two", Readers(2, 0, 4))
    newsroom.clock.forward(seconds=20)
    await counted(newsroom, "one", Readers(5, 1, 0))  # in place of its earlier number of this minute
    newsroom.clock.forward(seconds=50)
    await counted(newsroom, "one", Readers(1, 0, 0))
    found = await minutes(newsroom)
    assert found == [Minute(start, Readers(7, 1, 4)), Minute(start + timedelta(minutes=1), Readers(1, 0, 0))]
    assert audience.now_of(found, newsroom.clock.now) == Readers(7, 1, 4), "two has not counted yet"
    newsroom.clock.forward(minutes=5)
    assert audience.now_of(found, newsroom.clock.now) == Readers()
    assert [(s.begins, s.most.total) for s in audience.spans(found, minutes_each=60)] == [(start, 12)]
    newsroom.clock.forward(hours=48)
    await counted(newsroom, "one", Readers())
    assert [m.readers.total for m in await minutes(newsroom)] == [0]
    async with newsroom.database.read() as connection:
        kept = await connection.scalar(select(func.count()).select_from(schema.audience))
    assert kept == 1


async def test_numbers_are_for_editors_of_the_blog(newsroom: Newsroom) -> None:
    contributor = Caller("user:c", "C", None, {newsroom.blog_id: "contributor"})
    for caller, error in ((contributor, Forbidden), (OUTSIDER, NotFound)):
        with pytest.raises(error):
            await minutes(newsroom, caller)
