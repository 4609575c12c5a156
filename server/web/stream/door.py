"""Where every connection comes in: the protocol that sees a connection's first bytes.

A usual stream request that arrives in one piece, as nearly all do, is recognised here, answered and seated
without a parser, a task or an ASGI scope. Everything else is passed on to uvicorn's protocol with what was
read. Whoever keeps its request to itself for too long is shown out.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from server.web.stream.gate import StreamGate
from server.web.stream.handover import EVENT_STREAM, HandoverHttp, Seat, SocketSeat
from server.web.stream.patience import Patience
from server.web.stream.shortcut import Usual, recognise
from server.web.stream.wire import (
    GZIP_HEADER,
    Framing,
    Wire,
    chunk,
    hello,
    opening,
    sse_bytes,
    websocket_message,
)

LONGEST = 4096
_REQUEST = re.compile(rb"GET ([\x21-\x7e]+) HTTP/1\.1\r\n")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*?)[ \t]*\r\n")


class Door(asyncio.Protocol):
    """The first protocol of a connection. Taken by uvicorn in place of its own; see `make_config`."""

    __slots__ = ("_app_state", "_config", "_state", "transport")

    gate: StreamGate | None = None
    patience: Patience
    protocol = HandoverHttp

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._config, self._state, self._app_state = config, server_state, app_state
        self.transport: asyncio.Transport = None  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self._state.connections.add(self)  # type: ignore[arg-type]
        self.patience.wait_for(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()

    def shutdown(self) -> None:
        """uvicorn ends: nothing was asked yet, so nothing is owed."""
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        self._forget()
        gate = self.gate
        if gate is not None and data.startswith(b"GET /live/") and self._answer(gate, data):
            return
        protocol = self.protocol(self._config, self._state, self._app_state)
        protocol.connection_made(self.transport)
        self.transport.set_protocol(protocol)
        protocol.data_received(data)

    def _forget(self) -> None:
        self._state.connections.discard(self)
        self.patience.enough(self)

    def _answer(self, gate: StreamGate, data: bytes) -> bool:
        found = read_request(data)
        usual = recognise(gate, *found) if found is not None else None
        if usual is None:
            return False
        peer = self.transport.get_extra_info("peername")
        address = gate.address_of(peer[0] if isinstance(peer, tuple) else "", usual.forwarded)
        if not gate.admit(address):
            return False
        seat, status, rest = _seat(gate, usual, address)
        date = b"".join(b"%b: %b\r\n" % header for header in self._state.default_headers)
        self.transport.set_protocol(seat)
        seat.take(self.transport)
        seat.write(status + date + rest)
        seat.sit(usual.feed, usual.seq, None)
        gate.hub.stats.resumes["head" if usual.at else "ring"] += 1
        return True


def read_request(data: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]] | None:
    """Target and headers (names in lower case) of a GET request without a body that came whole and alone, or
    None for anything that a real parser should judge (RFC 9112)."""
    line = _REQUEST.match(data) if len(data) <= LONGEST and data.endswith(b"\r\n\r\n") else None
    if line is None:
        return None
    headers: list[tuple[bytes, bytes]] = []
    at, end = line.end(), len(data) - 2
    while at < end:
        header = _HEADER.match(data, at)
        if header is None:
            return None
        name = header[1].lower()
        if name in (b"content-length", b"transfer-encoding", b"expect"):
            return None
        headers.append((name, header[2]))
        at = header.end()
    return line[1], headers


def _seat(gate: StreamGate, usual: Usual, address: str) -> tuple[Seat, bytes, bytes]:
    """A seat for a recognised request, the status line, and what comes between the date and the changes."""
    seat: Seat
    if usual.reply:
        framing: Framing = "ws.deflated" if usual.compressed else "ws.framed"
        seat = socket = SocketSeat(Wire(usual.view, framing), gate, address)
        socket.compressed = usual.compressed
        greeting = websocket_message(hello(usual.feed.epoch, usual.seq), framing)
        return seat, b"HTTP/1.1 101 Switching Protocols\r\n", usual.reply + b"\r\n" + greeting
    framing = "sse.gzip.chunked" if usual.compressed else "sse.chunked"
    seat = Seat(Wire(usual.view, framing), gate, address)
    greeting = sse_bytes(opening(gate.retry_ms, usual.at), framing)
    if usual.compressed:
        head = EVENT_STREAM + b"content-encoding: gzip\r\n\r\n" + chunk(GZIP_HEADER)
    else:
        head = EVENT_STREAM + b"\r\n"
    return seat, b"HTTP/1.1 200 OK\r\n", head + greeting
