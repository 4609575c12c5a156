"""Connections that belong to the hub alone: a transport, a few slots, no task and no parser.

uvicorn finishes the request in its own way, and then the endpoint takes the transport over: the protocols here
offer that as an extension of the ASGI scope. They use private parts of uvicorn 0.54 (see
tests/contracts/test_handover.py); under any other server the extension is absent and the portable path runs.
"""

from __future__ import annotations

import asyncio
from codecs import IncrementalDecoder, getincrementaldecoder

import structlog
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

from server.delivery.framing import Wire
from server.delivery.limits import StreamGate
from server.hub.feed import Feed, Write
from server.hub.subscriber import Listener

log = structlog.get_logger()

SSE_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
    "Access-Control-Allow-Origin": "*",
}
EVENT_STREAM = b"transfer-encoding: chunked\r\n" + b"".join(
    f"{name.lower()}: {value}\r\n".encode() for name, value in SSE_HEADERS.items()
)
MAX_MESSAGE = 4096
"""Listeners have nothing to say; a longer message ends the connection with 1009."""
MAX_HEARD = 65_536
"""Bytes that a listener may say between two heartbeats (over SSE: at all)."""
DEFAULT_MARK = 65_536
"""Bytes that may wait in a transport of asyncio or uvloop before it says that it is full, by default."""
GRACE_SECONDS = 5.0
"""How long a peer may take to finish a close before the transport is cut."""


class Seat(Listener, asyncio.Protocol):
    """A listener that is its connection's protocol."""

    __slots__ = ("address", "gate", "heard", "transport", "write")

    write: Write  # type: ignore[assignment]  # the transport's own, once there is one

    transport: asyncio.Transport

    def __init__(self, wire: Wire, gate: StreamGate, address: str) -> None:
        Listener.__init__(self, wire)
        self.gate = gate
        self.heard = 0
        self.address = address

    def take(self, transport: asyncio.Transport) -> None:
        """The transport is ours from here on."""
        self.transport = transport
        self.write = transport.write
        if self.gate.buffer_bytes == DEFAULT_MARK and not transport.get_write_buffer_size():
            return
        # what waits already is not signalled again: the mark goes above it, or a full transport would not be
        # noticed
        waits = transport.get_write_buffer_size()
        transport.set_write_buffer_limits(high=max(self.gate.buffer_bytes, waits + MAX_MESSAGE))

    def sit(self, feed: Feed, seq: int, seconds: float | None) -> None:
        """Sit down in the feed at `seq`, where the hub said that it can be; end after `seconds`, if given."""
        try:
            seated = feed.seat(self, seq)
        except Exception:  # the connection is ours: whoever called has nothing left to answer with
            log.exception("stream.seat", feed=str(feed.key))
            seated = False
        if not seated:
            self.abort()
            return
        self.gate.hub.wheel.add(self)
        if self.gate.hub.draining:
            self._expire()
        elif seconds is not None:
            asyncio.get_running_loop().call_later(seconds, self._expire)

    def _expire(self) -> None:
        if self.address:
            self.end(self.gate.hub.signals.farewell(self.variant, self.gate.retry_ms))

    def end(self, farewell: bytes) -> None:
        self._leave()
        if not self.transport.is_closing():
            self.transport.write(farewell)
            self.transport.close()
            # a peer that reads nothing must not keep the last bytes, and so the socket, for ever
            asyncio.get_running_loop().call_later(GRACE_SECONDS, self.transport.abort)

    def abort(self) -> None:
        self._leave()
        self.transport.abort()

    def pause_writing(self) -> None:
        if self.feed is not None:
            self.feed.lag(self)

    def resume_writing(self) -> None:
        if self.feed is not None:
            self.feed.catch_up(self)

    def data_received(self, data: bytes) -> None:
        """An event stream goes one way; what the client sends after its request is dropped."""
        self.heard += len(data)
        if self.heard > MAX_HEARD:
            self.abort()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def _leave(self) -> None:
        if self.address:
            self.gate.hub.leave(self)
            self.gate.release(self.address)
            self.address = ""


class SocketSeat(Seat):
    """The same over WebSocket: answers pings, wants its own answered, and closes by the book."""

    __slots__ = ("awaits_pong", "compressed", "decoder", "parser")

    def __init__(self, wire: Wire, gate: StreamGate, address: str) -> None:
        Seat.__init__(self, wire, gate, address)
        self.awaits_pong = False
        self.parser: Protocol | None = None
        self.decoder: IncrementalDecoder | None = None
        self.compressed = False

    def beat(self, data: bytes) -> None:
        if self.awaits_pong:  # a whole heartbeat interval without a sign of life
            self.abort()
            return
        self.awaits_pong = True
        self.heard = 0
        self.write(data)

    def data_received(self, data: bytes) -> None:
        self.awaits_pong = False
        # nearly all that ever comes is a pong in one piece: not worth a parser for each connection
        if self.parser is None and data[0] == 0x8A and len(data) >= 6 and len(data) == (data[1] & 0x7F) + 6:
            return
        if self.parser is None:
            self.parser = Protocol(SERVER, state=OPEN, max_size=MAX_MESSAGE)
            if self.compressed:
                self.parser.extensions = [PerMessageDeflate(True, True, 15, 15)]
        self.heard += len(data)
        self.parser.receive_data(data)
        if self.heard > MAX_HEARD:
            self.parser.fail(CloseCode.POLICY_VIOLATION, "this stream goes one way")
        self._answer(self.parser)

    def _answer(self, parser: Protocol) -> None:
        for event in parser.events_received():  # messages of a listener are judged and dropped
            if isinstance(event, Frame) and not self._is_text(event):
                parser.fail(CloseCode.INVALID_DATA, "not UTF-8")
        for reply in parser.data_to_send():
            if reply:
                self.transport.write(reply)
            else:
                self._leave()
                self.transport.close()
        if parser.close_expected():
            self._leave()
            self.transport.close()
        if self.transport.is_closing():
            asyncio.get_running_loop().call_later(GRACE_SECONDS, self.transport.abort)

    def _is_text(self, frame: Frame) -> bool:
        """Whether what claims to be text is UTF-8 so far (RFC 6455 §8.1), over fragments too."""
        if frame.opcode is Opcode.TEXT:
            self.decoder = getincrementaldecoder("utf-8")()
        elif frame.opcode is not Opcode.CONT or self.decoder is None:
            return True
        assert self.decoder is not None
        try:
            self.decoder.decode(bytes(frame.data), frame.fin)
        except UnicodeDecodeError:
            return False
        if frame.fin:
            self.decoder = None
        return True
