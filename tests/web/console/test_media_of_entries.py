"""Galleries, covers and posters in the forms that work without scripts."""

from __future__ import annotations

import io
import json
import re
from collections.abc import AsyncIterator
from typing import Any
from zlib import crc32

import httpx2
import pytest
from PIL import Image

from server.domain.permissions import SYSTEM
from server.newsroom import people
from tests.support.app import Running, running
from tests.web.console.test_console import PASSWORD, logged_in

pytestmark = pytest.mark.anyio
Client = httpx2.AsyncClient


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("pieces")) as started:
        await people.create_user(started.desk, SYSTEM, "eddy", password=PASSWORD, name="Eddy", role="editor")
        yield started


@pytest.fixture(scope="module")
async def eddy(server: Running) -> AsyncIterator[Client]:
    async with logged_in(server, "eddy") as client:
        yield client


@pytest.fixture
async def slug(server: Running, request: pytest.FixtureRequest) -> str:
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[-90:].strip("-")
    await server.blog(name)
    return name


async def entries(server: Running, slug: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await server.http.get(f"/api/v1/blogs/{slug}/entries")).json()["entries"]
    return found


def drawn(seed: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (70, 50), tuple(crc32(seed.encode()).to_bytes(4)[:3])).save(out, "PNG")
    return out.getvalue()


async def upload(client: httpx2.AsyncClient, seed: str) -> str:
    """A picture that this person uploads; its id."""
    before = set(re.findall(r"/media/([a-z2-7]{16})/", (await client.get("/console/pictures")).text))
    files = {"picture": ("a.png", drawn(seed), "image/png")}
    await client.post("/console/pictures", data={"picture_alt": seed}, files=files)
    after = set(re.findall(r"/media/([a-z2-7]{16})/", (await client.get("/console/pictures")).text))
    (made,) = after - before
    return made


async def test_pictures_joined_in_the_form_are_a_gallery(server: Running, eddy: Client, slug: str) -> None:
    red, blue = [await upload(eddy, colour) for colour in ("red", "blue")]
    form = {"body": "Words first", "do": "publish", "media-1-joined": "1", "media-1-focal_x": "25 %"}
    for n, media_id in enumerate((red, blue)):
        form |= {
            f"media-{n}": json.dumps({"type": "image", "media_id": media_id, "place": None}),
            f"media-{n}-alt": f"Picture {n}",
        }
    wrong = await eddy.post(f"/console/blogs/{slug}", data=form | {"media-1-focal_x": "left"})
    assert '<a href="#media-1-focal_x">Picture 2, focal point</a>' in wrong.text
    assert 'value="left"' in wrong.text, "what was typed stays"
    answer = await eddy.post(f"/console/blogs/{slug}", data=form)
    assert answer.status_code == 200, answer.text
    (entry,) = await entries(server, slug)
    assert [b["type"] for b in entry["blocks"]] == ["text", "gallery"]
    assert [(i["alt"], i["focal_x"]) for i in entry["blocks"][1]["images"]] == [
        ("Picture 0", None), ("Picture 1", 0.25)
    ]
    page = (await eddy.get(f"/console/blogs/{slug}/entries/{entry['id']}")).text
    assert re.search(r'id="media-1-joined" name="media-1-joined" value="1" checked', page)
    assert 'id="media-1-focal_x" name="media-1-focal_x" type="text" value="25"' in page


async def test_a_covered_picture_and_a_video_with_its_poster_are_made_in_the_form(
    server: Running, eddy: Client, slug: str
) -> None:
    form = {
        "do": "publish", "picture_alt": "A bed", "picture_sensitive": "1", "picture_warning": "An injury",
        "video_url": "https://video.example/a.mp4", "video_title": "The ward", "video_caption": "At noon",
    }
    files = {name: (f"{name}.png", drawn(name), "image/png") for name in ("picture", "video_poster")}
    answer = await eddy.post(f"/console/blogs/{slug}", data=form, files=files)
    assert answer.status_code == 200, answer.text
    ((image, video),) = [e["blocks"] for e in await entries(server, slug)]
    assert (image["sensitive"], image["warning"], image["width"]) == (True, "An injury", 70)
    assert (video["caption"], video["poster_width"]) == ("At noon", 70)
    assert video["poster"] != image["media_id"]
    bad = await eddy.post(
        f"/console/blogs/{slug}", data={"do": "publish", "video_url": "https://video.example/a.mp4"},
        files={"video_poster": ("a.txt", b"text", "text/plain")},
    )
    assert '<a href="#video_poster">Video, poster picture</a>' in bad.text
