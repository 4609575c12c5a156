"""Galleries, covers and posters: limits with their place, sizes from the upload, rights and retraction."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Drawing

from server.domain.blocks import Block, Gallery, Image, Video, from_json, media_ids, to_json
from server.domain.entry import Content
from server.domain.errors import Invalid
from server.domain.media import Media
from server.domain.text_limits import MAX_GALLERY
from server.newsroom import content, entries, media
from server.store import media as stored
from server.store.database import Database
from server.text.title import title_of, words_of
from tests.support.desk import EDITOR, Newsroom, open_newsroom

pytestmark = pytest.mark.anyio

ID = "a" * 16


@pytest.fixture
async def room(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    database = Database(sqlite_url)
    yield await open_newsroom(database, tmp_path)
    await database.close()


async def uploaded(room: Newsroom, width: int = 700) -> Media:
    out = io.BytesIO()
    Drawing.new("RGB", (width, 400), (width % 255, 40, 90)).save(out, "JPEG")
    return await media.upload(room.desk, EDITOR, out.getvalue(), max_bytes=10**6, max_pixels=10**6)


async def refused(*blocks: Block) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        await content.prepare(Content(blocks=blocks), "en")
    return [(f.field, f.message) for f in caught.value.fields]


async def public(room: Newsroom, ids: list[str]) -> list[bool]:
    async with room.database.read() as connection:
        return [await stored.is_public(connection, i) for i in ids]


def test_blocks_survive_json() -> None:
    blocks: list[Block] = [
        Gallery((Image(ID, "A", focal_x=0.25), Image("b" * 16, decorative=True, widths=(320,)))),
        Video("https://x.test/v", poster="c" * 16, poster_widths=(320, 640)),
    ]
    assert [from_json(to_json(b)) for b in blocks] == blocks
    assert media_ids(blocks) == {ID, "b" * 16, "c" * 16}


async def test_limits_of_a_gallery_name_its_place() -> None:
    image = Image(ID, alt="A")
    said = f"a gallery has 2 to {MAX_GALLERY} pictures; this has"
    assert await refused(image, Gallery((image,))) == [("blocks.1.images", f"{said} 1")]
    assert await refused(Gallery((image,) * 21)) == [("blocks.0.images", f"{said} 21")]
    ((field, message),) = await refused(image, Gallery((image, Image(ID))))
    assert (field, message) == ("blocks.1.images.1.alt", "describe the picture, or mark it decorative")
    with pytest.raises(Invalid, match=r"Alt text \(block 2, picture 2\): describe"):
        await content.prepare(Content(blocks=(image, Gallery((image, Image(ID))))), "en")
    half = Gallery((image, Image(ID, alt="A", caption="x\ud83d")))
    assert (await refused(half))[0][0] == "blocks.0.images.1.caption"


async def test_words_on_a_cover_need_a_cover() -> None:
    ((field, message),) = await refused(Image(ID, "A", warning="Blood"))
    assert field == "blocks.0.warning" and "sensitive" in message
    made = await content.prepare(Content(blocks=(Image(ID, "A", sensitive=True, warning=" Blood\n "),)), "en")
    assert isinstance(made.blocks[0], Image) and made.blocks[0].warning == "Blood"


def test_what_is_covered_is_in_no_title_and_no_excerpt() -> None:
    covered = Image(ID, "A body", "A body in the street", sensitive=True, warning="Distressing")
    assert title_of("", [covered]) == "Distressing"
    assert words_of([covered, Gallery((covered, Image(ID, "B", "Sea")))]) == "Sea"


async def test_sizes_are_those_of_the_uploads(room: Newsroom) -> None:
    wide, narrow = await uploaded(room), await uploaded(room, 300)
    draft = entries.Draft(Content(blocks=(
        Gallery((Image(wide.id, "A", width=9, height=9), Image(narrow.id, "B"))),
        Video("https://x.test/v", poster=wide.id, poster_width=5),
    )))
    made = (await entries.create(room.desk, EDITOR, "storm", draft)).entry.content.blocks
    assert isinstance(made[0], Gallery) and isinstance(made[1], Video)
    assert [(i.width, i.height, i.widths) for i in made[0].images] == [(700, 400, (320, 640)), (300, 400, ())]
    assert (made[1].poster_width, made[1].poster_height, made[1].poster_widths) == (700, 400, (320, 640))


async def test_a_picture_that_is_not_there_is_named(room: Newsroom) -> None:
    item = await uploaded(room)
    gallery = Gallery((Image(item.id, "A"), Image(ID, "B")))
    with pytest.raises(Invalid) as caught:
        await entries.create(room.desk, EDITOR, "storm", entries.Draft(Content(blocks=(gallery,))))
    assert [f.field for f in caught.value.fields] == ["blocks.0.images.1.media_id"]


async def test_pictures_of_a_gallery_are_public_while_it_is(room: Newsroom) -> None:
    ids = [(await uploaded(room, width)).id for width in (100, 101, 102)]
    blocks = (Gallery((Image(ids[0], "A"), Image(ids[1], "B"))), Video("https://x.test/", poster=ids[2]))
    draft: Any = entries.Draft(Content(blocks=blocks), "draft")
    entry = (await entries.create(room.desk, EDITOR, "storm", draft)).entry
    assert await public(room, ids) == [False] * 3
    await entries.edit(room.desk, EDITOR, "storm", entry.id, {}, revision=None, status="published")
    assert await public(room, ids) == [True] * 3
    await entries.edit(room.desk, EDITOR, "storm", entry.id, {"blocks": blocks[1:]}, revision=None)
    assert await public(room, ids) == [False, False, True]
    await entries.retract(room.desk, EDITOR, "storm", entry.id)
    assert await public(room, ids) == [False] * 3
