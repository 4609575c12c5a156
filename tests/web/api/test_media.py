from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.web.api.conftest import Cast, made, said

pytestmark = pytest.mark.anyio

MEDIA = "/api/v1/media"


def picture(width: int = 700, height: int = 400) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (20, 60, 90)).save(file, "PNG")
    return file.getvalue()


async def test_uploaded_picture_can_be_shown_in_an_entry(cast: Cast) -> None:
    answer = await cast["owner"].post(
        MEDIA, files={"file": ("harbour.png", picture(), "image/png")},
        data={"alt": "The harbour", "caption": "At noon", "credit": "Ada"},
    )
    item = made(answer)
    assert (item["width"], item["height"], item["alt"]) == (700, 400, "The harbour")
    assert item["name"] == "harbour.png"
    assert answer.headers["location"] == f"{MEDIA}/{item['id']}"
    assert (await cast["teammate"].get(answer.headers["location"])).json() == item
    listed = (await cast["teammate"].get(MEDIA, params={"limit": 1})).json()["media"]
    assert listed == [item]
    block = {"type": "image", "media_id": item["id"], "alt": "The harbour"}
    entry = await cast.entry("editor", body="", blocks=[block])
    shown = entry["blocks"][0]
    assert (shown["width"], shown["height"], shown["widths"]) == (700, 400, item["widths"])
    # what was read can be sent back
    assert (await cast.entry("editor", body="", blocks=[shown]))["blocks"] == [shown]


async def test_picture_needs_words_or_is_decorative(cast: Cast) -> None:
    item = made(await cast["owner"].post(MEDIA, files={"file": ("a.png", picture(), "image/png")}))
    block = {"type": "image", "media_id": item["id"]}
    answer = await cast["editor"].post("/api/v1/blogs/storm/entries", json={"blocks": [block]})
    assert said(answer, 422, "invalid")["errors"][0]["field"] == "blocks.0.alt"
    await cast.entry("editor", blocks=[block | {"decorative": True}])


async def test_a_file_that_is_not_a_picture_is_rejected(cast: Cast) -> None:
    for content in (b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\nbut not really"):
        answer = await cast["owner"].post(MEDIA, files={"file": ("a.png", content, "image/png")})
        assert answer.status_code in (415, 422), answer.text


async def test_malformed_form_is_rejected(cast: Cast) -> None:
    said(await cast["owner"].post(MEDIA, json={"file": "x"}), 415, "unsupported_media")
    no_boundary = await cast["owner"].post(
        MEDIA, content=b"x", headers={"Content-Type": "multipart/form-data"}
    )
    said(no_boundary, 400, "bad_request")
    no_file = await cast["owner"].post(MEDIA, files={"alt": (None, "The harbour")})
    assert said(no_file, 422, "invalid")["errors"][0]["field"] == "file"
    unknown = await cast["owner"].post(
        MEDIA, files={"file": ("a.png", picture(), "image/png")}, data={"title": "x"}
    )
    assert said(unknown, 422, "invalid")["errors"][0]["field"] == "title"
