"""How each kind of block is set on the page, and what of it leaves the page."""

from __future__ import annotations

import io
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image

from server.text.tables import framed
from tests.support.app import Running, running
from tests.web.reader.test_pages import page, structured

pytestmark = pytest.mark.anyio

SECRET = ("A covered body", "In the square", "Photographer X")
"""Alt text, caption and credit of the covered picture."""
COVER = re.compile(r"<details class=\"cover\".*?</details>", re.DOTALL)


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("blocks")) as started:
        yield started


async def picture(server: Running, width: int = 1300) -> str:
    out = io.BytesIO()
    Image.new("RGB", (width, 800), (10, width % 255, 90)).save(out, "JPEG")
    answer = await server.http.post("/api/v1/media", files={"file": ("a.jpg", out.getvalue(), "image/jpeg")})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def covered(media_id: str, **more: Any) -> dict[str, Any]:
    words = dict(zip(("alt", "caption", "credit"), SECRET, strict=True))
    return {"media_id": media_id, **words, "sensitive": True, **more}


async def test_a_covered_picture_is_closed_and_stays_on_the_page(server: Running) -> None:
    await server.blog("cover")
    hidden, shown = await picture(server), await picture(server, 900)
    gallery = [covered(hidden), {"media_id": shown, "alt": "The sea"}]
    blocks = [{"type": "image", **covered(hidden, warning="Distressing: an injury")},
              {"type": "gallery", "images": gallery}]
    entry = await server.post("cover", body="", blocks=blocks)
    path = f"/live/cover/entries/{entry['id']}"
    html = await page(server, path)
    covers = COVER.findall(html)
    assert len(covers) == 2 and not any("<details open" in c for c in covers)
    assert [re.findall(r"cover__warning[^>]*>([^<]*)<", c) for c in covers] == [
        ["Distressing: an injury"], ["This picture may be distressing."]
    ]
    outside = COVER.sub("", html)
    feeds = [await page(server, f"/live/cover/feed.{form}") for form in ("rss", "atom", "json")]
    blog = COVER.sub("", await page(server, "/live/cover"))
    for text in (outside, blog, *feeds):
        assert not any(word in text for word in (*SECRET, hidden)), text
    assert all("Distressing: an injury" in text and shown in text for text in feeds)
    assert all(shown in structured(text)["image"][0] for text in (outside, blog))
    assert f'og:image" content="{server.url}/media/{shown}/' in outside


async def test_a_gallery_is_a_list_with_sizes_and_focal_points(server: Running) -> None:
    await server.blog("gallery")
    ids = [await picture(server, 1300 + n) for n in range(3)]
    images = [{"media_id": i, "alt": f"Picture {n}", "caption": f"C{n}"} for n, i in enumerate(ids)]
    images[1] |= {"focal_x": 0.24, "focal_y": 1}
    entry = await server.post("gallery", body="", blocks=[{"type": "gallery", "images": images}])
    assert [i["focal_x"] for i in entry["blocks"][0]["images"]] == [None, 0.24, None]
    html = await page(server, "/live/gallery")
    (grid,) = re.findall(r'<ul class="gallery" data-count="3">.*?</ul>', html, re.DOTALL)
    assert grid.count('<li class="gallery__item">') == 3
    assert [re.search(r'alt="([^"]*)"', i)[1] for i in re.findall(r"<img[^>]*>", grid)] == [  # type: ignore[index]
        "Picture 0", "Picture 1", "Picture 2"
    ]
    assert grid.count("320.webp 320w, ") == 3 and grid.count('sizes="(min-width: 62rem) 20rem, 50vw"') == 3
    assert 'class="focal-x-2 focal-y-10"' in grid and grid.count("focal-") == 2
    item = json.loads(await page(server, "/live/gallery/feed.json"))["items"][0]
    assert item["content_html"].count("<figure><img ") == 3 and item["title"] == "Picture 0"


@pytest.mark.parametrize(("images", "field"), [
    ([{"media_id": "a" * 16, "alt": "A"}], "blocks.0.images"),
    ([{"media_id": "a" * 16, "alt": "A", "focal_x": 1.1}, {"media_id": "a" * 16}], "blocks.0.images.0.focal_x"),
    ([{"media_id": "a" * 16, "alt": "A"}, {"media_id": "B", "alt": "B"}], "blocks.0.images.1.media_id"),
])
async def test_what_is_wrong_in_a_gallery_is_named(server: Running, images: list[Any], field: str) -> None:
    if (await server.http.get("/api/v1/blogs/wrong")).status_code == 404:
        await server.blog("wrong")
    body = {"blocks": [{"type": "gallery", "images": images}]}
    answer = await server.http.post("/api/v1/blogs/wrong/entries", json=body)
    assert answer.status_code == 422
    assert [e["field"] for e in answer.json()["errors"]] == [field], answer.text


async def test_a_poster_comes_in_sizes(server: Running) -> None:
    await server.blog("poster")
    item = await picture(server)
    blocks = [
        {"type": "video", "url": url, "title": "Gate", "byline": "Ada", "poster": item}
        for url in ("https://v.example/watch/1", "https://v.example/a.mp4")
    ]
    await server.post("poster", body="", blocks=blocks)
    html = await page(server, "/live/poster")
    (facade,) = re.findall(r'<a class="facade".*?</a>', html, re.DOTALL)
    assert f"/media/{item}/320.webp 320w" in facade and 'width="1300" height="800"' in facade
    assert f'poster="/media/{item}/960.webp"' in html


def test_tables_scroll_in_a_named_frame() -> None:
    table = "<table><caption>Rain &amp; <b>wind</b></caption><tr><td>1</td></tr></table>"
    html = framed(f"<p>a</p>{table}<table><tr><td>2</td></tr></table>", "Table")
    assert html.count('<div class="table-frame" role="region" tabindex="0"') == 2
    assert f'aria-label="Rain &amp; wind">{table}</div>' in html and 'aria-label="Table"' in html
    assert framed("<p>tables</p>", "Table") == "<p>tables</p>"
