"""The library of pictures without scripts: found, edited, put into an entry, and removed everywhere."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from PIL import Image

from server.domain.permissions import SYSTEM
from server.newsroom import people
from tests.support.app import Running, running
from tests.web.console.test_console import PASSWORD, hidden, logged_in

pytestmark = pytest.mark.anyio
Client = httpx2.AsyncClient


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("pictures")) as started:
        await people.create_user(started.desk, SYSTEM, "eddy", password=PASSWORD, name="Eddy", role="editor")
        await started.blog()
        yield started


@pytest.fixture(scope="module")
async def eddy(server: Running) -> AsyncIterator[Client]:
    async with logged_in(server, "eddy") as client:
        yield client


async def uploaded(client: Client, colour: str, **words: str) -> str:
    out = io.BytesIO()
    Image.new("RGB", (70, 50), colour).save(out, "PNG")
    files = {"picture": (f"{colour}.png", out.getvalue(), "image/png")}
    answer = await client.post("/console/pictures", data={"do": "upload", **words}, files=files)
    assert "Picture uploaded." in answer.text, answer.text
    found: str = (await client.get("/api/v1/media?limit=1")).json()["media"][0]["id"]
    return found


async def test_a_picture_is_found_edited_and_put_into_an_entry(server: Running, eddy: Client) -> None:
    pier = await uploaded(eddy, "red", picture_alt="A pier", picture_credit="Zoë")
    sea = await uploaded(eddy, "blue", picture_alt="The sea")
    for query, there, missing in (("PIER", pier, sea), ("blue.png", sea, pier), ("zoe", pier, sea)):
        page = (await eddy.get("/console/pictures", params={"q": query})).text
        assert there in page and missing not in page
    assert "No picture has these words." in (await eddy.get("/console/pictures?q=nothing")).text

    path = f"/console/pictures/{pier}"
    form = {"do": "save", "alt": "A pier in a storm", "caption": "High water", "focal_x": "25", "focal_y": "x"}
    wrong = await eddy.post(path, data=form)
    assert wrong.status_code == 422 and "a number from 0 to 100, or empty" in wrong.text
    assert (await eddy.post(path, data=form | {"do": "stay"})).text.count("Nothing is saved yet") == 1
    assert "Saved." in (await eddy.post(path, data=form | {"focal_y": ""})).text
    assert 'value="25"' in (await eddy.get(path)).text

    desk = (await eddy.get("/console/blogs/storm")).text
    assert f'<option value="{pier}">High water</option>' in desk
    sent = {"do": "publish", "body": "Rain", "picture_id": pier, "request_key": hidden(desk, "request_key")}
    said = await eddy.post("/console/blogs/storm", data=sent)
    assert "Published." in said.text, said.text
    (entry,) = (await server.http.get("/api/v1/blogs/storm/entries")).json()["entries"]
    picture = entry["blocks"][1]
    shown = [picture[name] for name in ("media_id", "alt", "caption", "credit", "focal_x")]
    assert shown == [pier, "A pier in a storm", "High water", "", 0.25]


async def test_a_picture_is_removed_and_its_file_allowed_again(server: Running, eddy: Client) -> None:
    item = await uploaded(eddy, "green", picture_alt="A face")
    blocks = [{"type": "image", "media_id": item, "alt": "A face"}]
    await server.http.post("/api/v1/blogs/storm/entries", json={"body": "Seen", "blocks": blocks})
    path = f"/console/pictures/{item}/removal"
    asks = (await eddy.get(path)).text
    assert "Entries that show it or once did</dt><dd>1</dd>" in asks
    # Enter in the reason removes nothing
    assert (await eddy.post(path, data={"do": "stay", "reason": "x"})).status_code == 200
    assert (await eddy.get(f"/media/{item}/full")).status_code == 200
    too_long: dict[str, Any] = {"do": "remove", "reason": "x" * 2001}
    assert (await eddy.post(path, data=too_long)).status_code == 422
    page = (await eddy.post(path, data={"do": "remove", "reason": "Asked by the family"})).text
    assert "Picture removed everywhere." in page and "Asked by the family" in page
    assert (await eddy.get(f"/media/{item}/full")).status_code == 410
    assert item not in (await eddy.get("/live/storm")).text

    out = io.BytesIO()
    Image.new("RGB", (70, 50), "green").save(out, "PNG")
    files = {"picture": ("again.png", out.getvalue(), "image/png")}
    again = await eddy.post("/console/pictures", data={"do": "upload"}, files=files)
    assert again.status_code == 422 and "cannot be uploaded again" in again.text
    allowed = await eddy.post(f"/console/pictures/{item}/allow")
    assert "The same file may be uploaded again." in allowed.text
    assert await uploaded(eddy, "green") != item


async def test_a_new_blog_begins_with_a_copy_without_entries(server: Running, eddy: Client) -> None:
    await server.http.post("/api/v1/blogs", json={
        "slug": "election", "headline": "Election night", "key_developments": ["Polls close at eight"],
        "topics": ["Results"], "byline": "Ada Torr", "language": "de", "time_zone": "Europe/Berlin",
        "status": "live",
    })
    await server.http.post("/api/v1/blogs/election/entries", json={"body": "First results"})
    assert "election" in (await eddy.get("/console/blogs/new")).text
    page = (await eddy.get("/console/blogs/new?from=election")).text
    for text in ("Election night", "Polls close at eight", "Results", "Ada Torr", "Europe/Berlin\" selected"):
        assert text in page
    assert '<option value="draft" selected>' in page and "First results" not in page
    assert (await eddy.get("/console/blogs/new?from=none")).status_code == 404
