"""The first bytes of a stream: its response head, and the greeting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.delivery.framing import GZIP_HEADER, Wire, chunk
from server.delivery.join_feed import greet
from server.delivery.listener_limits import StreamGate
from server.delivery.sse_headers import SSE_HEADERS
from server.domain.position import Position
from server.serving.fast_path import StreamRequest

_EVENT_STREAM = b"transfer-encoding: chunked\r\n" + b"".join(
    f"{name.lower()}: {value}\r\n".encode() for name, value in SSE_HEADERS.items()
)


class StreamHeads:
    """Makes them. Those of event streams are the same for all that arrive at one position within a second.

    Args:
        date_lines: the headers that the HTTP server adds to every response, as bytes; the same object for a
            second.
        security_headers: the headers that every response of a scheme has, by lower-case name.
    """

    def __init__(
        self, gate: StreamGate, *, date_lines: Callable[[], bytes],
        security_headers: Callable[[str], dict[str, str]],
    ) -> None:
        self._gate, self._date_lines = gate, date_lines
        self._event_stream = {
            scheme: _EVENT_STREAM + _lines(security_headers(scheme)) for scheme in ("http", "https")
        }
        self._openings: dict[tuple[str, Any, bool, str, int], tuple[Wire, bytes]] = {}
        self._dates = b""

    def opening(self, scheme: str, wanted: StreamRequest) -> tuple[Wire, bytes]:
        """The wire of a recognised stream, and its head and greeting."""
        if wanted.handshake is not None:
            return self._made(scheme, wanted)
        dates = self._date_lines()
        if dates is not self._dates:
            self._openings, self._dates = {}, dates
        key = scheme, wanted.view, wanted.compressed, wanted.feed.epoch, wanted.seq
        found = self._openings.get(key)
        if found is None:
            found = self._openings[key] = self._made(scheme, wanted)
        return found

    def _made(self, scheme: str, wanted: StreamRequest) -> tuple[Wire, bytes]:
        wire, head = self.head(scheme, wanted.view, wanted.compressed, wanted.handshake)
        return wire, head + greet(wire, self._gate, Position(wanted.feed.epoch, wanted.seq))

    def head(
        self, scheme: str, view: Any, compressed: bool, handshake: bytes | None
    ) -> tuple[Wire, bytes]:
        """The wire of a stream, and its response head."""
        if handshake is not None:
            head = b"HTTP/1.1 101 Switching Protocols\r\n%b%b\r\n" % (self._date_lines(), handshake)
            return Wire(view, "ws.deflated" if compressed else "ws.framed"), head
        lines = self._event_stream["https" if scheme in ("https", "wss") else "http"]
        head = b"HTTP/1.1 200 OK\r\n%b%b" % (self._date_lines(), lines)
        if compressed:
            return Wire(view, "sse.gzip.chunked"), head + b"content-encoding: gzip\r\n\r\n" + chunk(GZIP_HEADER)
        return Wire(view, "sse.chunked"), head + b"\r\n"


def _lines(headers: dict[str, str]) -> bytes:
    """Header lines, without those that every event stream has anyway."""
    own = {name.lower() for name in SSE_HEADERS}
    return b"".join(f"{name.lower()}: {value}\r\n".encode() for name, value in headers.items()
                    if name.lower() not in own)
