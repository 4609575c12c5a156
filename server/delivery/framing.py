"""Changes and signals as bytes, framed for a transport. Each is made once and shared.

A *view* is what is in the JSON: `html` for pages, `json` for programs. A *framing* is what stands around it:

- `json`: the JSON text and a comma, for `/changes`
- `sse`, `sse.gzip`: an event of the event stream (HTML Living Standard §9.2), plain or compressed
- `sse.chunked`, `sse.gzip.chunked`: the same in a chunk of HTTP/1.1 (RFC 9112 §7.1), for our own connections
- `ws`: the JSON text, for a server that frames by itself
- `ws.framed`, `ws.deflated`: a whole WebSocket frame (RFC 6455 §5.2), the second compressed (RFC 7692)

A compressed frame is shared by all who listen: it refers to nothing before it. For gzip that is a full flush
at its end; for WebSocket it is `server_no_context_takeover`.
"""

from __future__ import annotations

import functools
import json
import struct
import zlib
from typing import Literal, NamedTuple, TypeAlias, cast

from server.hub.history import Variant
from server.hub.hub import Signals

View: TypeAlias = Literal["html", "json"]
Framing: TypeAlias = Literal[
    "json", "sse", "sse.gzip", "sse.chunked", "sse.gzip.chunked", "ws", "ws.framed", "ws.deflated"
]
VIEWS: tuple[View, ...] = ("html", "json")
LEVEL = 6
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""RFC 1952 §2.3: deflate, no flags, no time, unknown system. Sent once, before the first frame."""
LAST_CHUNK = b"0\r\n\r\n"
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013
POLICY_VIOLATION = 1008


class Wire(NamedTuple):
    """The hub's `Variant`: which bytes a listener gets."""

    view: View
    framing: Framing

    @property
    def transport(self) -> Literal["sse", "ws", "poll"]:
        """How it travels, for metrics."""
        return "poll" if self.framing == "json" else "ws" if self.framing.startswith("ws") else "sse"


def frame(framing: Framing, text: bytes, *, event: str, position: str | None) -> bytes:
    """`text` (one line of JSON) in its framing. Heartbeats carry no position."""
    if framing == "json":
        return text + b","
    if framing.startswith("ws"):
        return websocket_message(text, framing)
    place = b"id: %b\n" % position.encode() if position is not None else b""
    return sse_bytes(b"%bevent: %b\ndata: %b\n\n" % (place, event.encode(), text), framing)


def sse_bytes(data: bytes, framing: Framing) -> bytes:
    """Lines of an event stream, compressed and chunked as the framing asks."""
    if "gzip" in framing:
        data = _deflate(data, zlib.Z_FULL_FLUSH)
    return chunk(data) if framing.endswith("chunked") else data


def chunk(data: bytes) -> bytes:
    """One chunk of HTTP/1.1."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def websocket_message(text: bytes, framing: Framing) -> bytes:
    """A text message: the bare text, a whole frame, or a whole compressed frame."""
    if framing == "ws":
        return text
    if framing == "ws.deflated":
        # RFC 7692 §7.2.1: without the empty block at the end
        return websocket_frame(0xC1, _deflate(text, zlib.Z_SYNC_FLUSH)[:-4])
    return websocket_frame(0x81, text)


def websocket_frame(head: int, data: bytes) -> bytes:
    """A frame from server to client: unmasked, final. `head` is FIN, RSV and opcode."""
    size = len(data)
    if size < 126:
        return struct.pack("!BB", head, size) + data
    if size < 65536:
        return struct.pack("!BBH", head, 126, size) + data
    return struct.pack("!BBQ", head, 127, size) + data


def close_frame(code: int, reason: str = "") -> bytes:
    return websocket_frame(0x88, struct.pack("!H", code) + reason.encode())


def _deflate(data: bytes, flush: int) -> bytes:
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
    return compressor.compress(data) + compressor.flush(flush)


PING = websocket_frame(0x89, b"sp")
_BEAT = b'{"kind":"beat"}'
_beats: dict[Wire, bytes] = {}


def beat(variant: Variant) -> bytes:
    """A heartbeat that scripts can see, without a position; on our own WebSockets with a ping before it."""
    wire = cast(Wire, variant)
    data = _beats.get(wire)
    if data is None:
        data = frame(wire.framing, _BEAT, event="beat", position=None)
        if wire.framing in ("ws.framed", "ws.deflated"):
            data = PING + data
        _beats[wire] = data
    return data


@functools.lru_cache(maxsize=1024)
def greeting(framing: Framing, position: str, *, retry_ms: int, heartbeat_seconds: float) -> bytes:
    """What comes first on a stream, `hello`: where it goes on from, the least wait before a reconnect, and how
    often heartbeats come. Many join at the same position: it is compressed once."""
    text = json.dumps(
        {"kind": "hello", "position": position, "heartbeat_seconds": heartbeat_seconds, "retry_ms": retry_ms},
        separators=(",", ":"),
    ).encode()
    if framing.startswith("ws"):
        return websocket_message(text, framing)
    event = b"retry: %d\nid: %b\nevent: hello\ndata: %b\n\n" % (retry_ms, position.encode(), text)
    return sse_bytes(event, framing)


def reset(variant: Variant, position: str | None = None) -> bytes:
    """Load afresh: the last event. With `position`, where the feed stands now."""
    wire = cast(Wire, variant)
    body = {"kind": "reset"} | ({"position": position} if position else {})
    data = frame(wire.framing, json.dumps(body).encode(), event="reset", position=position)
    return data + _close(wire, "reset")


def farewell(variant: Variant, wait_ms: int, *, code: int = SERVICE_RESTART, reason: str = "restart") -> bytes:
    """The last bytes of a stream that is to be resumed elsewhere, after `wait_ms`. `code` and `reason` are a
    WebSocket's."""
    wire = cast(Wire, variant)
    if wire.transport == "ws":
        return b"" if wire.framing == "ws" else close_frame(code, reason)
    return sse_bytes(retry_event(wait_ms), wire.framing) + _close(wire, reason)


def retry_event(wait_ms: int) -> bytes:
    """The wait before the next connection of an event stream, in ms: as the field that `EventSource` obeys, and
    as an event, because scripts cannot read the field."""
    data = json.dumps({"kind": "retry", "retry_ms": wait_ms}, separators=(",", ":")).encode()
    return b"retry: %d\nevent: retry\ndata: %b\n\n" % (wait_ms, data)


def _close(wire: Wire, reason: str) -> bytes:
    """What ends the HTTP body or the WebSocket, where that is in our hands."""
    if wire.framing.endswith("chunked"):
        return LAST_CHUNK
    if wire.framing in ("ws.framed", "ws.deflated"):
        return close_frame(SERVICE_RESTART, reason)
    return b""


SIGNALS = Signals(beat=beat, reset=reset, farewell=farewell)
