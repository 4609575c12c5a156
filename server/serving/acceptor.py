"""Where every connection comes in: the protocol that sees a connection's first bytes.

A usual stream request that arrives in one piece, as nearly all do, is recognised here, answered and seated
without a parser, a task or an ASGI scope. Everything else is passed on to uvicorn's protocol with what was
read. Whoever keeps its request to itself for too long is shown out.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from server.delivery.connections import EVENT_STREAM, Seat, SocketSeat
from server.delivery.framing import GZIP_HEADER, Wire, chunk, first_event, first_message
from server.delivery.limits import StreamGate
from server.serving.fast_path import Usual, recognise
from server.serving.handover import HandoverHttp
from server.serving.header_timeout import Patience

_PLAIN = EVENT_STREAM + b"\r\n"
_GZIP = EVENT_STREAM + b"content-encoding: gzip\r\n\r\n" + chunk(GZIP_HEADER)


class Door(asyncio.Protocol):
    """The first protocol of a connection. Taken by uvicorn in place of its own; see `make_config`."""

    __slots__ = ("_app_state", "_config", "_state", "transport")

    _dated: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")
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
        usual = recognise(gate, data)
        if usual is None:
            return False
        peer = self.transport.get_extra_info("peername")
        address = gate.address_of(peer[0] if isinstance(peer, tuple) else "", usual.forwarded)
        if not gate.admit(address):
            gate.shed -= 1  # refused, and counted, on the long way
            return False
        seat, head = _welcome(gate, usual, address, self._date())
        self.transport.set_protocol(seat)
        seat.take(self.transport)
        seat.write(head)
        seat.sit(usual.feed, usual.seq, None)
        gate.hub.stats.resumes["head" if usual.at else "ring"] += 1
        return True

    def _date(self) -> bytes:
        """The headers that uvicorn adds to every response. It makes the list anew each second."""
        headers = self._state.default_headers
        made_of, lines = Door._dated
        if made_of is not headers:
            lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            Door._dated = (headers, lines)
        return lines


def _welcome(gate: StreamGate, usual: Usual, address: str, date: bytes) -> tuple[Seat, bytes]:
    """A seat for a recognised request, and all that comes before the changes."""
    feed = usual.feed
    if usual.reply is None:
        wire = Wire(usual.view, "sse.gzip.chunked" if usual.compressed else "sse.chunked")
        first = first_event(wire.framing, gate.retry_ms, usual.at)
        head = _GZIP if usual.compressed else _PLAIN
        return Seat(wire, gate, address), b"HTTP/1.1 200 OK\r\n%b%b%b" % (date, head, first)
    wire = Wire(usual.view, "ws.deflated" if usual.compressed else "ws.framed")
    seat = SocketSeat(wire, gate, address)
    seat.compressed = usual.compressed
    first = first_message(wire.framing, feed.epoch, usual.seq)
    return seat, b"HTTP/1.1 101 Switching Protocols\r\n%b%b\r\n%b" % (date, usual.reply, first)
