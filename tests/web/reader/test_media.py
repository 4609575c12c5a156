"""Serving pictures: public exactly while something published shows them."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from server.domain.blocks import Image as ImageBlock
from server.domain.entry import Content
from server.domain.media import Media
from server.domain.permissions import SYSTEM
from server.newsroom import entries, media
from tests.support.app import Running, running

pytestmark = pytest.mark.anyio


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as started:
        yield started


@pytest.fixture
async def item(site: Running) -> Media:
    out = io.BytesIO()
    Image.effect_mandelbrot((700, 500), (-2, -1.5, 1, 1.5), 40).convert("RGB").save(out, "JPEG")
    await site.blog()
    return await media.upload(
        site.desk, SYSTEM, out.getvalue(), alt="A pier", max_bytes=10**6, max_pixels=10**6
    )


async def _show(site: Running, item: Media) -> str:
    content = Content(blocks=(ImageBlock(media_id=item.id, alt="A pier"),))
    return (await entries.create(site.desk, SYSTEM, "storm", entries.Draft(content))).entry.id


async def test_a_published_picture_is_served_in_its_sizes(site: Running, item: Media) -> None:
    await _show(site, item)
    for name, kind, width in (("full", "image/jpeg", 700), ("320.webp", "image/webp", 320)):
        answer = await site.anonymous.get(f"/media/{item.id}/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert Image.open(io.BytesIO(answer.content)).width == width


async def test_caches_ask_again_within_a_minute(site: Running, item: Media) -> None:
    await _show(site, item)
    path = f"/media/{item.id}/640.webp"
    first = await site.anonymous.get(path)
    assert first.headers["cache-control"] == "public, max-age=60, must-revalidate"
    again = await site.anonymous.get(path, headers={"If-None-Match": f"W/{first.headers['etag']}"})
    assert (again.status_code, again.content) == (304, b"")
    other = await site.anonymous.get(f"/media/{item.id}/full", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


async def test_a_retraction_takes_the_picture_away(site: Running, item: Media) -> None:
    entry_id = await _show(site, item)
    path = f"/media/{item.id}/full"
    etag = (await site.anonymous.get(path)).headers["etag"]
    await entries.retract(site.desk, SYSTEM, "storm", entry_id)
    assert (await site.anonymous.get(path)).status_code == 404
    assert (await site.anonymous.get(path, headers={"If-None-Match": etag})).status_code == 404


async def test_unpublished_pictures_are_for_the_newsroom_only(site: Running, item: Media) -> None:
    path = f"/media/{item.id}/full"
    assert (await site.anonymous.get(path)).status_code == 404
    answer = await site.http.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("name", ["960.webp", "320.jpg", "320", "full.jpg", "..%2Ffull", "0320.webp"])
async def test_a_size_that_does_not_exist_is_not_found(site: Running, item: Media, name: str) -> None:
    await _show(site, item)
    assert (await site.anonymous.get(f"/media/{item.id}/{name}")).status_code == 404


async def test_a_picture_that_does_not_exist_is_not_found(site: Running) -> None:
    for media_id in ("nothing", "..", "%2e%2e%2f%2e%2e", "a" * 5000):
        assert (await site.http.get(f"/media/{media_id}/full")).status_code == 404


async def test_a_removed_picture_is_on_no_page_and_its_address_is_gone(site: Running, item: Media) -> None:
    shown = await _show(site, item)
    caption = "The witness of Harbour Lane"
    block = {"type": "image", "media_id": item.id, "alt": "A pier", "caption": caption}
    changed = [{"type": "text", "html": "<p>Calm</p>"}, block]
    path = f"/api/v1/blogs/storm/entries/{shown}"
    edited = await site.http.patch(path, json={"blocks": changed}, headers={"If-Match": "*"})
    assert edited.status_code == 200, edited.text
    pages = [
        "/", "/live/storm", "/live/storm/feed.rss", "/live/storm/feed.json", "/live/storm/changes?after=",
        f"/live/storm/entries/{shown}", f"/live/storm/entries/{shown}/history", "/live/storm/embed", path,
    ]
    start = (await site.anonymous.get("/live/storm/changes")).json()["position"].partition(".")[0]
    pages[4] += f"{start}.0"
    before = {page: (await site.anonymous.get(page)).text for page in pages}
    assert [page for page, text in before.items() if item.id not in text] == ["/", pages[6]]
    assert caption in before[pages[6]]
    picture = f"/media/{item.id}/full"
    assert (await site.anonymous.get(picture)).status_code == 200

    removed = await site.http.delete(f"/api/v1/media/{item.id}", params={"reason": "Asked by the family"})

    assert removed.status_code == 200, removed.text
    assert removed.json()["entries"] == 1 and removed.json()["reason"] == "Asked by the family"
    for page in pages:
        answer = await site.anonymous.get(page)
        assert answer.status_code == 200 and item.id not in answer.text and caption not in answer.text, page
    for client in (site.anonymous, site.http):
        gone = await client.get(picture)
        assert (gone.status_code, gone.headers["cache-control"]) == (410, "no-store")
    assert (await site.http.get(f"/api/v1/media/{item.id}")).status_code == 410
    assert (await site.http.delete(f"/api/v1/media/{item.id}")).status_code == 410
