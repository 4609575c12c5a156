"""Moving and copying entries to another blog, and the time that readers see on one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.domain.entry import Entry
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, StaleRevision
from server.domain.permissions import Caller
from server.newsroom import blogs, entries, moves, notes
from server.store import audit
from server.store import entries as stored
from tests.support.desk import CONTRIBUTOR, EDITOR, OUTSIDER, Newsroom

pytestmark = pytest.mark.anyio


async def another(newsroom: Newsroom, **given: object) -> blogs.Blog:
    furniture = blogs.Furniture(headline="Floods", **({"status": "live"} | given))  # type: ignore[arg-type]
    return (await blogs.create(newsroom.desk, EDITOR, "floods", furniture)).blog


async def sent(newsroom: Newsroom, entry: Entry, how: moves.How = "move", *, caller: Caller = EDITOR) -> Entry:
    written = await moves.send(
        newsroom.desk, caller, "storm", entry.id, "floods", how, revision=entry.revision, key=f"k-{entry.id}"
    )
    return written.entry


async def test_a_moved_entry_is_published_there_and_a_tombstone_here(newsroom: Newsroom) -> None:
    there = await another(newsroom, topics=("Rain",))
    entry = await newsroom.post("Rain in the north", title="Rain", pinned=True, key=True)
    await notes.add(newsroom.desk, EDITOR, "storm", entry.id, "Check it")
    newsroom.clock.forward(hours=1)
    made = await sent(newsroom, entry)
    assert (made.blog_id, made.status, made.published_at) == (there.id, "published", entry.published_at)
    assert (made.content.title, made.content.pinned, made.content.key) == ("Rain", False, True)
    assert [n.text for n in made.internal_notes] == ["Check it"]
    assert (made.author_name, made.number) == (EDITOR.name, 1)
    here = await newsroom.stored(entry.id)
    assert (here.status, here.moved_to, here.number) == ("retracted", made.id, 1)
    (change,) = [c for c in await newsroom.changes(0) if c.id == entry.id]
    assert (change.kind, "north" in str(change)) == ("gone", False)
    assert [(c.feed.blog_id == there.id, c.feed.name, c.kind) for c in newsroom.broker.published[-4:]] == [
        (True, "newsroom", "entry"), (True, "public", "entry"), (False, "newsroom", "gone"),
        (False, "public", "gone"),
    ]
    async with newsroom.database.read() as connection:
        lines = await audit.listed(connection, audit.Wanted(), limit=2)
    assert {line.what for line in lines} == {"entry_moved_here", "entry_moved_away"}
    # the same request once more makes no second one
    assert (await sent(newsroom, entry)).id == made.id
    # restored here it is an entry of its own again
    assert (await newsroom.restore(entry)).moved_to is None


async def test_a_copy_is_a_draft_and_leaves_the_entry_as_it_is(newsroom: Newsroom) -> None:
    await another(newsroom, language="pt", status="closed")
    entry = await newsroom.post("Rain")
    made = await sent(newsroom, entry, "copy")
    assert (made.status, made.published_at, made.content.language) == ("draft", None, "en")
    assert await newsroom.stored(entry.id) == entry
    with pytest.raises(Conflict):
        await moves.send(newsroom.desk, EDITOR, "storm", entry.id, "floods", "move", revision=entry.revision)
    assert await newsroom.stored(entry.id) == entry


async def test_it_takes_rights_in_both_blogs_and_the_newest_version(newsroom: Newsroom) -> None:
    there = await another(newsroom)
    entry = await newsroom.post("Rain")
    only_here = Caller("user:here", "Here", blog_roles={newsroom.blog_id: "editor"})
    only_there = Caller("user:there", "There", blog_roles={there.id: "editor"})
    writes_there = Caller("user:w", "W", blog_roles={newsroom.blog_id: "editor", there.id: "contributor"})
    refused: list[tuple[Caller, type[Exception]]] = [
        (only_here, NotFound), (only_there, NotFound), (OUTSIDER, NotFound), (writes_there, Forbidden),
        (CONTRIBUTOR, Forbidden),
    ]
    for caller, error in refused:
        with pytest.raises(error):
            await sent(newsroom, entry, caller=caller)
    await newsroom.edit(entry, "Snow")
    with pytest.raises(StaleRevision):
        await sent(newsroom, entry)
    with pytest.raises(Invalid):
        await moves.send(newsroom.desk, EDITOR, "storm", entry.id, "storm", "copy", revision=2)
    async with newsroom.database.read() as connection:
        assert await stored.listed(connection, there.id, statuses=("draft", "published")) == []


async def test_the_time_of_an_entry_is_changed_within_bounds(newsroom: Newsroom) -> None:
    entry = await newsroom.post("Rain")
    newsroom.clock.forward(hours=1)
    earlier = newsroom.clock.now - timedelta(minutes=90)
    after = (await moves.retime(newsroom.desk, EDITOR, "storm", entry.id, earlier, revision=1)).entry
    assert (after.published_at, after.number, after.edited_at) == (earlier, entry.number, None)
    for at in (newsroom.clock.now + timedelta(minutes=1), newsroom.clock.now - timedelta(days=400)):
        with pytest.raises(Invalid):
            await moves.retime(newsroom.desk, EDITOR, "storm", entry.id, at, revision=2)
    with pytest.raises(Forbidden):
        await moves.retime(newsroom.desk, CONTRIBUTOR, "storm", entry.id, earlier, revision=2)
    with pytest.raises(StaleRevision):
        await moves.retime(newsroom.desk, EDITOR, "storm", entry.id, earlier, revision=1)
    draft = (await entries.create(newsroom.desk, EDITOR, "storm", entries.Draft(status="draft"))).entry
    with pytest.raises(Conflict):
        await moves.retime(newsroom.desk, EDITOR, "storm", draft.id, earlier, revision=1)
