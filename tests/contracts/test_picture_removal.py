"""A picture that is removed is gone from everything, on both databases: files, rows, versions, feeds."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image as Drawing
from sqlalchemy import select

from server.domain.blocks import Block, Embed, Gallery, Image, Text, Video
from server.domain.byline import Byline
from server.domain.entry import Content, Entry
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.domain.media import Media
from server.domain.permissions import Caller
from server.domain.person import User
from server.domain.position import new_id
from server.newsroom import blogs, bylines, entries, media, picture_removal, schedule
from server.store import audit, drafts, people, schema
from server.store import media as stored
from tests.support.desk import CONTRIBUTOR, EDITOR, Newsroom

pytestmark = pytest.mark.anyio

LIMITS: dict[str, Any] = {"max_bytes": 10**6, "max_pixels": 10**6}
EVERYTHING = [table for table in schema.metadata.sorted_tables
              if table.name not in ("removed_pictures", "audit")]


def drawn(width: int = 330) -> bytes:
    out = io.BytesIO()
    Drawing.effect_mandelbrot((width, 200), (-2, -1.5, 1, 1.5), 20).convert("RGB").save(out, "JPEG")
    return out.getvalue()


async def uploaded(newsroom: Newsroom, width: int = 330, *, caller: Caller = EDITOR, **words: str) -> Media:
    return await media.upload(newsroom.desk, caller, drawn(width), **words, **LIMITS)


async def posted(newsroom: Newsroom, *blocks: Block, status: Any = "published", **content: Any) -> Entry:
    draft = entries.Draft(Content(blocks=blocks, **content), status)
    return (await entries.create(newsroom.desk, EDITOR, "storm", draft)).entry


async def tables_that_name(newsroom: Newsroom, media_id: str) -> set[str]:
    """The tables of the database in which the id stands, in whatever column."""
    found = set()
    async with newsroom.database.read() as connection:
        for table in EVERYTHING:
            rows: Iterable[Any] = (await connection.execute(select(table))).all()
            found |= {table.name for row in rows if media_id in repr(row)}
    return found


async def said(newsroom: Newsroom) -> str:
    """Everything that listeners of both feeds can get, replayed from the beginning."""
    return repr([await newsroom.changes(0, "public"), await newsroom.changes(0, "newsroom")])


async def typed(newsroom: Newsroom, media_id: str) -> None:
    """What somebody has in the editor and has not sent: a picture alone, and one of two."""
    images = [{"media_id": media_id, "caption": "A face"}, {"media_id": "b" * 16}]
    nodes = [{"type": "pictures", "attrs": {"fields": {"images": some}}} for some in (images[:1], images)]
    document = json.dumps({"type": "doc", "content": [{"type": "paragraph"}, *nodes]})
    form = json.dumps({"fields": {"document": document, "body": "Rain"}, "pieces": []})
    user = User(new_id(), "ada", "Ada", "x", "editor", True, newsroom.clock.now)
    async with newsroom.database.write() as connection:
        await people.insert_user(connection, user)
        draft = drafts.Draft("key", newsroom.blog_id, "", "browser", 1, form, newsroom.clock.now)
        await drafts.put(connection, user.id, draft)


async def kept_document(newsroom: Newsroom) -> Any:
    async with newsroom.database.read() as connection:
        row = (await connection.execute(select(schema.drafts))).one()
    return json.loads(json.loads(row.form)["fields"]["document"])["content"]


def text(words: str = "Rain") -> Text:
    return Text(f"<p>{words}</p>")


async def test_a_removed_picture_is_gone_from_everything(newsroom: Newsroom) -> None:
    item, other = await uploaded(newsroom, alt="A face"), await uploaded(newsroom, 310)
    face, sea = Image(item.id, alt="A face"), Image(other.id, alt="Sea")
    byline = await bylines.create(newsroom.desk, EDITOR, Byline("Ada Lovelace", picture=item.id))
    shown = await posted(
        newsroom, text(), face, Gallery((face, sea)), Video("https://x.test/v", poster=item.id),
        Embed("https://x.test/p", title="P", thumbnail=item.id),
        bylines=(Byline.by_name("Ada Lovelace"),),
    )
    edited = await posted(newsroom, text(), face)
    await newsroom.edit(edited, "No picture any more")
    alone, draft = await posted(newsroom, face), await posted(newsroom, face, status="draft")
    gone = await posted(newsroom, text(), face)
    await newsroom.retract(gone)
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"lead": face}, revision=None)
    await typed(newsroom, item.id)
    before, revision = await newsroom.head(), (await newsroom.stored(shown.id)).revision
    files = [newsroom.desk.media.path(f"{item.id}-{size}") for size in ("full", "320.webp")]
    assert all(path.is_file() for path in files)

    done = await picture_removal.remove(newsroom.desk, EDITOR, item.id, reason=" Asked by the family ")

    assert (done.entries, done.retracted, done.blogs) == (5, 1, 1)
    assert (done.removed.by_name, done.removed.reason) == (EDITOR.name, "Asked by the family")
    assert not any(path.exists() for path in files)
    assert await tables_that_name(newsroom, item.id) == set()
    assert item.id not in await said(newsroom)
    pictures = {"type": "pictures", "attrs": {"fields": {"images": [{"media_id": "b" * 16}]}}}
    assert await kept_document(newsroom) == [{"type": "paragraph"}, pictures]
    blocks = (await newsroom.stored(shown.id)).content.blocks
    assert [b.type for b in blocks] == ["text", "image", "video", "embed"] and blocks[1].media_id == other.id
    assert (await newsroom.stored(shown.id)).revision > revision, "or conditional requests are answered 304"
    assert (await newsroom.stored(shown.id)).edited_at is None
    assert (await newsroom.stored(alone.id)).status == "retracted"
    assert (await newsroom.stored(draft.id)).content.blocks == ()
    # listeners got what changed, and nothing that was said names it
    published = [c for c in newsroom.broker.published if c.feed.name == "public"]
    told = {c.id: c for c in published if c.position.seq > before.seq}
    assert {shown.id, alone.id, newsroom.blog_id} <= told.keys() and told[alone.id].kind == "gone"
    assert item.id not in repr(told)
    async with newsroom.database.read() as connection:
        lines = await audit.listed(connection, audit.Wanted(everything=True), limit=50)
    of_picture = next(line for line in lines if line.what == "picture_removed")
    assert (of_picture.by_name, of_picture.about["picture"]) == (EDITOR.name, item.id)
    touched = {line.entry_id for line in lines if line.what == "entry_picture_removed"}
    assert touched == {shown.id, edited.id, draft.id, gone.id}
    restored = await newsroom.restore(gone)
    assert [b.type for b in restored.content.blocks] == ["text"]
    assert (await bylines.edit(newsroom.desk, EDITOR, byline.byline.id, {"role": "x"})).byline.picture == ""


async def test_what_waited_with_only_the_picture_is_a_draft(newsroom: Newsroom) -> None:
    item = await uploaded(newsroom)
    at = newsroom.clock.now + timedelta(hours=1)
    planned = entries.Draft(Content(blocks=(Image(item.id, alt="A"),)), "scheduled", at)
    entry = (await entries.create(newsroom.desk, EDITOR, "storm", planned)).entry
    await picture_removal.remove(newsroom.desk, EDITOR, item.id)
    newsroom.clock.forward(hours=2)
    assert await schedule.publish_due(newsroom.desk, waiting=schedule.Waiting()) == 0
    assert (await newsroom.stored(entry.id)).status == "draft"


async def test_the_same_file_is_refused_until_it_is_allowed(newsroom: Newsroom) -> None:
    item = await uploaded(newsroom)
    full = await newsroom.desk.media.get(f"{item.id}-full")
    await picture_removal.remove(newsroom.desk, EDITOR, item.id)
    for data in (drawn(), full):  # as it was uploaded, and as readers could save it
        with pytest.raises(Conflict, match=r"removed from the newsroom on 2026-03-01"):
            await media.upload(newsroom.desk, EDITOR, data, **LIMITS)
    with pytest.raises(Forbidden):
        await picture_removal.allow(newsroom.desk, CONTRIBUTOR, item.id)
    await picture_removal.allow(newsroom.desk, EDITOR, item.id)
    assert (await uploaded(newsroom)).id != item.id


async def test_only_editors_of_all_that_shows_it_remove_it(newsroom: Newsroom) -> None:
    other = (await blogs.create(newsroom.desk, EDITOR, "other", blogs.Furniture("Other", status="live"))).blog
    item = await uploaded(newsroom)
    entry = await posted(newsroom, text(), Image(item.id, alt="A"))
    draft = entries.Draft(Content(blocks=(text(), Image(item.id, alt="A"))))
    there = (await entries.create(newsroom.desk, EDITOR, "other", draft)).entry
    one = Caller("user:one", "One", None, {newsroom.blog_id: "editor"})
    both = Caller("user:both", "Both", None, {newsroom.blog_id: "editor", other.id: "editor"})
    # also where only an earlier version shows it
    await entries.edit(newsroom.desk, EDITOR, "other", there.id, {"blocks": (text(),)}, revision=None)
    for caller in (CONTRIBUTOR, one):
        with pytest.raises(Forbidden):
            await picture_removal.remove(newsroom.desk, caller, item.id)
    with pytest.raises(NotFound):
        await picture_removal.remove(newsroom.desk, both, "a" * 16)
    assert (await picture_removal.remove(newsroom.desk, both, item.id)).entries == 2
    assert len((await newsroom.stored(entry.id)).content.blocks) == 1


async def test_an_unused_picture_is_removed_by_who_uploaded_it(newsroom: Newsroom) -> None:
    item = await uploaded(newsroom, caller=CONTRIBUTOR)
    await picture_removal.remove(newsroom.desk, CONTRIBUTOR, item.id)
    with pytest.raises(Invalid, match="picture not found"):
        await posted(newsroom, Image(item.id, alt="A"))


async def test_files_that_the_disk_kept_are_deleted_later(newsroom: Newsroom) -> None:
    item = await uploaded(newsroom)
    body = await newsroom.desk.media.get(f"{item.id}-full")
    await picture_removal.remove(newsroom.desk, EDITOR, item.id)
    await newsroom.desk.media.put(f"{item.id}-full", body)
    await newsroom.desk.media.set_aside([f"{item.id}-full"])
    await schedule.tidy_media(newsroom.desk)
    assert await newsroom.desk.media.aside() == {}


async def test_a_file_is_kept_once(newsroom: Newsroom) -> None:
    first = await uploaded(newsroom, caption="The pier")
    again = await uploaded(newsroom, alt="A pier", caption="Another", credit="Ada")
    assert again.id == first.id
    assert (again.alt, again.caption, again.credit) == ("A pier", "The pier", "Ada")
    full = await newsroom.desk.media.get(f"{first.id}-full")
    assert (await media.upload(newsroom.desk, EDITOR, full, **LIMITS)).id == first.id
    async with newsroom.database.read() as connection:
        assert len(await stored.ids(connection)) == 1


async def test_a_file_that_its_uploader_may_not_see_is_kept_apart(newsroom: Newsroom) -> None:
    first = await uploaded(newsroom, alt="Secret")
    await posted(newsroom, Image(first.id, alt="Secret"), status="draft")
    again = await uploaded(newsroom, caller=CONTRIBUTOR)
    assert again.id != first.id and again.alt == ""


async def test_pictures_are_found_by_their_words(newsroom: Newsroom) -> None:
    words = {"alt": "A pier", "caption": "Am Pier in Österreich", "credit": "Zoë", "name": "IMG_7.jpg"}
    pier = await uploaded(newsroom, **words)
    sea = await uploaded(newsroom, 310, alt="The sea")
    hidden = await uploaded(newsroom, 300, alt="A secret pier")
    await posted(newsroom, Image(hidden.id, alt="x"), status="draft")

    async def found(*words: str, caller: Caller = EDITOR, **more: Any) -> list[str]:
        async with newsroom.database.read() as connection:
            return [m.id for m in await stored.latest(connection, caller, words=words, **more)]

    assert await found() == [m.id for m in sorted((pier, sea, hidden), key=lambda m: m.id, reverse=True)]
    assert set(await found("pier")) == {pier.id, hidden.id}
    assert await found("pier", caller=CONTRIBUTOR) == [pier.id]
    for words in (("osterreich",), ("zoe", "img_7"), ("%",), ("img%",)):
        assert await found(*words) == ([] if "%" in words[0] else [pier.id])
    await media.edit(newsroom.desk, EDITOR, sea.id, {"alt": "Waves", "focal_x": 0.25})
    assert await found("sea") == [] and await found("waves") == [sea.id]
    first = (await found(limit=1))[0]
    async with newsroom.database.read() as connection:
        item = await stored.get(connection, first)
    assert first not in await found(before=(item.created_at, item.id)) and len(await found()) == 3
