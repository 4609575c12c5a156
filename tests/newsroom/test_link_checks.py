"""Links that were gone are looked up again, later and later; readers see what is found, and no edit."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from server.domain.blocks import Embed, Text
from server.domain.entry import Content, Entry
from server.fetch.preview import Preview
from server.newsroom import entries, link_checks
from server.store import entries as stored
from tests.newsroom.test_previews import URL, Source, png
from tests.support.desk import EDITOR, Newsroom

pytestmark = pytest.mark.anyio
GONE = Preview(provider="Bluesky", gone=True)


@pytest.fixture
def source(newsroom: Newsroom) -> Source:
    made = Source({URL: GONE})
    newsroom.desk = replace(newsroom.desk, previews=made)
    return made


async def post(room: Newsroom) -> Entry:
    draft = entries.Draft(Content(blocks=(Text(html="<p>Look</p>"), Embed(URL))))
    return (await entries.create(room.desk, EDITOR, "storm", draft)).entry


async def check_for(room: Newsroom, source: Source, days: int) -> list[int]:
    """The days on which the link was asked for."""
    found = []
    for day in range(1, days + 1):
        room.clock.forward(days=1)
        source.asked.clear()
        await link_checks.check_due(room.desk)
        found += [day] * len(source.asked)
    return found


async def test_it_is_looked_up_later_and_later_and_not_for_ever(newsroom: Newsroom, source: Source) -> None:
    made = await post(newsroom)
    assert await check_for(newsroom, source, 100) == [1, 3, 7, 15, 31, 63]
    assert await newsroom.stored(made.id) == made, "nothing was found, so nothing was written"


async def test_what_is_found_is_no_edit(newsroom: Newsroom, source: Source) -> None:
    made = await post(newsroom)
    before = await newsroom.head()
    source.answers[URL] = Preview("Storm", "Bluesky", "Ada", image=png())
    newsroom.clock.forward(days=1)
    assert await link_checks.check_due(newsroom.desk) == 1
    now = await newsroom.stored(made.id)
    [_, embed] = now.content.blocks
    assert isinstance(embed, Embed)
    assert (embed.title, embed.author, embed.unavailable) == ("Storm", "Ada", False)
    assert embed.thumbnail
    assert now.edited_at is None
    [change] = await newsroom.changes(before.seq)
    assert change.revision == now.revision == made.revision + 1, "so that listeners take it"
    async with newsroom.database.read() as connection:
        [revision] = await stored.revisions_of(connection, made.id)
    assert (revision.revision, revision.content) == (now.revision, now.content)
    assert revision.author_name == EDITOR.name
    source.asked.clear()
    assert await check_for(newsroom, source, 70) == []


async def test_a_clock_that_went_back_makes_no_entry_older_than_it_was(
    newsroom: Newsroom, source: Source
) -> None:
    made = await post(newsroom)
    [_, embed] = made.content.blocks
    assert isinstance(embed, Embed)
    newsroom.clock.forward(hours=-1)
    found = {embed: replace(embed, unavailable=False, title="Storm")}
    assert await entries.fill_in(newsroom.desk, made.blog_id, made.id, found)
    assert (await newsroom.stored(made.id)).updated_at == made.updated_at


async def test_one_process_looks_it_up(newsroom: Newsroom, source: Source) -> None:
    await post(newsroom)
    source.asked.clear()
    newsroom.clock.forward(days=1)
    await asyncio.gather(*(link_checks.check_due(newsroom.desk) for _ in range(3)))
    assert source.asked == [URL]


async def test_nothing_is_asked_about_what_is_not_shown(newsroom: Newsroom, source: Source) -> None:
    retracted, mended = await post(newsroom), await post(newsroom)
    await newsroom.retract(retracted)
    await newsroom.edit(mended, "No link any more")
    assert await check_for(newsroom, source, 3) == []


async def test_an_edit_meanwhile_is_kept(newsroom: Newsroom, source: Source) -> None:
    made = await post(newsroom)

    async def slow() -> Preview:
        await newsroom.edit(made, "Edited")
        return Preview("Storm")

    source.answers[URL] = slow
    newsroom.clock.forward(days=1)
    assert await link_checks.check_due(newsroom.desk) == 0
    assert (await newsroom.stored(made.id)).content.blocks == (Text(html="<p>Edited</p>"),)
