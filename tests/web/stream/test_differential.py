"""Both ways into a stream answer any request alike: status, headers and first bytes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import struct
import zlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.app import Running, running

pytestmark = [pytest.mark.anyio]

DEADLINE = 20.0
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
NOT_COMPARED = ("date", "content-length", "connection")
"""Of the moment, of a random number in the body, and of one hop."""
SECRET = "A name that must go"


class Answer(NamedTuple):
    """What came back: the status line, the headers without their order, and what the first bytes say."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


class Ways(NamedTuple):
    """One installation, served by two servers; `positions` are worth asking from."""

    own: Running
    portable: Running
    positions: dict[str, str]
    token: str


@pytest.fixture(scope="module")
async def ways(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ways]:
    folder = tmp_path_factory.mktemp("differential")
    async with (
        running(folder, heartbeat_seconds=60) as own,
        running(folder, heartbeat_seconds=60, stream_path="portable") as portable,
    ):
        await own.blog()
        await own.blog("draft", status="draft")
        first = (await own.changes())["position"]
        entry = await own.post(title=SECRET)
        await own.retract(entry)
        for number in range(3):
            last = (await own.post(title=f"Update {number}"))["position"]
        epoch = first.split(".")[0]
        positions = {
            "none": "", "first": first, "last": last, "start": f"{epoch}.0", "future": f"{epoch}.99999",
            "another epoch": "zzzz.3", "nonsense": "not-a-position", "huge": f"{epoch}.{2**70}",
        }
        for server in (own, portable):  # both have the feed in memory
            await server.changes(after=first)
        yield Ways(own, portable, positions, own.admin_token)


async def ask(server: Running, request: bytes) -> Answer:
    """Send a request, read its head and the first bytes after it."""
    reader, writer = await asyncio.open_connection(*server.address)
    try:
        writer.write(request)
        async with asyncio.timeout(DEADLINE):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError as error:
                return Answer(0, (), error.partial.decode("latin-1"))
            line, _, lines = head.decode("latin-1").rstrip().partition("\r\n")
            headers = [tuple(x.split(": ", 1)) for x in lines.split("\r\n") if x]
            known = sorted((n.lower(), v) for n, v in headers if n.lower() not in NOT_COMPARED)
            status = int(line.split(" ")[1])
            body = "" if request.startswith(b"HEAD") else await _body(reader, status, dict(known))
        return Answer(status, tuple(known), re.sub(r'(retry: |"retry","retry_ms":)\d+', r"\1N", body))
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _body(reader: asyncio.StreamReader, status: int, headers: dict[str, str]) -> str:
    """The first event or message of a stream; all of any other answer."""
    if status == 101:
        return await _message(reader)
    if "text/event-stream" not in headers.get("content-type", "") or "transfer-encoding" not in headers:
        return (await reader.read(200)).decode("latin-1")
    inflate = zlib.decompressobj(31) if "content-encoding" in headers else None
    found = b""
    while b"\n\n" not in found:
        size = int((await reader.readuntil(b"\r\n")).strip(), 16)
        data = await reader.readexactly(size)
        await reader.readexactly(2)
        if not size:
            break
        found += inflate.decompress(data) if inflate else data
    return found.decode().partition("\n\n")[0]


async def _message(reader: asyncio.StreamReader) -> str:
    head, size = await reader.readexactly(2)
    if size == 126:
        size = struct.unpack("!H", await reader.readexactly(2))[0]
    data = await reader.readexactly(size)
    if head & 0x40:
        data = zlib.decompressobj(-15).decompress(data + b"\x00\x00\xff\xff")
    return data.decode("latin-1") if head & 0x0F == 8 else json.dumps(json.loads(data))


HANDSHAKE = (
    "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}"
)
LINES = st.sampled_from([
    "Accept: text/event-stream", "Accept-Encoding: gzip", "Accept-Encoding: gzip;q=0",
    "Accept-Encoding: gzip;Q=0", "Accept-Encoding: br, *", "Accept-Encoding: identity",
    "accept-encoding: GZIP, deflate", "X-Twice: 1", "X-Forwarded-For: 203.0.113.7",
    "X-Forwarded-Proto: https", "X-Forwarded-Proto: nonsense", "Cookie: a=b", "Origin: https://example.org",
    "Origin: http://[", "Cookie: stoppress_session=nonsense", "Content-Length: 0", "Content-Length: 5",
    "Transfer-Encoding: chunked", "Expect: 100-continue", "X-Odd:\tvalue", "X-Odd: \xfc",
    "Last-Event-ID: {first}", "Last-Event-ID: nonsense", "Authorization: Bearer {token}",
    "Authorization: Bearer wrong", "Connection: close", "Connection: keep-alive", "Upgrade: websocket",
    "Sec-WebSocket-Protocol: stoppress.v1", "Sec-WebSocket-Protocol: chat, stoppress.v1",
    "Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Extensions: permessage-deflate",
    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10", "Sec-WebSocket-Version: 8",
    "Sec-WebSocket-Extensions: x-other", "Range: bytes=0-1", "If-None-Match: *", "TE: trailers",
])
QUERY = st.sampled_from(
    ["view=json", "view=html", "view=pdf", "feed=newsroom", "feed=public", "feed=x", "x=y", ""]
)


@st.composite
def requests(draw: st.DrawFn) -> str:
    """A request with `{placeholders}` for what only the running servers know."""
    kind = draw(st.sampled_from(["stream", "stream", "ws", "ws"]))
    method = draw(st.sampled_from(["GET", "GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "get"]))
    version = draw(st.sampled_from(["1.1", "1.1", "1.1", "1.1", "1.0"]))
    slug = draw(st.sampled_from(["storm"] * 3 + ["st%6Frm", "draft", "nothing", "UPPER", "%00", "a/b"]))
    position = draw(st.sampled_from(
        ["none", "first", "last", "start", "future", "another epoch", "nonsense", "huge"]
    ))
    query = [f"after={{{position}}}"] if position != "none" else []
    query += [part for part in draw(st.lists(QUERY, max_size=2)) if part]
    target = f"/live/{slug}/{kind}" + (f"?{'&'.join(query)}" if query else "")
    lines = [] if draw(st.integers(0, 9)) == 0 else ["Host: localhost"]
    lines += HANDSHAKE if kind == "ws" and draw(st.integers(0, 4)) else []
    lines += draw(st.lists(LINES, max_size=4))
    body = "0\r\n\r\n" if "Transfer-Encoding: chunked" in lines else "hello" * ("Content-Length: 5" in lines)
    return "\r\n".join([f"{method} {target} HTTP/{version}", *lines, "", body])


@settings(
    max_examples=120, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)
@given(request=requests())
async def test_both_ways_answer_any_request_alike(ways: Ways, request: str) -> None:
    filled = request.replace("{token}", ways.token)
    for name, position in ways.positions.items():
        filled = filled.replace("{" + name + "}", position)
    own, portable = [await ask(server, filled.encode("latin-1")) for server in (ways.own, ways.portable)]
    assert own == portable
    assert SECRET not in own.body
    assert own.status < 500


async def test_a_stream_request_in_two_pieces_is_served_by_the_acceptor(ways: Ways) -> None:
    request = b"GET /live/storm/stream HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
    reader, writer = await asyncio.open_connection(*ways.own.address)
    writer.write(request[:30])
    await writer.drain()
    writer.write(request[30:])
    assert b"text/event-stream" in await reader.readuntil(b"\r\n\r\n")
    assert not ways.own.server.server_state.tasks
    writer.close()


@pytest.mark.parametrize("server", ["own", "portable"])
@pytest.mark.parametrize("sent", [
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 200_000 + b"\r\n\r\n",
    b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /live/storm/stream HTTP/1.1\r\nHost: x\r\n" + b"X-Many: y\r\n" * 20_000 + b"\r\n",
], ids=["header", "line", "headers"])
async def test_a_request_head_that_is_too_long_is_refused(ways: Ways, server: str, sent: bytes) -> None:
    answer = await ask(getattr(ways, server), sent)
    assert answer.status == 431


async def test_a_later_request_head_that_is_too_long_is_refused_too(ways: Ways) -> None:
    reader, writer = await asyncio.open_connection(*ways.own.address)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b'{"status":"ok"}')
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 200_000)
    async with asyncio.timeout(DEADLINE):
        assert b" 431 " in await reader.readline()
    writer.close()


async def test_trailers_do_not_become_headers(ways: Ways) -> None:
    """Sent after the body, they would be believed after everything was checked."""
    request = (
        "POST /api/v1/blogs/storm/entries HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n"
        f'11\r\n{{"body": "trail"}}\r\n0\r\nAuthorization: Bearer {ways.token}\r\n\r\n'
    )
    for server in (ways.own, ways.portable):
        assert (await ask(server, request.encode())).status == 401
