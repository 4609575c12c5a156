"""Promises 4 and 6 together: who reads slowly is not sent what was retracted while it read, and costs no more
memory than one group of changes."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.delivery import join_feed, subscription
from server.delivery.connections import Connection
from server.domain.change import Change, FeedKey
from server.domain.position import Position
from server.web.stream import changes
from tests.support.app import Running, running
from tests.support.listeners import sse as event_stream
from tests.support.listeners import until, websocket

pytestmark = [pytest.mark.anyio]

LONG = "A long update from the harbour. " * 1500
HANDSHAKE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


@pytest.fixture(params=["parsed", "portable"])
async def server(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    monkeypatch.setitem(join_feed.GROUP, "sse", 3)
    async with running(tmp_path, stream_path=request.param) as found:
        await found.blog()
        yield found


class SlowReader:
    """A plain socket with a small window, which reads when it is told to."""

    def __init__(self, server: Running, path: str, headers: str) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(server.address)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        self.socket.setblocking(False)
        self.read = b""

    def begins(self) -> bool:
        """Whether the first change has come, without taking it from the socket."""
        try:
            return b'"kind":"entry"' in self.socket.recv(8192, socket.MSG_PEEK)
        except BlockingIOError:
            return False

    def reads(self, what: bytes) -> bool:
        try:
            while data := self.socket.recv(1_000_000):
                self.read += data
        except BlockingIOError:
            pass
        return what in self.read


async def _position(server: Running) -> str:
    """The present one, without opening the feed: memory then holds nothing of what comes."""
    answer = await server.anonymous.get("/api/v1/blogs/storm")
    return str(answer.json()["position"])


async def _retract_meanwhile(server: Running, path: str, headers: str, at: str) -> bytes:
    """What a reader gets that reads the rest only after the last entry of a long replay was retracted."""
    for _ in range(30):
        await server.post(body=LONG)
    secret = await server.post(body="SECRETNAME was seen at the harbour.")
    reader = SlowReader(server, f"{path}?after={at}", headers)
    await until(reader.begins)
    await server.retract(secret)
    await until(lambda: reader.reads(b'"kind":"gone"'))
    reader.socket.close()
    assert reader.read.count(b'"kind":"entry"') == 30
    return reader.read


WAYS = pytest.mark.parametrize(
    ("path", "headers"), [("/live/storm/stream", ""), ("/live/storm/ws", HANDSHAKE)], ids=["sse", "ws"]
)


@WAYS
async def test_what_is_retracted_during_a_replay_from_the_store_is_not_sent(
    server: Running, path: str, headers: str
) -> None:
    assert b"SECRETNAME" not in await _retract_meanwhile(server, path, headers, await _position(server))
    await until(lambda: server.gate.count == 0)


@WAYS
@pytest.mark.parametrize("server", ["fast", "parsed", "portable"], indirect=True)
async def test_what_is_retracted_during_a_replay_from_memory_is_not_sent(
    server: Running, path: str, headers: str
) -> None:
    at = (await server.changes())["position"]  # opens the feed
    assert b"SECRETNAME" not in await _retract_meanwhile(server, path, headers, at)
    await until(lambda: server.gate.count == 0)


@WAYS
@pytest.mark.parametrize("server", ["fast"], indirect=True)
async def test_a_resumed_listener_that_does_not_read_costs_one_chunk(
    server: Running, path: str, headers: str
) -> None:
    at = (await server.changes())["position"]  # opens the feed
    for _ in range(30):
        entry = await server.post(body=LONG)
    reader = SlowReader(server, f"{path}?after={at}", headers)
    await until(reader.begins)
    (listener,) = [x for feed in server.site.hub.feeds.values() for x in feed.everyone()]
    assert isinstance(listener, Connection)
    assert len(listener.unsent) < 65_536 + 65_536 + 2 * len(LONG)
    await until(lambda: reader.reads(entry["position"].encode()))
    assert reader.read.count(b'"kind":"entry"') == 30
    reader.socket.close()


async def test_what_is_retracted_while_a_poll_reads_the_store_is_not_in_its_answer(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await _position(server)
    secret = await server.post(body="SECRETNAME was seen at the harbour.")
    kept = [await server.post() for _ in range(3)]
    hub = server.site.hub
    read = hub.replays.read_changes

    async def in_pieces(key: FeedKey, seq: int) -> tuple[Position, list[Change]]:
        at, found = await read(key, seq)
        if found and found[0].id == kept[1]["id"]:  # the second piece
            await server.retract(secret)
        return at, found[:2]

    monkeypatch.setattr(hub.replays, "read_changes", in_pieces)
    answer = await server.changes(after=at)
    assert "SECRETNAME" not in json.dumps(answer)
    assert [c["id"] for c in answer["changes"]] == [*(e["id"] for e in kept), secret["id"]]
    assert answer["changes"][-1]["kind"] == "gone"


async def test_a_poll_answers_a_long_absence_in_parts(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MAX_BYTES", 1000)
    at = await _position(server)
    entries = [await server.post() for _ in range(5)]
    found: list[dict[str, Any]] = []
    answers = 0
    while part := (await server.changes(after=at, view="json")):
        if not part["changes"]:
            break
        found += part["changes"]
        at = part["position"]
        assert at == found[-1]["position"]
        answers += 1
    assert [c["id"] for c in found] == [e["id"] for e in entries]
    assert answers > 1


@WAYS
async def test_a_reader_that_does_not_read_is_closed(
    server: Running, path: str, headers: str
) -> None:
    object.__setattr__(server.site.hub.options, "lag_seconds", 0.3)
    at = await _position(server)
    for _ in range(30):
        await server.post(body=LONG)
    reader = SlowReader(server, f"{path}?after={at}", headers)
    await until(reader.begins)
    await until(lambda: server.gate.count == 0)
    assert server.site.hub.stats.closed_slow == 1
    reader.socket.close()


@pytest.mark.parametrize("server", ["parsed", "portable"], indirect=True)
async def test_a_newsroom_stream_ends_in_time_and_is_authorised_again(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "PRIVATE_SECONDS", 0.0)
    leave = {"Authorization": f"Bearer {server.admin_token}"}
    path = "/live/storm/stream?feed=newsroom"
    async with event_stream(server.address, path, headers=leave) as listener:
        assert await listener.next() is None
    async with websocket(
        server.address, "/live/storm/ws?feed=newsroom", additional_headers=leave
    ) as socket:
        await socket.connection.wait_closed()
        assert socket.connection.close_code == 1012
    await until(lambda: server.gate.count == 0)
