"""One entry that cannot be published stops no other; what an upload that was killed left is set aside."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from server.broker.memory import MemoryBroker
from server.domain.entry import Entry
from server.domain.errors import Unavailable
from server.domain.times import to_text
from server.media.files import MediaFiles
from server.newsroom import blogs, entries, schedule
from server.newsroom.desk import Desk
from server.store.database import Database
from server.store.schema import media
from tests.support.desk import EDITOR, Newsroom

pytestmark = pytest.mark.anyio


async def _plan(room: Newsroom, words: str, minutes: int) -> Entry:
    at = room.clock() + timedelta(minutes=minutes)
    return await room.post(words, status="scheduled", publish_at=at)


async def _break(room: Newsroom, entry: Entry) -> None:
    """Content that no version of ours wrote."""
    async with room.database.write() as connection:
        await connection.execute(
            text("UPDATE entries SET content = '{\"blocks\": 7}' WHERE id = :id"), {"id": entry.id}
        )


async def test_one_that_cannot_be_read_stops_no_other(newsroom: Newsroom) -> None:
    bad = [await _plan(newsroom, "Bad", minutes) for minutes in (1, 1, 2)]
    good = [await _plan(newsroom, "Good", minutes) for minutes in (1, 3, 4)]
    for entry in bad:
        await _break(newsroom, entry)
    newsroom.clock.forward(minutes=10)
    waiting = schedule.Waiting()
    with capture_logs() as logs:
        assert await schedule.publish_due(newsroom.desk, waiting=waiting) == 3
        assert await schedule.publish_due(newsroom.desk, waiting=waiting) == 0
    assert {(await newsroom.stored(e.id)).status for e in good} == {"published"}
    # told once; the next try comes later
    assert sorted(x["entry"] for x in logs if x["event"] == "schedule.failed") == sorted(e.id for e in bad)


async def test_more_bad_ones_than_are_read_at_once_stop_no_other(newsroom: Newsroom) -> None:
    for entry in [await _plan(newsroom, "Bad", 1) for _ in range(52)]:
        await _break(newsroom, entry)
    good = await _plan(newsroom, "Good", 2)
    newsroom.clock.forward(minutes=10)
    assert await schedule.publish_due(newsroom.desk) == 1
    assert (await newsroom.stored(good.id)).status == "published"


async def test_one_that_was_mended_is_published_after_its_wait(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "RETRY_SECONDS", (0.05, 0.05))
    entry = await _plan(newsroom, "Rain", 1)
    async with newsroom.database.read() as connection:
        content = (await connection.execute(text("SELECT content FROM entries"))).scalar_one()
    await _break(newsroom, entry)
    newsroom.clock.forward(minutes=2)
    waiting = schedule.Waiting()
    assert await schedule.publish_due(newsroom.desk, waiting=waiting) == 0
    async with newsroom.database.write() as connection:
        words = content if isinstance(content, str) else json.dumps(content)
        await connection.execute(text("UPDATE entries SET content = :content"), {"content": words})
    async with asyncio.timeout(5):
        while not await schedule.publish_due(newsroom.desk, waiting=waiting):
            await asyncio.sleep(0.01)


async def test_what_a_closed_blog_had_planned_waits_for_an_editor(newsroom: Newsroom) -> None:
    first, second = [await _plan(newsroom, "Rain", minutes) for minutes in (1, 2)]
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"status": "closed"}, revision=None)
    newsroom.clock.forward(minutes=5)
    assert await schedule.publish_due(newsroom.desk) == 0
    assert {(await newsroom.stored(e.id)).status for e in (first, second)} == {"pending"}


async def test_publishing_waits_a_little_where_the_newsroom_wants_it(newsroom: Newsroom) -> None:
    delay = timedelta(seconds=10)
    newsroom.desk = replace(newsroom.desk, publish_delay=delay)
    slip, kept, draft = [await newsroom.post("Rain", status=s) for s in ("published", "published", "draft")]
    assert [(e.status, e.publish_at) for e in (slip, kept)] == [("scheduled", newsroom.clock() + delay)] * 2
    assert draft.status == "draft"

    async def edit(entry: Entry, **asked: Any) -> Entry:
        return (await entries.edit(newsroom.desk, EDITOR, "storm", entry.id, {}, revision=None, **asked)).entry

    assert (await edit(slip, publish_at=None)).status == "draft"  # stopped
    newsroom.clock.forward(seconds=9)
    assert await schedule.publish_due(newsroom.desk) == 0
    newsroom.clock.forward(seconds=1)
    assert await schedule.publish_due(newsroom.desk) == 1
    assert [(await newsroom.stored(e.id)).status for e in (slip, kept)] == ["draft", "published"]
    # what is out already is edited, retracted and restored at once
    assert (await newsroom.edit(kept, "Rain, corrected")).status == "published"
    await newsroom.retract(kept)
    assert (await newsroom.restore(kept)).status == "published"
    # a draft waits too; who will not wait publishes it once more
    assert (await edit(draft, status="published")).status == "scheduled"
    assert (await edit(draft, status="published", publish_at=None)).status == "published"
    # what is planned for later and published now has not waited yet
    later = await _plan(newsroom, "Later", 30)
    held = await edit(later, status="published", publish_at=None)
    assert (held.status, held.publish_at) == ("scheduled", newsroom.clock() + delay)


async def test_a_database_that_is_away_is_told(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    await _plan(newsroom, "Rain", 1)
    newsroom.clock.forward(minutes=5)

    def away(**_: object) -> None:
        raise Unavailable

    with monkeypatch.context() as broken:
        broken.setattr(newsroom.database, "write", away)
        with pytest.raises(Unavailable):
            await schedule.publish_due(newsroom.desk)
    assert await schedule.publish_due(newsroom.desk) == 1


# -- the clock is set back

async def test_a_clock_that_goes_back_keeps_times_and_order(newsroom: Newsroom) -> None:
    made = [await newsroom.post("One"), await newsroom.post("Two")]
    newsroom.clock.forward(hours=-1)
    made += [await newsroom.post("Three"), await newsroom.post("Four")]
    edited = await newsroom.edit(made[0], "One, corrected")
    gone = await newsroom.retract(made[1])
    blog = (await blogs.edit(newsroom.desk, EDITOR, "storm", {"headline": "Later"}, revision=None)).blog
    assert [e.number for e in made] == [1, 2, 3, 4]
    created = [e.created_at for e in made]
    assert created == sorted(set(created))
    for entry in (*made, edited, gone):
        assert entry.updated_at >= entry.created_at
    published = [e.published_at for e in made if e.published_at]
    assert published == sorted(set(published))
    assert edited.edited_at and edited.published_at and edited.edited_at >= edited.published_at
    assert gone.retracted_at and gone.retracted_at >= gone.created_at
    assert blog.updated_at >= blog.created_at


async def test_an_edit_is_never_earlier_than_the_one_before(newsroom: Newsroom) -> None:
    entry = await newsroom.post("One")
    newsroom.clock.forward(hours=2)
    first = await newsroom.edit(entry, "Two")
    newsroom.clock.forward(hours=-3)
    changed = {"title": "Three"}
    second = (await entries.edit(
        newsroom.desk, EDITOR, "storm", entry.id, changed, revision=None, correction="It was two."
    )).entry
    assert first.updated_at > entry.updated_at
    assert second.updated_at >= first.updated_at
    assert second.edited_at and first.edited_at and second.edited_at >= first.edited_at
    assert second.corrections[0].at >= to_text(first.edited_at)
    gone = await newsroom.retract(second)
    assert gone.updated_at >= second.updated_at
    assert (await newsroom.restore(gone)).updated_at >= gone.updated_at


# -- files without a row

OLD = 2 * 3600


def _file(media: MediaFiles, name: str, *, age: float = OLD) -> Path:
    path = media.path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"picture")
    os.utime(path, (time.time() - age,) * 2)
    return path


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, MemoryBroker(), MediaFiles(tmp_path / "media"))


async def _row(desk: Desk, media_id: str) -> None:
    async with desk.database.write() as connection:
        await connection.execute(
            media.insert().values(
                id=media_id, sha256="", mime="image/png", bytes=1, width=1, height=1, widths=[], alt="",
                caption="", credit="", created_at=desk.now(),
            )
        )


async def test_files_without_a_row_are_set_aside_and_come_back_with_it(desk: Desk, tmp_path: Path) -> None:
    known = [_file(desk.media, "abknown-full"), _file(desk.media, "abknown-320.webp")]
    fresh = _file(desk.media, "abfresh-full", age=60)
    lost = [_file(desk.media, "ablost-full"), _file(desk.media, "ablost-320.webp")]
    await _row(desk, "abknown")
    half = tmp_path / "media" / "ab" / ".abhalf-full.1234"
    half.write_bytes(b"pict")
    os.utime(half, (time.time() - OLD,) * 2)
    await schedule.tidy(desk)
    assert [p.exists() for p in (*known, fresh, *lost, half)] == [True, True, True, False, False, False]
    # an older backup had been restored by mistake: with the right one the pictures are there again
    await _row(desk, "ablost")
    await schedule.tidy(desk)
    assert [p.exists() for p in lost] == [True, True]


async def test_what_was_set_aside_long_ago_is_deleted(desk: Desk, tmp_path: Path) -> None:
    _file(desk.media, "ablost-full")
    await schedule.tidy(desk)
    aside = tmp_path / "media" / ".unused" / "ablost-full"
    assert aside.exists()
    os.utime(aside, (time.time() - 31 * 86_400,) * 2)
    await schedule.tidy(desk)
    assert not aside.exists()
