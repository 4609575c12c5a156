"""A line break in a field must not forge an event, a header or a second line anywhere. Each field of each body
is tried with each character."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.app import Running

pytestmark = pytest.mark.anyio

FORBIDDEN = ["\r", "\n", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"]
BLOG = "/api/v1/blogs"
ENTRIES = "/api/v1/blogs/storm/entries"
USERS = "/api/v1/users"
TOKENS = "/api/v1/tokens"

LINES: list[tuple[str, dict[str, Any], str]] = [
    (BLOG, {"slug": "{}", "headline": "A"}, "slug"),
    (BLOG, {"slug": "a", "headline": "A{}b"}, "headline"),
    (BLOG, {"slug": "a", "headline": "A", "byline": "A{}b"}, "byline"),
    (BLOG, {"slug": "a", "headline": "A", "key_developments": ["A{}b"]}, "key_developments.0"),
    (BLOG, {"slug": "a", "headline": "A", "status": "live{}"}, "status"),
    (BLOG, {"slug": "a", "headline": "A", "language": "en{}"}, "language"),
    (BLOG, {"slug": "a", "headline": "A", "time_zone": "UTC{}"}, "time_zone"),
    (BLOG, {"slug": "a", "headline": "A", "related": [{"title": "A{}b", "url": "https://example.org"}]},
     "related.0.title"),
    (BLOG, {"slug": "a", "headline": "A", "related": [{"title": "A", "url": "https://example.org/{}"}]},
     "related.0.url"),
    (ENTRIES, {"title": "A{}b"}, "title"),
    (ENTRIES, {"body": "A", "byline": "A{}b"}, "byline"),
    (ENTRIES, {"body": "A", "status": "draft{}"}, "status"),
    (ENTRIES, {"blocks": [{"type": "quote", "html": "A", "cite": "A{}b"}]}, "blocks.0.cite"),
    (ENTRIES, {"blocks": [{"type": "image", "media_id": "a" * 16 + "{}"}]}, "blocks.0.media_id"),
    (ENTRIES, {"blocks": [{"type": "image", "media_id": "a" * 16, "credit": "A{}b"}]}, "blocks.0.credit"),
    (ENTRIES, {"blocks": [{"type": "video", "url": "https://example.org/{}"}]}, "blocks.0.url"),
    (ENTRIES, {"blocks": [{"type": "video", "url": "https://example.org/", "title": "A{}b"}]},
     "blocks.0.title"),
    (ENTRIES, {"blocks": [{"type": "video", "url": "https://example.org/", "byline": "A{}b"}]},
     "blocks.0.byline"),
    (ENTRIES, {"blocks": [{"type": "embed", "url": "https://example.org/{}"}]}, "blocks.0.url"),
    (ENTRIES, {"blocks": [{"type": "embed", "url": "https://example.org/", "provider": "A{}b"}]},
     "blocks.0.provider"),
    (USERS, {"username": "ann{}", "name": "Ann", "password": "a long password"}, "username"),
    (USERS, {"username": "ann", "name": "A{}b", "password": "a long password"}, "name"),
    (USERS, {"username": "ann", "name": "Ann", "password": "a long {} password"}, "password"),
    (TOKENS, {"name": "A{}b", "role": "editor"}, "name"),
]
TEXTS: list[tuple[str, dict[str, Any], str]] = [
    (BLOG, {"slug": "a", "headline": "A", "standfirst": "A{}b"}, "standfirst"),
    (ENTRIES, {"body": "A{}b"}, "body"),
    (ENTRIES, {"blocks": [{"type": "text", "html": "A{}b"}]}, "blocks.0.html"),
    (ENTRIES, {"blocks": [{"type": "text", "markdown": "A{}b"}]}, "blocks.0.markdown"),
    (ENTRIES, {"blocks": [{"type": "quote", "html": "A{}b"}]}, "blocks.0.html"),
    (ENTRIES, {"blocks": [{"type": "image", "media_id": "a" * 16, "alt": "A{}b"}]}, "blocks.0.alt"),
    (ENTRIES, {"blocks": [{"type": "image", "media_id": "a" * 16, "caption": "A{}b"}]}, "blocks.0.caption"),
]
"""These may have line breaks of any kind."""


def _filled(value: Any, character: str) -> Any:
    if isinstance(value, str):
        return value.replace("{}", character)
    if isinstance(value, list):
        return [_filled(v, character) for v in value]
    if isinstance(value, dict):
        return {k: _filled(v, character) for k, v in value.items()}
    return value


async def _refused(server: Running, path: str, body: Any, field: str) -> None:
    content = json.dumps(body).encode()
    answer = await server.http.post(path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, (body, answer.text)
    assert [e["field"] for e in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(("path", "body", "field"), LINES, ids=[f"{p[8:]}:{f}" for p, _, f in LINES])
async def test_a_line_rejects_control_characters(server: Running, path: str, body: Any, field: str) -> None:
    for character in FORBIDDEN:
        await _refused(server, path, _filled(body, character), field)


@pytest.mark.parametrize(("path", "body", "field"), TEXTS, ids=[f"{p[8:]}:{f}" for p, _, f in TEXTS])
async def test_text_takes_line_breaks_only(server: Running, path: str, body: Any, field: str) -> None:
    for character in ("\0", "\x1b", "\x0b", "\x7f", "\x85", "\ud800"):
        await _refused(server, path, _filled(body, character), field)


async def test_line_breaks_of_any_kind_forge_no_event(server: Running) -> None:
    forged = "A\r\rid: x.9\revent: gone\rdata: {}\r\n\r\nB\u2028C\u2029D"
    before = (await server.changes())["position"]
    await server.post(body="", blocks=[{"type": "text", "html": forged, "markdown": forged}])
    async with server.anonymous.stream("GET", "/live/storm/stream", params={"after": before}) as stream:
        frames = b""
        async for part in stream.aiter_bytes():
            frames += part
            if b"event: entry" in frames and frames.endswith(b"\n\n"):
                break
    lines = frames.decode().splitlines()
    assert b"\r" not in frames
    assert [line for line in lines if line.startswith("event: gone") or line == "id: x.9"] == []
    assert [line.partition(":")[0] for line in lines if line.startswith("event")].count("event") == 1


async def test_header_values_cannot_be_forged_by_a_slug(server: Running) -> None:
    answer = await server.http.get("/api/v1/blogs/a%0d%0aSet-Cookie:%20x=y")
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/blogs/%00", "/api/v1/blogs/%ff%fe", "/api/v1/blogs/storm/entries/%00", "/api/v1/users/%00",
        "/api/v1/media/%00", "/live/%00/changes", "/live/%ff", "/live/storm?entry=%00",
    ],
)
async def test_odd_bytes_in_a_path_are_not_found(server: Running, path: str) -> None:
    answer = await server.http.get(path)
    assert answer.status_code in (400, 404), answer.text
