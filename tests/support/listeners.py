"""Listeners as they come: raw event streams over a plain socket, WebSockets, polls. They check what every
client may rely on: positions only grow, and no older revision follows a newer one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

DEADLINE = 20.0


@dataclass(slots=True)
class Event:
    """One event as it arrived; `id` is None where the frame had none."""

    kind: str
    id: str | None
    data: Any


@dataclass(slots=True)
class State:
    """What a reader has on screen: the newest state of each thing, and the position."""

    position: str | None = None
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    resets: int = 0

    def apply(self, change: dict[str, Any]) -> None:
        if change["kind"] in ("beat", "hello"):
            if change["kind"] == "hello" and self.position is None:
                self.position = change["position"]
            return
        if change["kind"] == "reset":
            self.resets += 1
            self.position = change.get("position")
            self.things.clear()
            return
        seq = seq_of(change["position"])
        if self.position is not None:
            assert seq > seq_of(self.position), f"{change['position']} after {self.position}"
        before = self.things.get(change["id"])
        assert before is None or before["revision"] <= change["revision"], "an older version after a newer one"
        self.position = change["position"]
        self.things[change["id"]] = change
        self.log.append(change)


def seq_of(position: str) -> int:
    return int(position.rpartition(".")[2])


class Sse:
    """An event stream read from a plain socket, so that every byte is seen."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, gzip: bool) -> None:
        self._reader, self.writer = reader, writer
        self._inflate = zlib.decompressobj(31) if gzip else None
        self._buffer = b""
        self.state = State()
        self.head = b""
        self.retry: int | None = None
        self.hello: dict[str, Any] = {}
        self.raw = b""
        self.ended = False

    @property
    def status(self) -> int:
        return int(self.head.split(b" ", 2)[1])

    async def next(self) -> Event | None:
        """The next event, heartbeats included; None at the end of the stream."""
        while True:
            text, found, rest = self._buffer.partition(b"\n\n")
            if found:
                self._buffer = rest
                event = self._parse(text)
                if event is not None:
                    return event
                continue
            data = await self._chunk()
            if not data:
                self.ended = True
                return None
            self._take(data)

    async def greeting(self) -> None:
        """Read until the first event says where the stream stands: what is posted from now on is on it."""
        while not self.hello and (data := await self._chunk()):
            self._take(data)
            *whole, self._buffer = self._buffer.split(b"\n\n")
            events = [event for text in whole if (event := self._parse(text)) is not None]
            assert not events, "the first event is the greeting"

    def _take(self, data: bytes) -> None:
        self.raw += data
        self._buffer += self._inflate.decompress(data) if self._inflate else data

    async def follow(self, until: Callable[[State], bool], *, seconds: float = DEADLINE) -> State:
        """Apply events until the condition holds or the stream ends."""
        async with asyncio.timeout(seconds):
            while not until(self.state):
                event = await self.next()
                if event is None:
                    break
                self.state.apply(event.data)
        return self.state

    def _parse(self, text: bytes) -> Event | None:
        kind, place, data = "message", None, []
        for line in text.split(b"\n"):
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"event":
                kind = value.decode()
            elif name == b"id":
                place = value.decode()
            elif name == b"data":
                data.append(value.decode())
            elif name == b"retry":
                self.retry = int(value)
        if kind == "hello":
            self.hello = json.loads("\n".join(data))
            assert self.hello["position"] == place
            self.state.position = place
            return None
        if kind == "retry":  # the last one of a stream: what scripts cannot read of `retry:`
            assert json.loads("\n".join(data)) == {"kind": "retry", "retry_ms": self.retry}
            return None
        if not data:
            return None
        return Event(kind, place, json.loads("\n".join(data)))

    async def _chunk(self) -> bytes:
        try:
            size = int((await self._reader.readuntil(b"\r\n")).strip() or b"0", 16)
            data = await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        return data


@contextlib.asynccontextmanager
async def sse(
    address: tuple[str, int],
    path: str,
    *,
    last_event_id: str | None = None,
    gzip: bool = False,
    headers: dict[str, str] | None = None,
    receive_buffer: int | None = None,
    source: str | None = None,
) -> AsyncIterator[Sse]:
    """Open an event stream, perhaps from another address of this machine, and read its head; where it begins
    now, also the greeting, so that it has begun. With a small `receive_buffer` (bytes that the kernel takes)
    what is not read soon holds up the server."""
    connected = await _connected(address, receive_buffer, source)
    reader, writer = await asyncio.open_connection(sock=connected)
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Accept: text/event-stream"]
    if last_event_id:
        lines.append(f"Last-Event-ID: {last_event_id}")
    if gzip:
        lines.append("Accept-Encoding: gzip")
    lines += [f"{k}: {v}" for k, v in (headers or {}).items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    try:
        async with asyncio.timeout(DEADLINE):
            head = await reader.readuntil(b"\r\n\r\n")
        listener = Sse(reader, writer, gzip=b"content-encoding: gzip" in head.lower())
        listener.head = head
        if last_event_id is None and "after=" not in path and listener.status == 200:
            async with asyncio.timeout(DEADLINE):
                await listener.greeting()
        yield listener
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class Socket:
    """A WebSocket listener."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.state = State()

    async def follow(self, until: Callable[[State], bool], *, seconds: float = DEADLINE) -> State:
        async with asyncio.timeout(seconds):
            while not until(self.state):
                self.state.apply(json.loads(await self.connection.recv()))
        return self.state


@contextlib.asynccontextmanager
async def websocket(
    address: tuple[str, int],
    path: str,
    *,
    compression: str | None = None,
    receive_buffer: int | None = None,
    **options: Any,
) -> AsyncIterator[Socket]:
    """Open a WebSocket; `receive_buffer` as for `sse`."""
    url = "ws://{}:{}".format(*address) + path
    options |= {"sock": await _connected(address, receive_buffer), "compression": compression}
    async with connect(url, subprotocols=["stoppress.v1"], **options) as connection:  # type: ignore[list-item]
        yield Socket(connection)


async def _connected(
    address: tuple[str, int], receive_buffer: int | None, source: str | None = None
) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    if receive_buffer is not None:  # before the handshake, which tells the window
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source is not None:
        sock.bind((source, 0))
    try:
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def until(condition: Callable[[], Any], *, seconds: float = DEADLINE) -> None:
    """Wait for a condition, with a deadline."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
