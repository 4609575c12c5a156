"""Requests that are too large, too slow or of an odd shape."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.app import Running, running

pytestmark = pytest.mark.anyio

POSITIONS = [
    "", ".", "1", "a.b", "a.-1", "a.01", "a.1.2", "A.1", "a.9223372036854775808", "a." + "9" * 400, "é.1",
    "a" * 17 + ".1", "a.1%0a", "a.%01", "a.1 ", "%F0%9F%A6%81.1", "null", "../../etc/passwd", "a.１",
]


@pytest.mark.parametrize("position", POSITIONS)
async def test_position_of_any_shape_is_refused_or_reset(server: Running, position: str) -> None:
    answer = await server.anonymous.get(f"/live/storm/changes?after={position}")
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 200:
        assert answer.json()["reset"] or position == ""


@pytest.mark.parametrize("position", ["zzzzzzzz.3", "%s.999999"])
async def test_position_of_another_history_or_the_future_is_reset(server: Running, position: str) -> None:
    epoch = (await server.changes())["position"].partition(".")[0]
    after = position.replace("%s", epoch)
    assert (await server.changes(after=after))["reset"] is True


async def test_large_body_is_refused_before_it_is_read(server: Running) -> None:
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(
        b"POST /api/v1/blogs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Content-Length: 900000\r\n\r\n"
    )
    await writer.drain()
    assert (await asyncio.wait_for(reader.readline(), 5)).split()[1] == b"413"
    writer.close()
    await writer.wait_closed()


async def test_body_without_length_is_counted(server: Running) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1000

    answer = await server.http.post(
        "/api/v1/blogs", content=parts(), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_request_that_never_arrives_whole_is_ended(tmp_path: Path) -> None:
    async with running(tmp_path, request_timeout=0.3) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(
            b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        await writer.drain()
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert head.split()[1] == b"408"
        assert json.loads(await asyncio.wait_for(reader.read(10_000), 5))["code"] == "request_timeout"
        writer.close()
        await writer.wait_closed()


async def test_streams_outlast_the_time_limit(tmp_path: Path) -> None:
    async with running(tmp_path, request_timeout=1.5, heartbeat_seconds=1.0) as server:
        await server.blog()
        async with server.anonymous.stream("GET", "/live/storm/stream") as stream:
            async with asyncio.timeout(10):
                beats = 0
                async for part in stream.aiter_bytes():
                    beats += part.count(b"\n\n")
                    if beats >= 3:
                        break
        assert beats >= 3


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer sp_", "Bearer x", "bearer sp_" + "x" * 5000, "Bearer sp_\xff"]
)
async def test_malformed_tokens_are_rejected(server: Running, header: str) -> None:
    answer = await server.anonymous.get(
        "/api/v1/session", headers={"Authorization": header.encode("latin-1")}
    )
    assert answer.status_code in (400, 401), answer.text


@pytest.mark.parametrize(
    "cookie", ["", "x", "x" * 5000, "\xff\xfe", "a=b; c", '"', "'; DROP TABLE sessions --"]
)
async def test_malformed_cookies_are_anonymous(server: Running, cookie: str) -> None:
    answer = await server.anonymous.get(
        "/api/v1/session", headers={"Cookie": f"stoppress_session={cookie}".encode("latin-1")}
    )
    assert answer.status_code == 401, answer.text


async def test_other_schemes_are_left_to_proxies(server: Running) -> None:
    answer = await server.anonymous.get("/api/v1/blogs", headers={"Authorization": "Basic YTpi"})
    assert answer.status_code == 200
