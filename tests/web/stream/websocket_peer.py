"""A WebSocket client that says whatever it is told to, on a plain socket, and the three ways into a server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.app import Running, running
from tests.web.stream.websocket_cases import NO_CODE, frame

DEADLINE = 20.0
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
BASIC = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
AROUND = b"X-Twice: 1\r\nX-Twice: 2\r\n"
"""A duplicate header is no usual request: the fast path leaves it to the parser."""
LINE = b"GET /live/storm/ws HTTP/1.1"
WAYS = ["fast", "parsed", "portable"]


@contextlib.asynccontextmanager
async def three_ways(folder: Path) -> AsyncIterator[dict[str, Way]]:
    """Two servers, with a blog `storm` that is warm: the fast path serves only those."""
    async with (
        running(folder / "fast", heartbeat_seconds=60) as fast,
        running(folder / "portable", heartbeat_seconds=60, stream_path="portable") as portable,
    ):
        for server in (fast, portable):
            await server.blog()
            await server.changes()
        yield {"fast": Way(fast), "parsed": Way(fast, AROUND), "portable": Way(portable)}


@dataclass
class Way:
    """One way in: a server, and what makes a request take it."""

    server: Running
    extra: bytes = b""

    @contextlib.asynccontextmanager
    async def connect(
        self, headers: bytes = BASIC + KEY, *, line: bytes = LINE, then: bytes = b""
    ) -> AsyncIterator[Peer]:
        """Ask for a WebSocket; `then` follows the request in the same segment."""
        async with self.open() as peer:
            await peer.send(line + b"\r\nHost: x\r\n" + self.extra + headers + b"\r\n" + then)
            await peer.read_head()
            yield peer

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Peer]:
        """A connection on which nothing was said yet."""
        with socket.create_connection(self.server.address) as sock:
            sock.setblocking(False)
            yield Peer(sock)


@dataclass
class Frame:
    head: int
    data: bytes

    @property
    def code(self) -> int:
        """Of a close frame."""
        return int(struct.unpack("!H", self.data[:2])[0]) if self.data else NO_CODE


@dataclass
class Peer:
    """A client that says whatever it is told to, and reads to the very end."""

    socket: socket.socket
    head: bytes = b""
    _buffer: bytes = field(default=b"")

    async def send(self, data: bytes, *, chop: int = 0) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):  # the server may have heard enough
            for first in range(0, len(data), chop or max(1, len(data))):
                await loop.sock_sendall(self.socket, data[first : first + (chop or len(data))])
                await asyncio.sleep(0)

    async def read_head(self) -> None:
        while b"\r\n\r\n" not in self._buffer and await self._more():
            pass
        self.head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")

    async def read_some(self) -> bytes:
        """What follows the head, to the end of a first event or of the connection."""
        while b"\n\n" not in self._buffer and await self._more():
            pass
        return self._buffer

    @property
    def status(self) -> int:
        return int(self.head.split(b" ", 2)[1]) if self.head else 0

    def header(self, name: str) -> str | None:
        """A header of the answer."""
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        return None

    async def frame(self) -> Frame | None:
        """The next frame that is no ping and no heartbeat; None when the server closed."""
        while (found := await self._frame()) is not None:
            if found.head == 0x89:
                await self.send(frame(0x8A, found.data))
            elif b'"beat"' not in found.data:
                return found
        return None

    async def change(self) -> Frame:
        """The next frame, with a change in it."""
        found = await self.frame()
        assert found is not None and found.head in (0x81, 0xC1), found
        return found

    async def _frame(self) -> Frame | None:
        while True:
            if len(self._buffer) >= 2:
                size, at = self._buffer[1], 2
                if size > 125:
                    width = 2 if size == 126 else 8
                    size, at = int.from_bytes(self._buffer[2 : 2 + width], "big"), 2 + width
                if len(self._buffer) >= at + size:
                    found = Frame(self._buffer[0], self._buffer[at : at + size])
                    self._buffer = self._buffer[at + size :]
                    return found
            if not await self._more():
                return None

    async def _more(self) -> bool:
        async with asyncio.timeout(DEADLINE):
            try:
                data = await asyncio.get_running_loop().sock_recv(self.socket, 65_536)
            except ConnectionError:
                return False
        self._buffer += data
        return bool(data)

    async def pongs_until(self, payload: bytes) -> list[bytes]:
        """The payloads of the pongs before the one with `payload`. Anything but text between them is wrong."""
        found: list[bytes] = []
        while (got := await self.frame()) is not None:
            if got.head == 0x8A:
                if got.data == payload:
                    return found
                found.append(got.data)
            else:
                assert got.head & 0x0F == 1, got
        raise AssertionError(f"closed after {found}")

    async def pongs_until_close(self) -> tuple[list[bytes], int]:
        """The payloads of the pongs before the close frame, and its code. Nothing follows a close frame, and
        the server closes the connection (RFC 6455 §7.1.1)."""
        found: list[bytes] = []
        while (got := await self.frame()) is not None:
            if got.head == 0x8A:
                found.append(got.data)
            elif got.head == 0x88:
                assert await self.frame() is None
                return found, got.code
            else:
                assert got.head & 0x0F == 1, got
        raise AssertionError("cut without a close frame")
