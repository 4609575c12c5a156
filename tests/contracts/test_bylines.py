"""Bylines on both databases: each name once, chosen by name, and what is published keeps what it shows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from server.domain.byline import Byline
from server.domain.entry import Entry
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.newsroom import blogs, bylines, entries
from server.store import bylines as stored
from server.store.bylines import Record
from server.store.database import Database
from tests.support.desk import CONTRIBUTOR, EDITOR, Newsroom, draft

pytestmark = pytest.mark.anyio

ADA = Byline("Ada Lovelace", role="Science editor", place="London", url="https://example.org/ada")
by = Byline.by_name


async def records(newsroom: Newsroom) -> list[Byline]:
    async with newsroom.database.read() as connection:
        return [r.byline for r in await stored.listed(connection)]


async def kept(newsroom: Newsroom, byline: Byline = ADA) -> Record:
    return await bylines.create(newsroom.desk, EDITOR, byline)


async def edited(newsroom: Newsroom, entry: Entry, **changed: Any) -> Entry:
    return (await entries.edit(newsroom.desk, EDITOR, "storm", entry.id, changed, revision=None)).entry


async def test_an_entry_without_a_byline_has_none(newsroom: Newsroom) -> None:
    assert (await newsroom.post()).content.bylines == ()
    assert await records(newsroom) == []


async def test_a_new_name_is_kept_once(newsroom: Newsroom) -> None:
    first = await newsroom.post(bylines=(by("Bea O’Brien"), by("Cem")))
    second = await newsroom.post(bylines=(by("  bea  O'BRIEN "), by("Cem\u200b")))
    assert [b.name for b in await records(newsroom)] == ["Bea O’Brien", "Cem"]
    assert second.content.bylines == first.content.bylines


async def test_a_name_brings_the_parts_of_its_record(newsroom: Newsroom) -> None:
    record = await kept(newsroom)
    entry = await newsroom.post(bylines=(by("ada lovelace"),))
    assert entry.content.bylines == (record.byline,)
    there = await newsroom.post(bylines=(replace(by("Ada Lovelace"), place="Turin", role=""),))
    assert there.content.bylines == (replace(record.byline, place="Turin", role=""),)
    assert await records(newsroom) == [record.byline], "the place of one report changes no record"


async def test_a_corrected_name_shows_from_the_next_change_on(newsroom: Newsroom) -> None:
    record = await kept(newsroom)
    entry = await newsroom.post(bylines=(replace(by("Ada Lovelace"), place="Turin"),))
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"bylines": (by("Ada Lovelace"),)}, revision=None)
    head = await newsroom.head()
    corrected = {"name": "Ada King", "url": "https://example.org/king", "place": "Rome", "role": "Countess"}
    await bylines.edit(newsroom.desk, EDITOR, record.byline.id, corrected)
    assert await newsroom.head() == head, "nothing that is published changed"
    assert (await newsroom.stored(entry.id)).content.bylines == entry.content.bylines
    again = await edited(newsroom, entry, pinned=True)
    (shown,) = again.content.bylines
    assert (shown.name, shown.url) == ("Ada King", "https://example.org/king")
    assert (shown.role, shown.place) == ("Science editor", "Turin"), "these belong to the report"
    assert again.edited_at is None, "nobody edited its words"
    blog = (await blogs.edit(newsroom.desk, EDITOR, "storm", {"headline": "Calm"}, revision=None)).blog
    assert [b.name for b in blog.bylines] == ["Ada King"]


@pytest.mark.parametrize("way", ["schedule", "restore"])
async def test_what_is_published_later_has_the_corrected_name(newsroom: Newsroom, way: str) -> None:
    record = await kept(newsroom)
    entry = await newsroom.post(bylines=(by(ADA.name),), status="published" if way == "restore" else "draft")
    if way == "restore":
        await newsroom.retract(entry)
    await bylines.edit(newsroom.desk, EDITOR, record.byline.id, {"name": "Ada King"})
    if way == "restore":
        entry = await newsroom.restore(entry)
    else:
        written = await entries.edit(
            newsroom.desk, EDITOR, "storm", entry.id, {}, revision=None, status="published"
        )
        entry = written.entry
    assert [b.name for b in entry.content.bylines] == ["Ada King"]


async def test_a_removed_byline_stays_where_it_is_shown(newsroom: Newsroom) -> None:
    record = await kept(newsroom)
    entry = await newsroom.post(bylines=(by(ADA.name),))
    await bylines.remove(newsroom.desk, EDITOR, record.byline.id)
    assert await records(newsroom) == []
    again = await edited(newsroom, entry, title="New title", bylines=entry.content.bylines)
    assert again.content.bylines == entry.content.bylines
    with pytest.raises(Invalid, match=r"Id \(byline 1\): there is no such byline"):
        await newsroom.post(bylines=entry.content.bylines)


async def test_a_line_of_names_that_comes_back_changes_nothing(newsroom: Newsroom) -> None:
    parts = (replace(by("Ada"), place="Turin"), by("Bea"))
    entry = await newsroom.post(bylines=parts)
    again = await edited(newsroom, entry, bylines=(by("Ada, Bea"),))
    assert again.content.bylines == entry.content.bylines
    fewer = await edited(newsroom, entry, bylines=(by("Ada"), by("Cem")))
    assert [(b.name, b.place) for b in fewer.content.bylines] == [("Ada", "Turin"), ("Cem", "")]
    assert (await edited(newsroom, entry, bylines=())).content.bylines == ()


async def test_missing_parts_are_filled_in_by_who_may(newsroom: Newsroom) -> None:
    await newsroom.post(bylines=(by("Bea"),))
    linked = replace(by("Bea"), url="https://example.org/bea")
    with pytest.raises(Invalid, match=r"Address \(byline 1\): .*has no link"):
        await entries.create(newsroom.desk, CONTRIBUTOR, "storm", draft(bylines=(linked,)))
    entry = await newsroom.post(bylines=(linked,))
    assert entry.content.bylines[0].url == (await records(newsroom))[0].url == "https://example.org/bea"
    with pytest.raises(Invalid, match=r"Address \(byline 2\): .*has another link"):
        await newsroom.post(bylines=(by("Ada"), replace(by("Bea"), url="https://example.org/other")))
    assert [b.name for b in await records(newsroom)] == ["Bea"], "a refused entry leaves no name behind"


@pytest.mark.parametrize(("wanted", "said"), [
    ([by("\u200b")], r"Name \(byline 1\): a byline needs a name"),
    ([by("Ada"), by("ADA ")], r"Byline 2: “Ada” is named twice"),
    ([Byline("", id="a" * 16)], r"Id \(byline 1\): there is no such byline"),
    ([replace(by("Ada"), picture="a" * 16)], r"Picture \(byline 1\): there is no such picture"),
])
async def test_what_cannot_be_a_byline_is_refused(newsroom: Newsroom, wanted: Any, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        await newsroom.post(bylines=tuple(wanted))
    assert await records(newsroom) == []


async def test_names_are_unique_as_people_see_them(newsroom: Newsroom) -> None:
    record = await kept(newsroom)
    with pytest.raises(Conflict, match="name: there is a byline “ADA lovelace” already"):
        await kept(newsroom, Byline("ADA\u00a0 lovelace"))
    other = await kept(newsroom, Byline("Bea"))
    with pytest.raises(Conflict, match="name: there is a byline “Ada Lovelace” already"):
        await bylines.edit(newsroom.desk, EDITOR, other.byline.id, {"name": "Ada Lovelace"})
    same = await bylines.edit(newsroom.desk, EDITOR, record.byline.id, {"name": "ada lovelace"})
    assert same.byline.name == "ada lovelace"
    with pytest.raises(NotFound):
        await bylines.edit(newsroom.desk, EDITOR, "a" * 16, {"name": "Dora"})


async def test_only_editors_for_all_blogs_change_bylines(newsroom: Newsroom) -> None:
    record = await kept(newsroom)
    for caller in (CONTRIBUTOR, replace(EDITOR, role=None, blog_roles={newsroom.blog_id: "editor"})):
        for attempt in (
            bylines.create(newsroom.desk, caller, Byline("Bea")),
            bylines.edit(newsroom.desk, caller, record.byline.id, {"role": "x"}),
            bylines.remove(newsroom.desk, caller, record.byline.id),
        ):
            with pytest.raises(Forbidden):
                await attempt
    assert await records(newsroom) == [record.byline]


async def test_two_people_who_change_different_parts_both_succeed(newsroom: Newsroom) -> None:
    record = await kept(newsroom)
    await asyncio.gather(
        bylines.edit(newsroom.desk, EDITOR, record.byline.id, {"role": "Editor"}),
        bylines.edit(newsroom.desk, EDITOR, record.byline.id, {"place": "Rome"}),
    )
    (found,) = await records(newsroom)
    assert (found.role, found.place) == ("Editor", "Rome")


async def test_entries_that_bring_the_same_new_names_at_once_are_all_taken(
    newsroom: Newsroom, database: Database
) -> None:
    for slug in ("one", "two", "three", "four"):
        furniture = blogs.Furniture(headline=slug, status="live")
        await blogs.create(newsroom.desk, EDITOR, slug, furniture)
    names = [by("Ada"), by("Bea"), by("Cem")]
    orders = [names, names[::-1], names[1:] + names[:1], names]
    async with asyncio.timeout(30):
        made = await asyncio.gather(*(
            entries.create(newsroom.desk, EDITOR, slug, draft(bylines=tuple(order)))
            for slug, order in zip(("one", "two", "three", "four"), orders, strict=True)
        ))
    ids = {b.name: b.id for b in await records(newsroom)}
    assert sorted(ids) == ["Ada", "Bea", "Cem"]
    assert all(ids[b.name] == b.id for w in made for b in w.entry.content.bylines)


async def test_topics_are_the_blogs(newsroom: Newsroom) -> None:
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"topics": ("Weather", "Traffic")}, revision=None)
    entry = await newsroom.post(topics=("traffic ", "WEATHER"))
    assert entry.content.topics == ("Weather", "Traffic")
    with pytest.raises(Invalid, match=r"Topics: the blog has no topic “Sport”; it has Weather, Traffic"):
        await newsroom.post(topics=("Sport",))
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"topics": ("Road traffic", "weather")}, revision=None)
    assert (await newsroom.stored(entry.id)).content.topics == ("Weather", "Traffic")
    again = await edited(newsroom, entry, pinned=True)
    assert again.content.topics == ("weather",), "spelled as the blog does; what it dropped falls away"
    for wrong in (("A", "a"), ("\u200b",)):
        with pytest.raises(Invalid, match=r"^Topics: "):
            await blogs.edit(newsroom.desk, EDITOR, "storm", {"topics": wrong}, revision=None)


async def test_changes_carry_bylines_topics_and_language(newsroom: Newsroom) -> None:
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"topics": ("Weather",)}, revision=None)
    entry = await newsroom.post(bylines=(by("Ada"),), topics=("Weather",), language="ar")
    change = next(c for c in await newsroom.changes() if c.id == entry.id)
    assert change.data["bylines"] == [b.to_json() for b in entry.content.bylines]
    assert (change.data["topics"], change.data["language"], change.data["blog_language"]) == (
        ["Weather"], "ar", "en"
    )
    await newsroom.retract(entry)
    gone = next(c for c in await newsroom.changes() if c.id == entry.id)
    assert not {"bylines", "byline", "topics", "language"} & gone.data.keys()
