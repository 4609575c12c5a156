"""Writes of the newsroom, on SQLite and PostgreSQL alike: retried, outrun, kept, taken back, at their time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.domain.blocks import Image
from server.domain.byline import Byline
from server.domain.entry import Content, Entry
from server.domain.errors import Conflict, Forbidden, Invalid, KeyReused, NotFound, StaleRevision
from server.domain.media import Media
from server.newsroom import blogs, entries, schedule
from server.store import blogs as stored_blogs
from server.store import entries as stored
from server.store import idempotency, media, schema
from server.store.database import Database
from tests.support.desk import CONTRIBUTOR, EDITOR, OUTSIDER, Newsroom, draft

pytestmark = pytest.mark.anyio


@pytest.fixture
async def second(newsroom: Newsroom, database_url: str) -> AsyncIterator[Newsroom]:
    """The same newsroom as another process has it."""
    database = Database(database_url)
    yield replace(newsroom, database=database, desk=replace(newsroom.desk, database=database))
    await database.close()


# -- the same request again

async def test_a_retry_posts_once(newsroom: Newsroom) -> None:
    first = await entries.create(newsroom.desk, EDITOR, "storm", draft("Rain"), key="k1")
    again = await entries.create(newsroom.desk, EDITOR, "storm", draft("Rain"), key="k1")
    assert again == entries.Written(first.entry, first.position, replayed=True)
    assert len(await newsroom.changes(1)) == 1
    assert len([c for c in newsroom.broker.published if c.id == first.entry.id]) == 2


async def test_a_key_with_a_different_request_is_rejected(newsroom: Newsroom) -> None:
    await entries.create(newsroom.desk, EDITOR, "storm", draft("Rain"), key="k1")
    with pytest.raises(KeyReused):
        await entries.create(newsroom.desk, EDITOR, "storm", draft("Snow"), key="k1")
    with pytest.raises(KeyReused):
        await blogs.create(newsroom.desk, EDITOR, "snow", blogs.Furniture(headline="Snow"), key="k1")
    assert len(await newsroom.changes(1)) == 1


async def test_a_key_belongs_to_one_caller(newsroom: Newsroom) -> None:
    other = replace(EDITOR, id="user:other")
    one = await entries.create(newsroom.desk, EDITOR, "storm", draft("Rain"), key="k1")
    two = await entries.create(newsroom.desk, other, "storm", draft("Snow"), key="k1")
    assert one.entry.id != two.entry.id


async def test_the_same_key_in_two_processes_at_once_posts_once(newsroom: Newsroom, second: Newsroom) -> None:
    written = await asyncio.gather(*(
        entries.create(room.desk, EDITOR, "storm", draft("Rain"), key="k1")
        for _ in range(4) for room in (newsroom, second)
    ))
    assert len({w.entry.id for w in written}) == 1
    assert sorted(w.replayed for w in written) == [False] + [True] * 7
    assert len(await newsroom.changes(1)) == 1


async def test_the_same_key_for_a_blog_at_once_makes_one(newsroom: Newsroom, second: Newsroom) -> None:
    furniture = blogs.Furniture(headline="Floods")
    written = await asyncio.gather(*(
        blogs.create(room.desk, EDITOR, "floods", furniture, key="k1")
        for _ in range(3) for room in (newsroom, second)
    ))
    assert len({w.blog.id for w in written}) == 1
    with pytest.raises(Conflict):
        await blogs.create(newsroom.desk, EDITOR, "floods", furniture, key="k2")


async def test_a_retry_after_a_retraction_does_not_repeat_the_text(newsroom: Newsroom) -> None:
    first = await entries.create(newsroom.desk, EDITOR, "storm", draft("The mayor resigned"), key="k1")
    await newsroom.retract(first.entry)
    again = await entries.create(newsroom.desk, EDITOR, "storm", draft("The mayor resigned"), key="k1")
    assert again.entry.id == first.entry.id
    assert again.entry.content == Content()


async def test_a_key_is_kept_for_a_day_and_then_forgotten(newsroom: Newsroom) -> None:
    first = await entries.create(newsroom.desk, EDITOR, "storm", draft(), key="k1")
    newsroom.clock.forward(hours=24)
    await schedule.tidy(newsroom.desk)
    assert (await entries.create(newsroom.desk, EDITOR, "storm", draft(), key="k1")).replayed
    newsroom.clock.forward(seconds=idempotency.KEPT.total_seconds())
    await schedule.tidy(newsroom.desk)
    assert (await entries.create(newsroom.desk, EDITOR, "storm", draft(), key="k1")).entry.id != first.entry.id


@pytest.mark.parametrize("key", ["", "x" * 256, "line\nbreak", "schlüssel"])
async def test_an_invalid_key_is_rejected(newsroom: Newsroom, key: str) -> None:
    with pytest.raises(Invalid):
        await entries.create(newsroom.desk, EDITOR, "storm", draft(), key=key)


# -- two people, one entry

async def test_a_stale_edit_is_refused_with_both_versions(newsroom: Newsroom) -> None:
    entry = await newsroom.post("Rain")
    await newsroom.edit(entry, "Hail")
    with pytest.raises(StaleRevision) as caught:
        await entries.edit(
            newsroom.desk, EDITOR, "storm", entry.id, {"title": "Snow"}, revision=entry.revision
        )
    assert caught.value.based_on == "1"
    assert caught.value.current["blocks"][0]["html"] == "<p>Hail</p>"
    assert caught.value.yours == {"title": "Snow"}
    assert (await newsroom.stored(entry.id)).revision == 2


async def test_of_two_edits_at_once_one_wins(newsroom: Newsroom, second: Newsroom) -> None:
    entry = await newsroom.post("Rain")
    outcome = await asyncio.gather(
        *(entries.edit(room.desk, EDITOR, "storm", entry.id, {"title": title}, revision=1)
          for room, title in ((newsroom, "One"), (second, "Two"))),
        return_exceptions=True,
    )
    assert sorted(type(o).__name__ for o in outcome) == ["StaleRevision", "Written"]
    [won] = [o for o in outcome if isinstance(o, entries.Written)]
    assert await newsroom.stored(entry.id) == won.entry


async def test_a_stale_edit_of_a_retracted_entry_gets_no_text(newsroom: Newsroom) -> None:
    entry = await newsroom.post("The mayor resigned", title="Mayor")
    await newsroom.retract(entry)
    with pytest.raises(StaleRevision) as caught:
        await entries.edit(newsroom.desk, EDITOR, "storm", entry.id, {"title": "x"}, revision=1)
    assert "ayor" not in str(caught.value.current)


async def test_a_stale_edit_of_furniture_is_refused(newsroom: Newsroom) -> None:
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"bylines": (Byline.by_name("Ada"),)}, revision=1)
    with pytest.raises(StaleRevision) as caught:
        await blogs.edit(newsroom.desk, EDITOR, "storm", {"bylines": (Byline.by_name("Bea"),)}, revision=1)
    assert (caught.value.current["byline"], caught.value.yours["byline"]) == ("Ada", "Bea")


# -- every version is kept, and a retraction takes all of them away

async def test_every_version_is_kept(newsroom: Newsroom) -> None:
    entry = await newsroom.post("One", status="draft")
    await newsroom.edit(entry, "Two")
    await entries.edit(newsroom.desk, EDITOR, "storm", entry.id, {}, revision=2, status="published")
    async with newsroom.database.read() as connection:
        _, versions = await entries.history(connection, EDITOR, "storm", entry.id)
    assert [(v.revision, v.status) for v in versions] == [(3, "published"), (2, "draft"), (1, "draft")]
    shown = [v.content.to_json()["blocks"][0]["html"] for v in versions]
    assert shown == ["<p>Two</p>", "<p>Two</p>", "<p>One</p>"]


async def test_a_retraction_clears_the_row_and_the_history_shows_nothing(newsroom: Newsroom) -> None:
    entry = await newsroom.post("The mayor resigned", title="Mayor", pinned=True, key=True)
    await newsroom.retract(entry)
    async with newsroom.database.read() as connection:
        row = (await connection.execute(select(schema.entries).where(schema.entries.c.id == entry.id))).one()
        _, versions = await entries.history(connection, EDITOR, "storm", entry.id)
    assert row.content == Content().to_json()
    assert (row.pinned, row.key) == (False, False)
    assert row.number == 1
    assert "ayor" not in str(versions)


async def test_a_second_retraction_changes_nothing(newsroom: Newsroom) -> None:
    entry = await newsroom.post()
    first = await entries.retract(newsroom.desk, EDITOR, "storm", entry.id)
    again = await entries.retract(newsroom.desk, EDITOR, "storm", entry.id)
    assert (again.entry, again.position, again.replayed) == (first.entry, first.position, True)


async def test_what_is_restored_is_what_it_was_in_its_old_place(newsroom: Newsroom) -> None:
    entry = await newsroom.post("Rain", title="Weather", key=True)
    await newsroom.post("Wind")
    await newsroom.retract(entry)
    again = await newsroom.restore(entry)
    assert again.content == entry.content
    assert (again.number, again.published_at, again.status) == (1, entry.published_at, "published")
    assert (await newsroom.changes())[-1].kind == "entry"


async def test_what_never_was_published_is_restored_as_a_draft(newsroom: Newsroom) -> None:
    entry = await newsroom.post("Rain", status="pending")
    public = await newsroom.head()
    await newsroom.retract(entry)
    assert (await newsroom.restore(entry)).status == "draft"
    assert await newsroom.head() == public


async def test_a_retracted_entry_cannot_be_edited(newsroom: Newsroom) -> None:
    entry = await newsroom.retract(await newsroom.post())
    with pytest.raises(Conflict):
        await newsroom.edit(entry, "Again")


async def test_a_retracted_picture_is_no_longer_public(newsroom: Newsroom) -> None:
    item = await _picture(newsroom)
    block = Image(media_id=item.id, alt="A pier")
    shown = entries.Draft(Content(blocks=(block,)))
    one = (await entries.create(newsroom.desk, EDITOR, "storm", shown)).entry
    two = (await entries.create(newsroom.desk, EDITOR, "storm", shown)).entry
    assert await _public(newsroom, item.id)
    await newsroom.retract(one)
    assert await _public(newsroom, item.id)
    await newsroom.retract(two)
    assert not await _public(newsroom, item.id)
    await newsroom.restore(one)
    assert await _public(newsroom, item.id)


async def test_a_picture_of_a_draft_blog_or_entry_is_not_public(newsroom: Newsroom) -> None:
    item = await _picture(newsroom)
    content = Content(blocks=(Image(media_id=item.id, decorative=True),))
    await entries.create(newsroom.desk, EDITOR, "storm", entries.Draft(content, "draft"))
    await blogs.create(newsroom.desk, EDITOR, "secret", blogs.Furniture(headline="Secret"))
    await entries.create(newsroom.desk, EDITOR, "secret", entries.Draft(content))
    assert not await _public(newsroom, item.id)
    await blogs.edit(newsroom.desk, EDITOR, "secret", {"status": "live"}, revision=None)
    assert await _public(newsroom, item.id)


async def test_a_picture_that_is_not_there_is_refused(newsroom: Newsroom) -> None:
    with pytest.raises(Invalid) as caught:
        content = Content(title="x", blocks=(Image(media_id="nothing", alt="x"),))
        await entries.create(newsroom.desk, EDITOR, "storm", entries.Draft(content))
    assert [f.field for f in caught.value.fields] == ["blocks.0.media_id"]


# -- at its time

async def test_what_is_due_is_published_once_by_two_processes(newsroom: Newsroom, second: Newsroom) -> None:
    at = newsroom.clock.now + timedelta(minutes=5)
    planned = [await newsroom.post(f"Plan {i}", status="scheduled", publish_at=at) for i in range(6)]
    assert await schedule.publish_due(newsroom.desk) == 0
    newsroom.clock.forward(minutes=5)
    done = await asyncio.gather(*(schedule.publish_due(room.desk) for room in (newsroom, second) * 2))
    assert sum(done) == 6
    shown = [await newsroom.stored(e.id) for e in planned]
    assert [(e.status, e.revision) for e in shown] == [("published", 2)] * 6
    assert sorted(e.number or 0 for e in shown) == [1, 2, 3, 4, 5, 6]
    public = [c.id for c in newsroom.broker.published if c.feed.name == "public" and c.kind == "entry"]
    assert sorted(public) == sorted(e.id for e in planned)


async def test_what_is_due_in_a_closed_blog_waits_for_an_editor(newsroom: Newsroom) -> None:
    at = newsroom.clock.now + timedelta(minutes=5)
    entry = await newsroom.post(status="scheduled", publish_at=at)
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"status": "closed"}, revision=None)
    newsroom.clock.forward(minutes=6)
    assert await schedule.publish_due(newsroom.desk) == 0
    assert (await newsroom.stored(entry.id)).status == "pending"


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(minutes=-1), timedelta(days=367)])
async def test_a_time_that_is_past_or_too_far_is_refused(newsroom: Newsroom, ahead: timedelta) -> None:
    with pytest.raises(Invalid):
        await newsroom.post(status="scheduled", publish_at=newsroom.clock.now + ahead)


# -- who

async def test_a_contributors_entry_is_pending(newsroom: Newsroom) -> None:
    entry = await newsroom.post(caller=CONTRIBUTOR)
    assert (entry.status, entry.number) == ("pending", None)
    with pytest.raises(Forbidden):
        await entries.edit(
            newsroom.desk, CONTRIBUTOR, "storm", entry.id, {}, revision=None, status="published"
        )


async def test_a_contributor_cannot_change_what_was_approved(newsroom: Newsroom) -> None:
    entry = await newsroom.post(caller=CONTRIBUTOR)
    at = newsroom.clock.now + timedelta(minutes=5)
    await entries.edit(
        newsroom.desk, EDITOR, "storm", entry.id, {}, revision=1, status="scheduled", publish_at=at
    )
    edited = await entries.edit(
        newsroom.desk, CONTRIBUTOR, "storm", entry.id, {"title": "Other words"}, revision=2, status="scheduled"
    )
    assert edited.entry.status == "pending"
    newsroom.clock.forward(minutes=6)
    assert await schedule.publish_due(newsroom.desk) == 0


# -- scheduling and approval

async def test_a_schedule_without_its_time_is_cancelled(newsroom: Newsroom) -> None:
    at = newsroom.clock.now + timedelta(minutes=5)
    entry = await newsroom.post(status="scheduled", publish_at=at)
    kept = await entries.edit(newsroom.desk, EDITOR, "storm", entry.id, {"title": "Later"}, revision=None)
    assert (kept.entry.status, kept.entry.publish_at) == ("scheduled", at)
    cancelled = await entries.edit(
        newsroom.desk, EDITOR, "storm", entry.id, {}, revision=None, publish_at=None
    )
    assert (cancelled.entry.status, cancelled.entry.publish_at) == ("draft", None)
    newsroom.clock.forward(minutes=6)
    assert await schedule.publish_due(newsroom.desk) == 0


async def test_a_contribution_is_sent_back_with_the_reason(newsroom: Newsroom) -> None:
    entry = await newsroom.post("Roof gone", caller=CONTRIBUTOR)
    await entries.edit(
        newsroom.desk, EDITOR, "storm", entry.id, {}, revision=1, status="draft", note=" Who says so? "
    )
    back = await newsroom.stored(entry.id)
    assert (back.status, back.note, back.note_by) == ("draft", "Who says so?", EDITOR.name)
    assert back.content == entry.content
    # the author works on it with the reason in sight, and it goes when the entry is handed in again
    edited = await entries.edit(
        newsroom.desk, CONTRIBUTOR, "storm", entry.id, {"title": "Roof gone, says fire brigade"}, revision=2
    )
    assert edited.entry.note == "Who says so?"
    again = await entries.edit(
        newsroom.desk, CONTRIBUTOR, "storm", entry.id, {}, revision=3, status="pending"
    )
    assert (again.entry.status, again.entry.note, again.entry.note_by) == ("pending", "", "")


@pytest.mark.parametrize(
    ("caller", "status", "wanted", "error"),
    [
        (CONTRIBUTOR, "pending", "draft", Forbidden),
        (EDITOR, "pending", "published", Invalid),
        (EDITOR, "draft", "draft", Conflict),
        (EDITOR, "published", "draft", Conflict),
    ],
)
async def test_a_reason_goes_only_with_sending_back(
    newsroom: Newsroom, caller: Any, status: Any, wanted: Any, error: type[Exception]
) -> None:
    entry = await newsroom.post(caller=CONTRIBUTOR if status == "pending" else EDITOR, status=status)
    with pytest.raises(error):
        await entries.edit(
            newsroom.desk, caller, "storm", entry.id, {}, revision=None, status=wanted, note="Why"
        )
    assert (await newsroom.stored(entry.id)).revision == 1


async def test_readers_never_get_the_reason(newsroom: Newsroom) -> None:
    entry = await newsroom.post(caller=CONTRIBUTOR)
    await entries.edit(newsroom.desk, EDITOR, "storm", entry.id, {}, revision=1, status="draft", note="SECRET")
    await entries.edit(newsroom.desk, EDITOR, "storm", entry.id, {}, revision=2, status="published")
    gone = await newsroom.retract(await newsroom.stored(entry.id))
    assert gone.note == ""
    assert "SECRET" not in repr(await newsroom.changes())


async def test_an_outsider_gets_not_found(newsroom: Newsroom) -> None:
    entry = await newsroom.post()
    for attempt in (
        entries.create(newsroom.desk, OUTSIDER, "storm", draft()),
        entries.edit(newsroom.desk, OUTSIDER, "storm", entry.id, {}, revision=None),
        entries.retract(newsroom.desk, OUTSIDER, "storm", entry.id),
        entries.restore(newsroom.desk, OUTSIDER, "storm", entry.id),
        blogs.edit(newsroom.desk, OUTSIDER, "storm", {"standfirst": "x"}, revision=None),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_others_drafts_are_hidden_from_a_contributor(newsroom: Newsroom) -> None:
    entry = await newsroom.post(status="draft")
    with pytest.raises(NotFound):
        await entries.edit(newsroom.desk, CONTRIBUTOR, "storm", entry.id, {"title": "x"}, revision=None)


# -- the page

async def test_numbers_never_change(newsroom: Newsroom) -> None:
    posted = [await newsroom.post(f"Update {i}", pinned=i == 1, key=i == 2) for i in range(5)]
    await newsroom.retract(posted[3])
    await newsroom.post(status="draft")
    async with newsroom.database.read() as connection:
        page = await stored.between(connection, newsroom.blog_id, first=2, last=4)
        assert [(e.number, e.status) for e in page] == [
            (4, "retracted"), (3, "published"), (2, "published")
        ]
        assert [e.id for e in await stored.pinned(connection, newsroom.blog_id)] == [posted[1].id]
        assert [e.id for e in await stored.key_events(connection, newsroom.blog_id)] == [posted[2].id]
        newest = await stored.latest(connection, newsroom.blog_id, limit=2)
        assert [e.number for e in newest] == [5, 3]
        assert await stored_blogs.published_count(connection, newsroom.blog_id) == 5
        assert await stored.counts(connection, newsroom.blog_id) == {
            "published": 4, "retracted": 1, "draft": 1
        }


async def test_pages_of_the_newsroom_list_join(newsroom: Newsroom) -> None:
    for i in range(5):
        await newsroom.post(f"Update {i}")
        if i % 2:
            newsroom.clock.forward(seconds=1)
    seen: list[Entry] = []
    before = None
    async with newsroom.database.read() as connection:
        while page := await stored.listed(
            connection, newsroom.blog_id, statuses=("published",), before=before, limit=2
        ):
            seen += page
            before = (page[-1].created_at, page[-1].id)
    assert len({e.id for e in seen}) == len(seen) == 5
    assert seen == sorted(seen, key=lambda e: (e.created_at, e.id), reverse=True)


async def _picture(newsroom: Newsroom) -> Media:
    item = Media(
        id="p" * 16, sha256="0" * 64, mime="image/jpeg", bytes=1, width=800, height=600, widths=(320, 640),
        alt="", caption="", credit="", author_id=None, created_at=newsroom.clock.now,
    )
    async with newsroom.database.write() as connection:
        await media.insert(connection, item)
    return item


async def _public(newsroom: Newsroom, media_id: str) -> bool:
    async with newsroom.database.read() as connection:
        return await media.is_public(connection, media_id)
