"""`changes` is compressed for those who accept it: a long absence is megabytes of HTML."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from server.delivery import encoding
from tests.support.app import Running, running

pytestmark = [pytest.mark.anyio]

WORDS = "The river at the lower bridge stands at four metres and falls slowly. "


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as found:
        await found.blog()
        yield found


async def ask(server: Running, accepted: str, **query: Any) -> tuple[httpx2.Response, bytes]:
    """The answer to a poll, and its bytes as they were sent."""
    headers = {"Accept-Encoding": accepted}
    async with server.anonymous.stream("GET", "/live/storm/changes", params=query, headers=headers) as answer:
        sent = b"".join([piece async for piece in answer.aiter_raw()])
    assert answer.status_code == 200
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(sent)
    return answer, sent


async def test_changes_are_compressed_for_those_who_accept_it(server: Running) -> None:
    begin = (await server.changes())["position"]
    for number in range(30):
        await server.post(body=f"{number}. {WORDS * 20}")
    plain, whole = await ask(server, "identity", after=begin)
    assert "content-encoding" not in plain.headers
    assert len(whole) > encoding.MOST_AT_ONCE  # compressed in a thread
    answer, sent = await ask(server, "br, gzip", after=begin)
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(sent) == whole
    assert len(sent) < len(whole) / 5
    assert answer.headers["cache-control"] == plain.headers["cache-control"] == "public, max-age=1"
    refusing, sent = await ask(server, "gzip;q=0, identity", after=begin)
    assert "content-encoding" not in refusing.headers
    assert sent == whole


async def test_a_long_poll_is_compressed_too(server: Running) -> None:
    begin = (await server.changes())["position"]
    waiting = asyncio.create_task(ask(server, "gzip", after=begin, wait=30))
    while server.gate.count == 0:
        await asyncio.sleep(0.005)
    entry = await server.post(body=WORDS * 20)
    answer, sent = await waiting
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-store"
    assert [change["id"] for change in json.loads(gzip.decompress(sent))["changes"]] == [entry["id"]]


async def test_what_is_small_is_sent_as_it_is(server: Running) -> None:
    answer, sent = await ask(server, "gzip")
    assert "content-encoding" not in answer.headers
    assert json.loads(sent)["changes"] == []


async def test_a_large_body_is_not_compressed_on_the_event_loop() -> None:
    """4 MB take a tenth of a second; listeners of the same process must not wait for that."""
    body = (WORDS * 60_000).encode()[: 4 * 1024 * 1024]
    began = time.thread_time()
    sent = await encoding.gzipped(body)
    spent_here = time.thread_time() - began
    began = time.thread_time()
    expected = zlib.decompress(sent, 31)
    gzip.compress(expected, encoding.GZIP_LEVEL)
    assert expected == body
    assert spent_here < (time.thread_time() - began) / 4


async def test_who_polls_from_one_position_shares_one_compressed_body() -> None:
    small = (WORDS * 20).encode()
    assert await encoding.gzipped(small) is await encoding.gzipped(bytes(bytearray(small)))
