"""Connections of our own: a descriptor and a few slots, no transport, no task, no parser.

The hub writes to them directly (see hub/subscriber.py). What a connection cannot send at once is kept, up to a
bound; then it lags, and what it misses is looked up by position when it has drained.
"""

from __future__ import annotations

import asyncio
import os
import socket
from codecs import IncrementalDecoder, getincrementaldecoder

import structlog
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

from server.delivery.framing import Wire
from server.delivery.listener_limits import StreamGate
from server.delivery.poller import Poller, read_available
from server.delivery.stream_endings import ending_of
from server.domain.permissions import Authority
from server.hub import resume
from server.hub.feed import Feed
from server.hub.history import Variant

log = structlog.get_logger()

MAX_MESSAGE = 4096
"""Listeners have nothing to say; a longer message ends the connection with 1009."""
MAX_RECEIVED = 65_536
"""Bytes that a listener may send between two heartbeats (over SSE: at all)."""


class Connection:
    """An event stream: a `Subscriber` of the hub, `Watched` by the poller.

    Args:
        descriptor: of a connected socket that does not block; closed with the connection.
        address: the client's, as `StreamGate.admit` counted it; released with the connection.
    """

    __slots__ = (
        "_closing", "_drained", "_timer", "address", "authority", "descriptor", "feed", "gate", "lags_since",
        "poller", "received", "seq", "slot", "unsent", "variant",
    )

    def __init__(self, wire: Wire, gate: StreamGate, poller: Poller, descriptor: int, address: str) -> None:
        self.variant: Variant = wire
        self.gate, self.poller = gate, poller
        self.descriptor, self.address = descriptor, address
        self.authority: Authority | None = None
        self.feed: Feed | None = None
        self.seq = 0
        self.lags_since = 0.0
        self.slot = -1
        self.received = 0
        self.unsent = b""
        self._closing = False
        self._drained: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Whether something can still be sent."""
        return self.descriptor >= 0 and not self._closing

    def belongs_to(self, authority: Authority, *, as_of: int) -> None:
        """End when the rights of this caller change; see `PrivateStreams`."""
        self.authority = authority
        self.gate.private.add(authority, self._expire, as_of=as_of)

    def follow(self, feed: Feed, after: int, *, seconds: float | None) -> None:
        """Subscribe to a feed from `after` on, where the cursor said that it can be; end after `seconds`."""
        self.feed = feed
        try:
            subscribed = resume.subscribe(feed, self, after)
        except Exception:  # the connection is ours: nobody else can answer for it
            log.exception("stream.subscribe", feed=str(feed.key))
            subscribed = False
        if not self.open:
            return
        if not subscribed:
            self.abort()
            return
        self.gate.hub.heartbeat.add(self)
        if self.gate.hub.draining:
            self._expire()
        elif seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._expire)

    def _expire(self) -> None:
        self.end(ending_of(None, self._wire, retry_ms=self.gate.retry_ms).data)

    @property
    def _wire(self) -> Wire:
        assert isinstance(self.variant, Wire)
        return self.variant

    # what the hub calls

    def write(self, data: bytes) -> None:
        if self._closing:
            return
        if self.unsent:
            self.unsent += data
        elif self.descriptor >= 0:
            self._send(data)
        if len(self.unsent) > self.gate.buffer_bytes and self.feed is not None:
            self.feed.lag(self)

    def beat(self, data: bytes) -> None:
        if self.feed is not None and self not in self.feed.lagging:
            self.write(data)

    def end(self, farewell: bytes) -> None:
        if not self.open:
            return
        self._leave()
        self.write(farewell)
        self._closing = True
        if self.descriptor >= 0:
            # a peer that reads nothing must not keep the last bytes, and so the socket, for ever
            self.gate.closing.add(self)
            if not self.unsent:
                self._shut_down()

    def abort(self) -> None:
        self._leave()
        self._close()

    # what the poller calls

    def readable(self) -> None:
        data = read_available(self.descriptor)
        if data == b"":
            self.abort()
        elif data and not self._closing:
            self.receive(data)

    def writable(self) -> None:
        data, self.unsent = self.unsent, b""
        if data:
            self._send(data)
        if self.unsent or self.descriptor < 0:
            return
        self.poller.watch(self.descriptor, reading=True, writing=False)
        if self._closing:
            self._shut_down()
        elif self._drained is not None:
            self._wake()
        elif self.feed is not None:
            self.gate.hub.drained(self.feed, self)

    async def drained(self, seconds: float) -> None:
        """Wait until everything was taken. Raises TimeoutError when that takes longer than `seconds`."""
        if not self.unsent or self.descriptor < 0:
            return
        self._drained = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._drained
        finally:
            self._drained = None

    def receive(self, data: bytes) -> None:
        """An event stream goes one way; what the client sends after its request is dropped."""
        self.received += len(data)
        if self.received > MAX_RECEIVED:
            self.abort()

    # inside

    def _send(self, data: bytes) -> None:
        try:
            sent = os.write(self.descriptor, data)
        except BlockingIOError:
            sent = 0
        except OSError:  # the peer is gone
            self.abort()
            return
        if sent < len(data):
            self.unsent = data[sent:]
            self.poller.watch(self.descriptor, reading=True, writing=True)

    def _shut_down(self) -> None:
        """Everything was sent. The peer closes when it has read the end; closing first, with something of the
        peer's unread, would make the kernel drop what is still on its way."""
        with_socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=self.descriptor)
        try:
            with_socket.shutdown(socket.SHUT_WR)
        except OSError:
            with_socket.detach()
            self._close()
        else:
            with_socket.detach()

    def _close(self) -> None:
        if self.descriptor >= 0:
            self.gate.closing.remove(self)
            self.poller.remove(self.descriptor)
            os.close(self.descriptor)
            self.descriptor = -1
            self.unsent = b""
            self._wake()

    def _wake(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def _leave(self) -> None:
        self.gate.hub.heartbeat.remove(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.authority is not None:
            self.gate.private.remove(self.authority, self._expire)
            self.authority = None
        if self.feed is not None:
            self.feed.remove(self)
            self.feed = None
        if self.address:
            self.gate.release(self.address)
            self.address = ""


class WebSocketConnection(Connection):
    """The same over WebSocket: answers pings, requires its own answered, and closes by the book (RFC 6455)."""

    __slots__ = ("_awaits_pong", "_compressed", "_decoder", "_parser")

    def __init__(
        self, wire: Wire, gate: StreamGate, poller: Poller, descriptor: int, address: str, *, compressed: bool
    ) -> None:
        super().__init__(wire, gate, poller, descriptor, address)
        self._awaits_pong = False
        self._compressed = compressed
        self._parser: Protocol | None = None
        self._decoder: IncrementalDecoder | None = None

    def beat(self, data: bytes) -> None:
        if self.feed is None or self in self.feed.lagging:
            return
        if self._awaits_pong:  # a whole heartbeat interval without a sign of life
            self.abort()
            return
        self._awaits_pong = True
        self.received = 0
        self.write(data)

    def receive(self, data: bytes) -> None:
        self._awaits_pong = False
        # nearly all that ever comes is a pong in one piece: not worth a parser for each connection
        if self._parser is None and data[0] == 0x8A and len(data) >= 6 and len(data) == (data[1] & 0x7F) + 6:
            return
        if self._parser is None:
            self._parser = Protocol(SERVER, state=OPEN, max_size=MAX_MESSAGE)
            if self._compressed:
                self._parser.extensions = [PerMessageDeflate(True, True, 15, 15)]
        self.received += len(data)
        self._parser.receive_data(data)
        if self.received > MAX_RECEIVED:
            self._parser.fail(CloseCode.POLICY_VIOLATION, "this stream goes one way")
        self._answer(self._parser)

    def _answer(self, parser: Protocol) -> None:
        for event in parser.events_received():  # messages of a listener are checked and dropped
            if isinstance(event, Frame) and not self._is_text(event):
                parser.fail(CloseCode.INVALID_DATA, "not UTF-8")
        replies = parser.data_to_send()
        ends = b"" in replies or parser.close_expected()
        data = b"".join(replies)
        if ends:
            self.end(data)
        elif data:
            self.write(data)

    def _is_text(self, frame: Frame) -> bool:
        """Whether what claims to be text is UTF-8 so far (RFC 6455 §8.1), over fragments too."""
        if frame.opcode is Opcode.TEXT:
            self._decoder = getincrementaldecoder("utf-8")()
        elif frame.opcode is not Opcode.CONT or self._decoder is None:
            return True
        assert self._decoder is not None
        try:
            self._decoder.decode(bytes(frame.data), frame.fin)
        except UnicodeDecodeError:
            return False
        if frame.fin:
            self._decoder = None
        return True
