"""What stands at the head and at the end of a blog: its lead, its closing summary and what follows."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image

from tests.support.app import Running, running

pytestmark = pytest.mark.anyio

FOLLOWS = {"title": "The day after", "url": "https://example.org/next"}


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("furniture")) as started:
        yield started


async def picture(server: Running, colour: str = "teal") -> str:
    out = io.BytesIO()
    Image.new("RGB", (1400, 700), colour).save(out, "JPEG")
    answer = await server.http.post("/api/v1/media", files={"file": ("a.jpg", out.getvalue(), "image/jpeg")})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


async def change(server: Running, slug: str, **fields: Any) -> Any:
    return await server.http.patch(f"/api/v1/blogs/{slug}", json=fields, headers={"If-Match": "*"})


async def test_a_lead_picture_is_shown_sized_and_shared(server: Running) -> None:
    media_id = await picture(server)
    lead = {"type": "image", "media_id": media_id, "alt": "A pier", "caption": "The pier", "credit": "Ada"}
    made = await server.blog("lead", lead=lead, standfirst="Rain.")
    assert (made["lead"]["width"], made["lead"]["height"], made["lead"]["alt"]) == (1400, 700, "A pier")
    page = (await server.anonymous.get("/live/lead")).text
    assert f'<img src="/media/{media_id}/960.webp"' in page and "The pier" in page
    assert f'<meta property="og:image" content="{server.url}/media/{media_id}/960.webp">' in page
    assert (await server.anonymous.get(f"/media/{media_id}/960.webp")).status_code == 200
    again = await change(server, "lead", lead=made["lead"])
    assert again.json()["lead"] == made["lead"], "what was read may be sent back"
    gone = await change(server, "lead", lead=None)
    assert gone.json()["lead"] is None
    assert (await server.anonymous.get(f"/media/{media_id}/960.webp")).status_code == 404


async def test_a_lead_video_has_its_poster(server: Running) -> None:
    poster = await picture(server, "black")
    lead = {"type": "video", "url": "https://video.example/a.mp4", "title": "Waves", "byline": "Ben",
            "poster": poster}
    await server.blog("film", lead=lead)
    page = (await server.anonymous.get("/live/film")).text
    assert '<video controls preload="none"' in page and "Waves" in page
    assert f'<meta property="og:image" content="{server.url}/media/{poster}/960.webp">' in page
    assert (await server.anonymous.get(f"/media/{poster}/960.webp")).status_code == 200


async def test_a_distressing_lead_is_covered_and_shown_nowhere_else(server: Running) -> None:
    media_id = await picture(server, "maroon")
    lead = {"type": "image", "media_id": media_id, "alt": "A wreck", "sensitive": True, "warning": "A wreck"}
    await server.blog("wreck", lead=lead)
    page = (await server.anonymous.get("/live/wreck")).text
    before, _, _ = page.partition(f'<img src="/media/{media_id}')
    assert "<details" in before[-600:] and f'og:image" content="{server.url}/media/{media_id}' not in page
    assert media_id not in (await server.anonymous.get("/")).text


@pytest.mark.parametrize(
    ("lead", "field"),
    [
        ({"type": "image", "media_id": "a" * 16, "alt": "None"}, "lead.media_id"),
        ({"type": "image", "media_id": "short"}, "lead.media_id"),
        ({"type": "video", "url": "ftp://x"}, "lead.url"),
        ({"type": "text", "html": "<p>No</p>"}, "lead"),
    ],
)
async def test_a_lead_that_cannot_be_is_named(server: Running, lead: dict[str, Any], field: str) -> None:
    body = {"slug": "wrong", "headline": "Wrong", "lead": lead}
    answer = await server.http.post("/api/v1/blogs", json=body)
    assert answer.status_code == 422, answer.text
    assert [e["field"] for e in answer.json()["errors"]] == [field]


async def test_a_lead_picture_needs_words(server: Running) -> None:
    media_id = await picture(server)
    body = {"slug": "mute", "headline": "Mute", "lead": {"type": "image", "media_id": media_id}}
    answer = await server.http.post("/api/v1/blogs", json=body)
    assert [e["field"] for e in answer.json()["errors"]] == ["lead.alt"]


async def test_a_closed_blog_says_how_it_ended_and_what_follows(server: Running) -> None:
    summary = "The storm **passed**.<script>alert(1)</script>\n\n> Nobody was hurt.\n> — The mayor"
    await server.blog("end", closing_summary=summary, successor=FOLLOWS)
    live = (await server.anonymous.get("/live/end")).text
    assert "passed" not in live and "The day after" not in live and "Ended " not in live
    at = (await server.changes("end"))["position"]
    closed = (await change(server, "end", status="closed")).json()
    assert closed["closed_at"] and closed["successor"] == FOLLOWS
    assert "<strong>passed</strong>" in closed["closing_summary"]
    assert "<blockquote>" in closed["closing_summary"] and "The mayor" in closed["closing_summary"]
    assert "<script" not in closed["closing_summary"]
    page = (await server.anonymous.get("/live/end")).text
    (told,) = (await server.changes("end", after=at))["changes"]
    for html in (page, told["html"]):
        assert "<strong>passed</strong>" in html and f'href="{FOLLOWS["url"]}"' in html
        assert re.search(rf'Ended <time datetime="{re.escape(closed["closed_at"])}"', html)
    again = (await change(server, "end", closing_summary=closed["closing_summary"])).json()
    assert again["closing_summary"] == closed["closing_summary"], "what was read may be sent back"


async def test_a_closing_summary_has_a_limit(server: Running) -> None:
    answer = await server.http.post(
        "/api/v1/blogs", json={"slug": "long", "headline": "Long", "closing_summary": "x" * 10_001}
    )
    assert answer.status_code == 422
    assert "at most 10,000 characters" in answer.text
