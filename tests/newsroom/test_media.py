"""Uploading: everything of a picture is kept, or nothing."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from server.domain.errors import Forbidden, Invalid, TooLarge, Unavailable, UnsupportedMedia
from server.domain.permissions import SYSTEM
from server.media.files import MediaFiles
from server.media.urls import file_name
from server.newsroom import media
from server.store import media as stored
from server.store.database import Database
from tests.support.desk import CONTRIBUTOR, EDITOR, OUTSIDER, Newsroom, open_newsroom

pytestmark = pytest.mark.anyio

LIMITS: dict[str, Any] = {"max_bytes": 1_000_000, "max_pixels": 1_000_000}


@pytest.fixture
def picture() -> bytes:
    out = io.BytesIO()
    Image.effect_mandelbrot((700, 500), (-2, -1.5, 1, 1.5), 40).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
async def room(sqlite_url: str, tmp_path: Path) -> Any:
    database = Database(sqlite_url)
    yield await open_newsroom(database, tmp_path)
    await database.close()


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "media").rglob("*") if path.is_file())


async def test_a_picture_is_kept_with_its_renditions(room: Newsroom, picture: bytes, tmp_path: Path) -> None:
    item = await media.upload(
        room.desk, CONTRIBUTOR, picture, alt=" A pier\n in a storm ", caption="The pier", credit="Ada", **LIMITS
    )
    assert (item.mime, item.width, item.height, item.widths) == ("image/jpeg", 700, 500, (320, 640))
    assert (item.alt, item.author_id) == ("A pier in a storm", CONTRIBUTOR.id)
    assert _files(tmp_path) == sorted(file_name(item.id, width) for width in (None, 320, 640))
    async with room.database.read() as connection:
        assert await stored.get(connection, item.id) == item


async def test_an_outsider_cannot_upload(room: Newsroom, picture: bytes, tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        await media.upload(room.desk, OUTSIDER, picture, **LIMITS)
    assert _files(tmp_path) == []


async def test_invalid_uploads_are_rejected(room: Newsroom, picture: bytes, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia):
        await media.upload(room.desk, EDITOR, b"text", **LIMITS)
    with pytest.raises(TooLarge):
        await media.upload(room.desk, EDITOR, picture, max_bytes=10, max_pixels=1_000_000)
    with pytest.raises(TooLarge):
        await media.upload(room.desk, EDITOR, picture, max_bytes=1_000_000, max_pixels=10)
    with pytest.raises(Invalid) as caught:
        await media.upload(room.desk, EDITOR, picture, alt="x" * 2001, credit="x" * 301, **LIMITS)
    assert [f.field for f in caught.value.fields] == ["alt", "credit"]
    assert _files(tmp_path) == []


async def test_a_failing_database_leaves_no_files(room: Newsroom, picture: bytes, tmp_path: Path) -> None:
    away = Database("sqlite:////proc/nothing.db")
    with pytest.raises(Unavailable):
        await media.upload(replace(room.desk, database=away), EDITOR, picture, **LIMITS)
    await away.close()
    assert _files(tmp_path) == []


async def test_a_failing_disk_leaves_no_row_and_no_files(
    room: Newsroom, picture: bytes, tmp_path: Path
) -> None:
    class Failing(MediaFiles):
        async def put(self, name: str, data: bytes) -> None:
            if "640" in name:
                # a name that no file system takes: the failure is the disk's own
                name = f"{name}{'x' * os.pathconf('/', 'PC_NAME_MAX')}"
            await super().put(name, data)

    desk = replace(room.desk, media=Failing(tmp_path / "media"))
    with pytest.raises(Unavailable):
        await media.upload(desk, EDITOR, picture, **LIMITS)
    assert _files(tmp_path) == []
    async with room.database.read() as connection:
        assert await stored.latest(connection, SYSTEM) == []
