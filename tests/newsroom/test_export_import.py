"""A blog goes from one installation to another and is the same there; what cannot be taken leaves nothing."""

from __future__ import annotations

import base64
import copy
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from sqlalchemy import select

from server.broker.memory import MemoryBroker
from server.domain.blocks import Image, Quote, Text, Video
from server.domain.blog import Related
from server.domain.byline import Byline
from server.domain.change import FEEDS, FeedKey
from server.domain.entry import Content
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, StopPressError
from server.domain.media import Media
from server.domain.permissions import SYSTEM
from server.media.files import MediaFiles
from server.newsroom import blogs, entries, export_import, media
from server.newsroom.desk import Desk
from server.store import blogs as stored_blogs
from server.store import entries as stored
from server.store import exported_rows, feeds, schema
from server.store import media as stored_media
from server.store.database import Database
from tests.support import empty_database
from tests.support.desk import CONTRIBUTOR, EDITOR, OUTSIDER, Newsroom, open_newsroom
from tests.support.postgres import TEMPLATE, Postgres

pytestmark = pytest.mark.anyio

SECRET = "The name of the witness"
PIXELS = 10**6
Lines = list[dict[str, Any]]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Another fresh database, of either kind."""
    if request.param == "sqlite":
        path = tmp_path / "elsewhere.db"
        empty_database.copy_to(path)
        yield f"sqlite:///{path}"
    else:
        server: Postgres = request.getfixturevalue("postgres_server")
        name = server.create(template=TEMPLATE)
        yield server.url(name)
        server.drop(name)


@pytest.fixture
async def elsewhere(other_url: str, newsroom: Newsroom, tmp_path: Path) -> AsyncIterator[Desk]:
    """An empty installation, a week later."""
    database, later = Database(other_url), newsroom.clock.now + timedelta(days=7)
    yield Desk(database, MemoryBroker(), MediaFiles(tmp_path / "elsewhere"), lambda: later)
    await database.close()


async def _picture(newsroom: Newsroom, colour: str) -> Media:
    out = io.BytesIO()
    Pillow.new("RGB", (700, 500), colour).save(out, "JPEG")
    return await media.upload(
        newsroom.desk, EDITOR, out.getvalue(), alt="A pier", credit="Ada", max_bytes=10**6, max_pixels=PIXELS
    )


@pytest.fixture
async def story(newsroom: Newsroom) -> dict[str, str]:
    return await _told(newsroom)


async def _told(newsroom: Newsroom) -> dict[str, str]:
    """Entries of every status, with versions, pictures and a retraction; their ids by what they are."""
    first, second = await _picture(newsroom, "red"), await _picture(newsroom, "blue")
    newsroom.clock.forward(seconds=1.000_017)
    await blogs.edit(
        newsroom.desk, EDITOR, "storm",
        {"standfirst": "Was “kommt” – ü", "key_developments": ("One", "Two"),
         "related": (Related("Elsewhere", "https://example.org/a"),), "time_zone": "Europe/Paris",
         "lead": Image(media_id=first.id, alt="A pier at night"), "closing_summary": "It is *over*.",
         "successor": Related("The day after", "https://example.org/b")},
        revision=None,
    )
    kept = await newsroom.post("Rain", title="Harbour", key=True, bylines=(Byline("Ada", place="at the pier"),))
    newsroom.clock.forward(minutes=3)
    await newsroom.edit(kept, "Rain and wind", pinned=True)
    gone = await newsroom.post(SECRET)
    hidden = Content(blocks=(Text("<p>Hidden</p>"), Image(second.id, alt="The witness")))
    shown = Content(
        title="Pictured",
        blocks=(Image(first.id, alt="A pier"), Quote("<p>We wait.</p>", "The mayor"),
                Video("https://example.org/film.mp4", poster=first.id)),
    )
    pictured = (await entries.create(newsroom.desk, EDITOR, "storm", entries.Draft(shown))).entry
    witness = (await entries.create(newsroom.desk, EDITOR, "storm", entries.Draft(hidden))).entry
    for entry in (gone, witness):
        await newsroom.retract(entry)
    soon = newsroom.clock.now + timedelta(days=2)
    found = {
        "kept": kept, "gone": gone, "pictured": pictured, "witness": witness,
        "draft": await newsroom.post("Not yet", status="draft"),
        "pending": await newsroom.post("Please", caller=CONTRIBUTOR),
        "due": await newsroom.post("In two days", status="scheduled", publish_at=soon),
        "later": await newsroom.post("In a month", status="scheduled", publish_at=soon + timedelta(days=28)),
    }
    return {name: entry.id for name, entry in found.items()}


async def _exported(desk: Desk, slug: str = "storm") -> Lines:
    return [line async for line in export_import.export_blog(desk, SYSTEM, slug)]


def _encoded(lines: Lines) -> list[bytes]:
    return [json.dumps(line).encode() + b"\n" for line in lines]


async def _put(desk: Desk, lines: Lines, **given: Any) -> export_import.Imported:
    return await export_import.import_blog(desk, SYSTEM, _encoded(lines), max_pixels=PIXELS, **given)


async def _rows(desk: Desk) -> dict[str, int]:
    """How many rows each table has."""
    async with desk.database.read() as connection:
        return {
            table.name: len((await connection.execute(select(table))).all())
            for table in schema.metadata.sorted_tables
        }


def _files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


async def test_a_blog_is_the_same_elsewhere(
    newsroom: Newsroom, story: dict[str, str], elsewhere: Desk, tmp_path: Path
) -> None:
    lines = await _exported(newsroom.desk)
    made = await _put(elsewhere, lines)
    assert (made.slug, made.entries, made.pictures, made.held, made.new_ids) == ("storm", 8, 2, 1, False)
    again = await _exported(elsewhere)
    due = next(e for e in lines if e["type"] == "entry" and e["entry"]["id"] == story["due"])
    due["entry"]["status"] = "pending"
    assert again[0] | {"exported_at": ""} == lines[0] | {"exported_at": ""}
    assert again[1:] == lines[1:]
    assert _files(tmp_path / "elsewhere") == _files(tmp_path / "media")
    async with newsroom.database.read() as here, elsewhere.database.read() as there:
        for name in FEEDS:
            key = FeedKey(newsroom.blog_id, name)
            old, new = await feeds.head(here, key), await feeds.head(there, key)
            assert old.seq == new.seq
            assert old.epoch != new.epoch
        assert await stored_blogs.published_count(there, newsroom.blog_id) == 4
        kept = await stored.get(there, newsroom.blog_id, story["kept"])
        assert kept == replace(await newsroom.stored(story["kept"]), author_id=None)


async def test_the_blog_lives_on_elsewhere(
    newsroom: Newsroom, story: dict[str, str], elsewhere: Desk
) -> None:
    await _put(elsewhere, await _exported(newsroom.desk))
    made = await entries.create(
        elsewhere, EDITOR, "storm", entries.Draft(Content(blocks=(Text("<p>On</p>"),)))
    )
    assert made.entry.number == 5
    again = await entries.restore(elsewhere, EDITOR, "storm", story["gone"])
    assert again.entry.content.blocks == (Text(f"<p>{SECRET}</p>"),)


async def test_what_was_retracted_reaches_no_reader_elsewhere(
    newsroom: Newsroom, story: dict[str, str], elsewhere: Desk
) -> None:
    lines = await _exported(newsroom.desk)
    assert SECRET in json.dumps(lines)  # for `restore`
    await _put(elsewhere, lines)
    async with elsewhere.database.read() as connection:
        for name in FEEDS:
            _, changes = await feeds.changes_after(connection, FeedKey(newsroom.blog_id, name), 0)
            assert {c.id: c.kind for c in changes}[story["gone"]] == "gone"
            assert SECRET not in json.dumps([c.data for c in changes])
        assert (await stored.get(connection, newsroom.blog_id, story["gone"])).content == Content()
        pictures = [line["picture"]["id"] for line in lines if line["type"] == "picture"]
        public = [await stored_media.is_public(connection, picture) for picture in pictures]
        assert sorted(public) == [False, True]


async def test_a_slug_that_is_taken_is_refused_and_another_makes_a_copy(
    newsroom: Newsroom, story: dict[str, str], tmp_path: Path
) -> None:
    lines, before = await _exported(newsroom.desk), await _rows(newsroom.desk)
    files = _files(tmp_path / "media")
    with pytest.raises(Conflict, match="slug: there is a blog “storm” already; --slug"):
        await _put(newsroom.desk, lines)
    assert await _rows(newsroom.desk) == before
    made = await _put(newsroom.desk, lines, slug="copy")
    assert (made.slug, made.new_ids) == ("copy", True)
    copy = await _exported(newsroom.desk, "copy")
    ids = {line["entry"]["id"] for line in copy if line["type"] == "entry"}
    assert ids.isdisjoint(story.values())
    assert [e["entry"]["content"] for e in copy if e["type"] == "entry"] == [
        e["entry"]["content"] for e in lines if e["type"] == "entry"
    ]
    assert [v["blog_revision"]["content"]["slug"] for v in copy if v["type"] == "blog_revision"] == ["copy"] * 2
    assert _files(tmp_path / "media") == files  # the pictures are there once
    original = await _exported(newsroom.desk)
    assert original[1:] == lines[1:]


async def test_another_picture_under_the_same_id_gets_another_id(
    newsroom: Newsroom, story: dict[str, str], elsewhere: Desk
) -> None:
    lines = await _exported(newsroom.desk)
    first = next(line["picture"] for line in lines if line["type"] == "picture")
    other = Media(
        id=first["id"], sha256="0" * 64, mime="image/png", bytes=1, width=1, height=1, widths=(), alt="",
        caption="", credit="", author_id=None, created_at=newsroom.clock.now,
    )
    async with elsewhere.database.write() as connection:
        await stored_media.insert(connection, other)
    await _put(elsewhere, lines)
    async with elsewhere.database.read() as connection:
        assert await stored_media.get(connection, first["id"]) == other
        entry = await stored.get(connection, newsroom.blog_id, story["pictured"])
        image = next(b for b in entry.content.blocks if isinstance(b, Image))
        assert (await stored_media.get(connection, image.media_id)).sha256 == first["sha256"]


def _change(kind: str, *path: str | int, to: Any) -> Callable[[Lines], None]:
    """Changes a field of the first line of this kind."""
    def change(lines: Lines) -> None:
        place: Any = next(line for line in lines if line["type"] == kind)
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = to
    return change


def _drop(kind: str) -> Callable[[Lines], None]:
    return lambda lines: lines.remove(next(line for line in lines if line["type"] == kind))


def _double(kind: str) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        place = next(n for n, line in enumerate(lines) if line["type"] == kind)
        lines.insert(place, lines[place])
    return change


def _lose_witness(lines: Lines) -> None:
    """Drops the picture that only an entry showed which is retracted."""
    lines.remove([line for line in lines if line["type"] == "picture"][1])


def _lose_pictures(lines: Lines) -> None:
    lines[:] = [line for line in lines if line["type"] != "picture"]


PNG = io.BytesIO()
Pillow.new("RGB", (4, 4)).save(PNG, "PNG")
BAD: list[tuple[str, Callable[[Lines], None], str]] = [
    ("newer", _change("header", "version", to=2), "line 1, version: at most 1"),
    ("other file", _change("header", "format", to="x"), "line 1, format: "),
    ("no header", _drop("header"), "line 1, type: “header” is expected"),
    ("no blog", _drop("blog"), "line 2, type: “blog” is expected"),
    ("two blogs", _double("blog"), "line 3, type: "),
    ("unknown type", _change("entry", "type", to="poem"), "type: one of header"),
    ("no end", _drop("end"), "the file ends too early"),
    ("lost line", _drop("entry"), "entries: the file has 7"),
    ("lost pictures", _lose_pictures, "entry.content: the picture "),
    ("lost retracted picture", _lose_witness, "pictures: the file has 1"),
    ("double entry", _double("entry"), "entry.id: "),
    ("slug", _change("blog", "blog", "slug", to="A B"), "line 2, blog.slug: "),
    ("status", _change("blog", "blog", "status", to="open"), "line 2, blog.status: one of draft, live, closed"),
    ("moment", _change("blog", "blog", "created_at", to="soon"), "line 2, blog.created_at: a moment"),
    ("no zone", _change("blog", "blog", "created_at", to="2026-01-01T00:00:00"), "line 2, blog.created_at: "),
    ("far away", _change("blog", "blog", "created_at", to="0001-01-01T00:00:00+14:00"), "blog.created_at: "),
    ("number as text", _change("blog", "blog", "revision", to="1"), "line 2, blog.revision: a whole number"),
    ("too many bits", _change("blog", "blog", "revision", to=2**31), "line 2, blog.revision: a whole number"),
    ("true is no number", _change("blog", "blog", "revision", to=True), "line 2, blog.revision: "),
    ("too long", _change("blog", "blog", "language", to="x" * 36), "line 2, blog.language: at most 35"),
    ("null", _change("blog", "blog", "headline", to=None), "line 2, blog.headline: must not be null"),
    ("unknown field", _change("blog", "blog", "colour", to="red"), "line 2, blog.colour: no such field"),
    ("script link", _change("blog", "blog", "related", 0, "url", to="javascript:x"), "blog.related.0.url: "),
    ("link", _change("blog", "blog", "related", 0, to="x"), "line 2, blog: not as an export"),
    ("link without title", _change("blog", "blog", "related", 0, to={"url": "https://x.org"}), "blog.title: "),
    ("developments", _change("blog", "blog", "key_developments", 1, to=3), "line 2, blog.key_developments.1: "),
    ("furniture", _change("blog_revision", "blog_revision", "content", to=[]), "blog_revision.content: an "),
    ("behind", _change("blog", "feeds", "public", to=1), "line 2, blog.public_seq: at most"),
    ("nul", _change("blog", "blog", "headline", to="a\0b"), "line 2, blog.headline: no NUL"),
    ("half", _change("entry", "entry", "content", "title", to="\ud800"), "entry.content.title: no NUL"),
    ("title", _change("entry", "entry", "content", "title", to=5), "entry.content.title: "),
    ("block", _change("entry", "entry", "content", "blocks", 0, "type", to="x"), "entry.content"),
    ("block field", _change("entry", "entry", "content", "blocks", 0, "z", to=1), "entry.content.blocks.0.z: "),
    ("revision", _change("entry", "revisions", 0, "content", "title", to=1), "revisions.0.content.title: "),
    ("number", _change("entry", "entry", "number", to=99), "entry.number: at most 4"),
    ("nowhere", _change("entry", "entry", "public_seq", to=None), "entry.public_seq: required"),
    ("base64", _change("picture", "files", "full", to="*"), "files.full: not base64"),
    ("no picture", _change("picture", "files", "full", to="aGk="), "files.full: "),
    ("another", _change("picture", "files", "full", to=base64.b64encode(PNG.getvalue()).decode()),
     "files.full: another picture"),
    ("rendition", _change("picture", "files", "320.webp", to=base64.b64encode(PNG.getvalue()).decode()),
     "files.320.webp: a WebP picture"),
    ("size missing", _change("picture", "files", to={}), "files: just full"),
    ("outside", _change("picture", "picture", "id", to="../../etc/passwd"), "picture.id: "),
]


@pytest.mark.parametrize(("change", "said"), [(c, s) for _, c, s in BAD], ids=[n for n, _, _ in BAD])
async def test_what_cannot_be_taken_is_named_and_nothing_is_written(
    change: Callable[[Lines], None], said: str, told: Lines, empty: Desk, tmp_path: Path
) -> None:
    lines, desk = copy.deepcopy(told), empty
    before = await _rows(desk)
    change(lines)
    with pytest.raises(Invalid) as refused:
        await _put(desk, lines)
    assert said in refused.value.detail
    assert refused.value.detail.startswith("line ")
    assert await _rows(desk) == before
    assert _files(tmp_path / "elsewhere") == {}


@pytest.fixture(scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """The lines of a story, exported once; to be copied before they are changed. On SQLite, as `empty` is,
    because only reading is looked at."""
    folder = tmp_path_factory.mktemp("told")
    empty_database.copy_to(folder / empty_database.NAME)
    source = Database(f"sqlite:///{folder / 'stoppress.db'}")
    newsroom = await open_newsroom(source, folder)
    await _told(newsroom)
    lines = await _exported(newsroom.desk)
    await source.close()
    return lines


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Desk]:
    """An empty installation."""
    path = tmp_path / "elsewhere.db"
    empty_database.copy_to(path)
    target = Database(f"sqlite:///{path}")
    yield Desk(target, MemoryBroker(), MediaFiles(tmp_path / "elsewhere"))
    await target.close()


@pytest.mark.parametrize("data", [b"", b"\n", b"{", b"[]\n", b"\xff\n", b'{"type": NaN}\n', b"[" * 100_000])
async def test_what_is_no_export_is_refused(data: bytes, elsewhere: Desk) -> None:
    with pytest.raises(Invalid, match="line 1"):
        await export_import.import_blog(elsewhere, SYSTEM, [data] if data else [], max_pixels=PIXELS)


async def test_html_of_a_file_is_sanitised(
    newsroom: Newsroom, story: dict[str, str], elsewhere: Desk
) -> None:
    lines = await _exported(newsroom.desk)
    line = next(e for e in lines if e["type"] == "entry" and e["entry"]["id"] == story["kept"])
    attack = "<p>Rain<script>alert(1)</script></p>"
    for version in (line["entry"], line["revisions"][0]):
        version["content"]["blocks"][0]["html"] = attack
    await _put(elsewhere, lines)
    async with elsewhere.database.read() as connection:
        entry = await stored.get(connection, newsroom.blog_id, story["kept"])
        versions = await stored.revisions_of(connection, entry.id)
    assert entry.content.blocks == versions[-1].content.blocks == (Text("<p>Rain</p>"),)


async def test_a_retracted_entry_with_text_is_refused(
    newsroom: Newsroom, story: dict[str, str], elsewhere: Desk
) -> None:
    lines = await _exported(newsroom.desk)
    line = next(e for e in lines if e["type"] == "entry" and e["entry"]["id"] == story["gone"])
    line["entry"]["content"]["title"] = SECRET
    with pytest.raises(Invalid, match=r"entry\.content: empty"):
        await _put(elsewhere, lines)


async def test_only_editors_take_a_blog_out_and_put_it_in(
    newsroom: Newsroom, story: dict[str, str], elsewhere: Desk
) -> None:
    for caller, error in ((CONTRIBUTOR, Forbidden), (OUTSIDER, NotFound)):
        with pytest.raises(error):
            [line async for line in export_import.export_blog(newsroom.desk, caller, "storm")]
    lines = _encoded(await _exported(newsroom.desk))
    with pytest.raises(Forbidden):
        await export_import.import_blog(elsewhere, CONTRIBUTOR, lines, max_pixels=PIXELS)


async def test_a_database_that_fails_at_the_end_leaves_no_file(
    newsroom: Newsroom, story: dict[str, str], elsewhere: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StopPressError("lost")

    lines, before = await _exported(newsroom.desk), await _rows(elsewhere)
    with monkeypatch.context() as broken:
        broken.setattr(exported_rows, "link_pictures", fail)
        with pytest.raises(StopPressError, match="lost"):
            await _put(elsewhere, lines)
    assert await _rows(elsewhere) == before
    assert _files(tmp_path / "elsewhere") == {}
    assert (await _put(elsewhere, lines)).entries == 8


async def test_a_picture_whose_file_is_missing_is_named(newsroom: Newsroom, story: dict[str, str]) -> None:
    lost = next(newsroom.desk.media._folder.rglob("*-320.webp"))
    lost.unlink()
    with pytest.raises(NotFound, match=lost.name):
        await _exported(newsroom.desk)


async def test_corrections_and_what_left_the_history_travel(newsroom: Newsroom, elsewhere: Desk) -> None:
    entry = await newsroom.post("Leaves at eight")
    for note, forget in (("We wrote seven.", False), ("", True), ("We wrote eight.", False)):
        await entries.edit(
            newsroom.desk, EDITOR, "storm", entry.id,
            {"title": note or "Tidied", "pinned": True, "pin_order": 4},
            revision=None, correction=note, remove_from_history=forget,
        )
    await _put(elsewhere, await _exported(newsroom.desk))
    async with newsroom.database.read() as here, elsewhere.database.read() as there:
        before = await stored.revisions_of(here, entry.id)
        after = await stored.revisions_of(there, entry.id)
        found = await stored.get(there, newsroom.blog_id, entry.id)
    assert [c.note for c in found.corrections] == ["We wrote eight."]
    assert found.content.pin_order == 4
    assert [(r.correction, r.hidden) for r in after] == [(r.correction, r.hidden) for r in before] == [
        ("We wrote eight.", False), ("", False), ("We wrote seven.", True), ("", True),
    ]
