"""The front page: who is first, what it tells of each blog, and that it forgets what was retracted."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from tests.support.app import Running, running

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("front")) as started:
        yield started


def order(page: str) -> list[str]:
    """The slugs in the order of their headlines."""
    return list(dict.fromkeys(re.findall(r'href="/live/([a-z-]+)"', page)))


async def test_the_newest_entry_leads_and_is_told(server: Running) -> None:
    for slug in ("first", "second", "quiet"):
        await server.blog(slug, headline=slug.title())
    await server.post("second", title="Ferries stop")
    newest = await server.post("first", title="The last ferry has docked")
    # furniture is no news: the order stays
    await server.http.patch("/api/v1/blogs/quiet", json={"standfirst": "Soon."}, headers={"If-Match": "*"})
    answer = await server.anonymous.get("/")
    assert order(answer.text) == ["first", "second", "quiet"]
    assert f'href="/live/first?entry={newest["id"]}"' in answer.text
    assert f'<time datetime="{newest["published_at"]}"' in answer.text
    await server.post("second", title="Ferries run")
    changed = await server.anonymous.get("/", headers={"If-None-Match": answer.headers["etag"]})
    assert changed.status_code == 200
    assert order(changed.text) == ["second", "first", "quiet"]
    again = await server.anonymous.get("/", headers={"If-None-Match": changed.headers["etag"]})
    assert again.status_code == 304


async def test_ended_blogs_follow_with_their_updates(server: Running) -> None:
    await server.blog("ended", headline="Ended")
    gone = await server.post("ended", title="A mistake")
    for _ in range(3):
        await server.post("ended")
    await server.retract(gone, "ended")
    await server.http.patch("/api/v1/blogs/ended", json={"status": "closed"}, headers={"If-Match": "*"})
    await server.blog("live", headline="Live")
    page = (await server.anonymous.get("/")).text
    assert order(page) == ["live", "ended"]
    assert "3 updates" in page


async def test_a_retracted_line_is_gone_at_once(server: Running) -> None:
    await server.blog("storm")
    await server.post(title="It rains")
    secret = await server.post(title="The name of the witness")
    assert "The name of the witness" in (await server.anonymous.get("/")).text
    await server.retract(secret)
    page = (await server.anonymous.get("/")).text
    assert "The name of the witness" not in page and "It rains" in page


async def test_the_poster_stands_for_a_video_at_the_head(server: Running) -> None:
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "teal").save(out, "JPEG")
    answer = await server.http.post("/api/v1/media", files={"file": ("a.jpg", out.getvalue(), "image/jpeg")})
    media_id = answer.json()["id"]
    lead = {"type": "video", "url": "https://video.example.org/1", "poster": media_id}
    await server.blog("film", lead=lead)
    await server.blog("plain", lead={"type": "video", "url": "https://video.example.org/1"})
    page = (await server.anonymous.get("/")).text
    assert page.count(f'src="/media/{media_id}') == 1
    assert page.count("blog--pictured") == 1
