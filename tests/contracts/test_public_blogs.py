"""What lists of all blogs are told, on both databases."""

from __future__ import annotations

from datetime import datetime

import pytest

from server.newsroom import blogs
from server.store import blogs as stored
from server.store import entries
from server.store.blogs import PublicBlog
from tests.support.desk import EDITOR, Newsroom

pytestmark = pytest.mark.anyio


async def listed(newsroom: Newsroom) -> tuple[tuple[int, int], list[PublicBlog]]:
    async with newsroom.database.read() as connection:
        return await stored.public_state(connection), await stored.public(connection, limit=10)


async def changed_at(newsroom: Newsroom) -> datetime | None:
    async with newsroom.database.read() as connection:
        return await entries.changed_at(connection, newsroom.blog_id)


async def test_public_blogs_move_with_what_readers_see(newsroom: Newsroom) -> None:
    began = newsroom.clock.now
    assert await changed_at(newsroom) is None
    state, [blog] = await listed(newsroom)
    assert (blog.slug, blog.started_at, blog.changed_at) == ("storm", began, began)
    newsroom.clock.forward(minutes=1)
    await newsroom.post(status="draft")
    assert await listed(newsroom) == (state, [blog])
    first = await newsroom.post()
    newsroom.clock.forward(minutes=1)
    await newsroom.post()
    newsroom.clock.forward(minutes=1)
    await newsroom.retract(first)
    later, [blog] = await listed(newsroom)
    assert later != state
    assert blog.changed_at == newsroom.clock.now == await changed_at(newsroom)
    newsroom.clock.forward(minutes=1)
    await blogs.create(newsroom.desk, EDITOR, "draft", blogs.Furniture(headline="Not yet"))
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"headline": "New"}, revision=None)
    newest, [blog] = await listed(newsroom)
    assert newest not in (state, later)
    assert (blog.headline, blog.changed_at) == ("New", newsroom.clock.now)
