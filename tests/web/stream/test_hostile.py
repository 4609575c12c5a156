"""Promise 6: a slow or hostile listener harms only itself."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.serving import acceptor
from tests.support.app import Running, running
from tests.support.listeners import sse, until, websocket

pytestmark = [pytest.mark.anyio]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(
        tmp_path, heartbeat_seconds=1, listener_lag_seconds=1, listener_buffer_bytes=4096,
        max_listeners=40, max_listeners_per_address=30,
    ) as found:
        await found.blog()
        yield found


def frame(head: int, data: bytes, *, masked: bool = True) -> bytes:
    """A client's frame: `head` is FIN, RSV and opcode."""
    mask = b"\x3a\x91\x07\xe2"
    size = len(data)
    bit = 0x80 if masked else 0
    length = struct.pack("!B", size | bit) if size < 126 else struct.pack("!BH", 126 | bit, size)
    if masked:
        data = mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data))
    return bytes([head]) + length + data


async def shaken(server: Running) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(
        b"GET /live/storm/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"101" in head
    return reader, writer


async def closing(reader: asyncio.StreamReader) -> int:
    """The code of the close frame that comes."""
    async with asyncio.timeout(10):
        while True:
            head, size = await reader.readexactly(2)
            if size == 126:
                size = struct.unpack("!H", await reader.readexactly(2))[0]
            data = await reader.readexactly(size)
            if head & 0x0F == 8:
                return int(struct.unpack("!H", data[:2])[0])


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(0x81, b"x" * 5000), 1009),  # longer than a listener may speak
        (frame(0x81, b"\xff\xfe"), 1007),  # not UTF-8
        (frame(0x01, b"\xce") + frame(0x80, b"\x28"), 1007),  # not UTF-8 over two fragments
        (frame(0x81, b"x", masked=False), 1002),  # a client has to mask (RFC 6455 §5.1)
        (frame(0xC1, b"x"), 1002),  # RSV1 without an extension
        (frame(0x83, b"x"), 1002),  # an opcode that does not exist
        (frame(0x80, b"x"), 1002),  # a continuation of nothing
        (frame(0x01, b"x") + frame(0x81, b"y"), 1002),  # a message inside a message
        (frame(0x09, b"x"), 1002),  # a fragmented ping
        (frame(0x88, b"\x03"), 1002),  # a close with half a code
        (frame(0x88, struct.pack("!H", 1005)), 1002),  # a code that may not be sent
        (frame(0x88, struct.pack("!H", 1000) + b"\xff"), 1007),  # a reason that is not UTF-8
        (frame(0x88, struct.pack("!H", 1000) + b"bye"), 1000),
        (frame(0x81, b"y" * 3000) * 40, 1008),  # a listener that will not stop talking
    ],
)
async def test_websocket_violations_close_with_their_code(server: Running, sent: bytes, code: int) -> None:
    await server.changes()
    reader, writer = await shaken(server)
    writer.write(sent)
    assert await closing(reader) == code
    writer.close()
    await until(lambda: server.gate.count == 0)


@pytest.mark.parametrize("step", [1, 3])
async def test_frames_in_small_pieces_are_understood(server: Running, step: int) -> None:
    await server.changes()
    reader, writer = await shaken(server)
    sent = frame(0x01, b"Ein") + frame(0x89, b"ping") + frame(0x80, " Wort – 雪".encode())
    for first in range(0, len(sent), step):
        writer.write(sent[first : first + step])
        await writer.drain()
        await asyncio.sleep(0)
    found = b""
    async with asyncio.timeout(10):
        while b"\x8a\x04ping" not in found:
            found += await reader.read(1000)
    writer.close()


async def test_a_websocket_that_never_answers_pings_is_cut(server: Running) -> None:
    await server.changes()
    _, writer = await shaken(server)
    await until(lambda: server.gate.count == 1)
    await until(lambda: server.gate.count == 0)
    writer.close()


async def test_a_reader_that_reads_nothing_is_cut_and_the_others_get_everything(server: Running) -> None:
    async with sse(server.address, "/live/storm/stream?view=json") as quick:
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(server.address)
        deaf.sendall(b"GET /live/storm/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: server.gate.count == 2)
        posted = 0
        while server.gate.count == 2 and posted < 200:
            await server.post(body="A long update. " * 2000)
            posted += 1
            await quick.follow(lambda s: len(s.log) == posted)  # noqa: B023 (called at once)
        await until(lambda: server.gate.count == 1)
        assert server.site.hub.stats.closed_slow == 1
        entry = await server.post()
        await quick.follow(lambda s: len(s.log) == posted + 1)
        assert quick.state.log[-1]["id"] == entry["id"]
        deaf.close()


async def test_an_event_stream_that_talks_back_is_cut(server: Running) -> None:
    async with sse(server.address, "/live/storm/stream") as listener:
        await until(lambda: server.gate.count == 1)
        listener.writer.write(b"x" * 100_000)
        await until(lambda: server.gate.count == 0)


async def test_one_address_may_open_so_many_streams_and_then_is_told_to_wait(server: Running) -> None:
    opened = [await asyncio.open_connection(*server.address) for _ in range(30)]
    for _, writer in opened:
        writer.write(b"GET /live/storm/stream HTTP/1.1\r\nHost: x\r\n\r\n")
    await until(lambda: server.gate.count == 30)
    async with sse(server.address, "/live/storm/stream") as shed:
        assert shed.status == 200
        assert await shed_body(shed.head) is None
    async with websocket(server.address, "/live/storm/ws") as refused:
        await refused.connection.wait_closed()
        assert refused.connection.close_code == 1013
    # somebody else, behind a proxy that is trusted, still gets in
    async with sse(
        server.address, "/live/storm/stream", headers={"X-Forwarded-For": "203.0.113.7"}
    ) as other:
        await server.post()
        await other.follow(lambda s: len(s.log) == 1)
    for _, writer in opened:
        writer.close()
    await until(lambda: server.gate.count == 0)


async def shed_body(head: bytes) -> None:
    assert b"text/event-stream" in head
    assert b"content-length" in head.lower()


async def test_a_forwarded_address_is_not_believed_from_just_anybody(tmp_path: Path) -> None:
    async with running(tmp_path, trusted_proxies="198.51.100.1", max_listeners_per_address=1) as server:
        await server.blog()
        async with sse(server.address, "/live/storm/stream", headers={"X-Forwarded-For": "203.0.113.7"}):
            await until(lambda: server.gate.count == 1)
            assert list(server.gate.by_address) == ["127.0.0.1"]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /live/storm/stream HTTP/1.1\r\nHost: x\r\nLast-Event-ID: \x00\x01\r\n\r\n",
        b"GET /live/storm/stream?after=%0d%0aid:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /live/storm/stream?after=" + b"9" * 3000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /live/storm/stream HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        b"GET /live/storm/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"GET /live/storm/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n",
        b"GET /live/%2e%2e/stream HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_odd_requests_are_answered_or_refused_and_leave_nothing(
    server: Running, request_bytes: bytes
) -> None:
    await server.changes()
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(request_bytes)
    writer.write_eof()
    async with asyncio.timeout(10):
        found = await reader.read()
    assert b"\nid:1" not in found
    writer.close()
    await until(lambda: server.gate.count == 0)
    assert (await server.anonymous.get("/readyz")).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"\r\n", b"\r\n\r\n"],
    ids=["nothing", "half a line", "half a header", "an empty line", "empty lines"],
)
async def test_a_client_that_never_finishes_its_headers_is_cut_off(tmp_path: Path, sent: bytes) -> None:
    async with running(tmp_path, header_seconds=0.3) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(sent)
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()
        assert (await server.anonymous.get("/readyz")).status_code == 200


async def test_more_than_half_of_all_files_are_not_kept_for_who_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptor, "half_of_all_files", lambda: 3)
    async with running(tmp_path) as server:
        await server.blog()
        silent = [await asyncio.open_connection(*server.address) for _ in range(4)]
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                assert await silent[0][0].read() == b""
        silent[3][1].write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            assert b"200" in await silent[3][0].readline()
        for _, writer in silent:
            writer.close()


@pytest.mark.parametrize("extra", [{}, {"X-Other": "ü"}], ids=["fast", "parsed"])
@pytest.mark.parametrize(
    ("first", "second", "counted"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:1::/64"),  # one client has a /64 to itself
        ("203.0.113.7", "::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.9, 203.0.113.7", "203.0.113.7"),  # what it claimed before the proxy
    ],
    ids=["IPv6", "mapped", "chain"],
)
async def test_behind_a_proxy_the_limit_counts_the_client(
    tmp_path: Path, first: str, second: str, counted: str, extra: dict[str, str]
) -> None:
    async with running(tmp_path, max_listeners_per_address=1) as server:
        await server.blog()
        await server.changes()
        path = "/live/storm/stream"
        async with sse(server.address, path, headers={"X-Forwarded-For": first} | extra):
            await until(lambda: server.gate.count == 1)
            assert list(server.gate.by_address) == [counted]
            async with sse(server.address, path, headers={"X-Forwarded-For": second} | extra) as shed:
                assert b"content-length" in shed.head
            async with sse(
                server.address, path, headers={"X-Forwarded-For": "2001:db8:0:2::1"} | extra
            ):
                await until(lambda: server.gate.count == 2)
