"""The demo's story, on a clock that does not wait."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from server.demo import pictures
from server.demo.other_blogs import OTHERS
from server.demo.player import OPENING_STEPS, SLUG, Demo
from server.demo.steps import Edit, Post, Restore, Retract
from server.demo.story import STEPS
from server.domain.blocks import Embed, Video, images_of
from server.domain.entry import Entry
from server.domain.permissions import SYSTEM
from server.newsroom import entries
from server.store import blogs, people
from server.store import entries as stored
from server.store.database import Database
from tests.support.desk import EDITOR, Newsroom, draft, open_newsroom

pytestmark = pytest.mark.anyio
pictures_draw = pictures.draw



@cache
def draw(name: str) -> bytes:
    """The demo's picture, small: nine stories draw and store it, and most of their time would go there."""
    small = io.BytesIO()
    Image.open(io.BytesIO(pictures_draw(name))).resize((320, 200)).save(small, "JPEG")
    return small.getvalue()


class Pauses:
    """A clock that counts its pauses and never waits."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, _seconds: float) -> None:
        self.count += 1


@pytest.fixture(autouse=True)
def _drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "draw", draw)


@pytest.fixture
async def room(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    database = Database(sqlite_url)
    yield await open_newsroom(database, tmp_path)
    await database.close()


def demo(room: Newsroom) -> Demo:
    return Demo(room.desk, pace=0, sleep=Pauses())


async def told(room: Newsroom) -> list[Entry]:
    """Everything in the demo's blog that readers were ever shown, newest first."""
    async with room.database.read() as connection:
        blog = await blogs.by_slug(connection, SLUG)
        return await stored.between(connection, blog.id, first=1, last=10_000)


async def test_demo_tells_the_whole_story(room: Newsroom) -> None:
    story = demo(room)
    await story.play()
    found = await told(room)
    assert len(found) == sum(isinstance(step, Post) for step in STEPS) >= 25, "a step was passed over"
    assert {entry.author_id for entry in found} == {SYSTEM.id}
    kinds = Counter(type(block).__name__ for entry in found for block in entry.content.blocks)
    assert set(kinds) == {"Text", "Quote", "Image", "Gallery", "Video", "Embed"}
    assert any("<ul>" in b.html for e in found for b in e.content.blocks if hasattr(b, "html"))
    assert any(entry.content.pinned for entry in found)
    assert sum(entry.content.key for entry in found) >= 3
    assert isinstance(story.sleep, Pauses)
    assert story.sleep.count == len(STEPS) - OPENING_STEPS + 1, "something waited for another try"


async def test_demo_edits_retracts_and_restores(room: Newsroom) -> None:
    story = demo(room)
    await story.play()
    by_id = {entry.id: entry for entry in await told(room)}
    for kind in (Edit, Retract, Restore):
        assert any(isinstance(step, kind) for step in STEPS)
    restored = {step.name for step in STEPS if isinstance(step, Restore)}
    for step in STEPS:
        if isinstance(step, Retract):
            status = by_id[story._ids[step.name]].status
            assert status == ("published" if step.name in restored else "retracted")
        elif isinstance(step, Edit):
            assert by_id[story._ids[step.name]].revision > 1


async def test_demo_opening_looks_back(room: Newsroom) -> None:
    await demo(room).play()
    times = [entry.published_at for entry in reversed(await told(room))]
    assert all(times)
    assert times == sorted(times, key=str)
    first = times[0]
    assert first is not None
    assert (room.clock.now - first).total_seconds() > 3600


async def test_demo_pictures_are_there_and_described(room: Newsroom) -> None:
    await demo(room).play()
    blocks = [block for entry in await told(room) for block in entry.content.blocks]
    pictures = list(images_of(blocks))
    assert len(pictures) >= 3
    assert any(picture.sensitive and picture.warning for picture in pictures)
    assert all(picture.alt and picture.credit for picture in pictures)
    assert all(film.poster for film in blocks if isinstance(film, Video))


async def test_demo_starts_over(room: Newsroom) -> None:
    story = demo(room)
    await story.play()
    once = await told(room)
    await story.play()
    twice = await told(room)
    assert len(twice) == 2 * len(once)
    pinned = sum(entry.content.pinned for entry in once)
    assert sum(entry.content.pinned for entry in twice) == pinned, "the last telling's pins are still there"


async def test_demo_touches_no_other_blog(room: Newsroom) -> None:
    mine = await room.post("The pier holds.", pinned=True)
    head = await room.head("newsroom")
    await demo(room).play()
    assert await room.stored(mine.id) == mine
    assert await room.head("newsroom") == head
    async with room.database.read() as connection:
        assert await people.all_users(connection) == []


async def test_demo_respects_an_editor(room: Newsroom) -> None:
    story = demo(room)
    await story.play()
    kept = (await entries.create(room.desk, EDITOR, SLUG, draft("Our own report", pinned=True))).entry
    pinned = next(entry for entry in await told(room) if entry.content.pinned and entry.author_id == SYSTEM.id)
    await entries.retract(room.desk, EDITOR, SLUG, pinned.id)
    await story.play()
    now = {entry.id: entry for entry in await told(room)}
    assert now[kept.id] == kept
    assert now[pinned.id].status == "retracted"


async def test_demo_shows_a_correction_a_lead_video_and_cards_with_pictures(room: Newsroom) -> None:
    await demo(room).play()
    found = await told(room)
    assert {c.note for e in found for c in e.corrections} == {
        step.correction for step in STEPS if isinstance(step, Edit) and step.correction
    }
    links = [block for entry in found for block in entry.content.blocks if isinstance(block, Embed)]
    assert any(link.thumbnail and link.author and link.description for link in links)
    async with room.database.read() as connection:
        assert isinstance((await blogs.by_slug(connection, SLUG)).lead, Video)


async def test_demo_has_a_blog_that_ended_and_one_from_right_to_left(room: Newsroom) -> None:
    await demo(room).play()
    async with room.database.read() as connection:
        ended, arabic = [await blogs.by_slug(connection, other.slug) for other in OTHERS]
        written = [await stored.between(connection, b.id, first=1, last=100) for b in (ended, arabic)]
    assert [len(found) for found in written] == [len(other.posts) for other in OTHERS]
    assert ended.status == "closed" and ended.closing_summary and ended.successor
    assert (arabic.status, arabic.language) == ("live", "ar")
