"""The newsroom's list by status, words and marks: of each person what that person sees, page by page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.domain.entry import STATUSES, Entry
from server.domain.permissions import Caller
from server.newsroom import timeline
from server.newsroom.timeline import Wanted
from server.store import blogs
from server.text.search import words_in
from tests.support.desk import CONTRIBUTOR, EDITOR, Newsroom

pytestmark = pytest.mark.anyio
Lines = list[str]


async def titles(
    room: Newsroom, caller: Caller = EDITOR, *, limit: int = 50, before: Entry | None = None, **wanted: Any
) -> Lines:
    """What the list has, by the titles; the ids of retracted ones, which have none."""
    async with room.database.read() as connection:
        found = await timeline.listed(
            connection, caller, await blogs.by_id(connection, room.blog_id), Wanted(**wanted), limit=limit,
            before=(before.created_at, before.id) if before else None,
        )
    return [entry.content.title or entry.id for entry in found]


async def test_words_are_found_in_every_status(newsroom: Newsroom) -> None:
    at = newsroom.clock() + timedelta(hours=1)
    await newsroom.post("The café opens", title="Out", key=True)
    await newsroom.post("A CAFE is planned", title="Idea", status="draft")
    await newsroom.post("Café at noon", title="Later", status="scheduled", publish_at=at, pinned=True)
    await newsroom.post("A pub", title="Other")
    gone = await newsroom.retract(await newsroom.post("secret words", title="Café closed"))
    cafe = words_in("cafe")
    assert await titles(newsroom, words=cafe) == [gone.id, "Later", "Idea", "Out"]
    assert await titles(newsroom, words=words_in("CAFÉ noon")) == ["Later"]
    assert await titles(newsroom, words=cafe, key=True) == ["Out"]
    assert await titles(newsroom, words=cafe, pinned=True) == ["Later"]
    assert await titles(newsroom, words=cafe, statuses=("draft",)) == ["Idea"]
    assert await titles(newsroom, key=True) == ["Out"]
    # the text of what was retracted is found by nobody
    assert await titles(newsroom, words=words_in("secret")) == []
    assert await titles(newsroom, words=words_in("100%")) == []  # a sign of SQL is a sign like any other


async def test_a_contributor_finds_what_readers_have_and_their_own(newsroom: Newsroom) -> None:
    await newsroom.post("Rain", title="Public")
    await newsroom.post("Rain", title="An editor's draft", status="draft")
    await newsroom.post("Rain", title="Own draft", status="draft", caller=CONTRIBUTOR)
    gone = await newsroom.retract(await newsroom.post("Sun", title="Rain was wrong"))
    assert await titles(newsroom, CONTRIBUTOR, words=words_in("rain")) == ["Own draft", "Public"]
    assert await titles(newsroom, CONTRIBUTOR) == [gone.id, "Own draft", "Public"]


async def test_pages_follow_one_another_under_a_filter(newsroom: Newsroom) -> None:
    made = []
    for number in range(6):
        newsroom.clock.forward(seconds=1)
        made.append(await newsroom.post(
            "Rain" if number % 3 else "Sun", title=str(number), status="draft" if number % 2 else "published"
        ))
    words = words_in("rain")
    assert await titles(newsroom, words=words) == ["5", "4", "2", "1"]
    assert await titles(newsroom, words=words, limit=2) == ["5", "4"]
    assert await titles(newsroom, words=words, limit=2, before=made[4]) == ["2", "1"]
    assert await titles(newsroom, statuses=STATUSES, limit=1) == ["5"]
