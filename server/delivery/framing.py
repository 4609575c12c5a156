"""Changes as bytes: the JSON of a change for a view, framed for a transport. Each is made once and shared.

A *view* is what is in the JSON: `html` for pages, `json` for programs. A *framing* is what stands around it:

- `json`: the JSON text and a comma, for `/changes`
- `sse`, `sse.gzip`: an event of the event stream (HTML Living Standard §9.2), plain or compressed
- `sse.chunked`, `sse.gzip.chunked`: the same in a chunk of HTTP/1.1 (RFC 9112 §7.1), for the bare connection
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
from typing import Literal, NamedTuple, Protocol, TypeAlias, cast

from server.domain.change import Change
from server.hub.history import Encode, Item, Variant
from server.hub.hub import Signals

View: TypeAlias = Literal["html", "json"]
Framing: TypeAlias = Literal[
    "json", "sse", "sse.gzip", "sse.chunked", "sse.gzip.chunked", "ws", "ws.framed", "ws.deflated"
]
VIEWS: tuple[View, ...] = ("html", "json")
LEVEL = 6
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""RFC 1952 §2.3: deflate, no flags, no time, unknown system. Sent once, before the first frame."""
SERVICE_RESTART = 1012


class Wire(NamedTuple):
    """The hub's `Variant`: which bytes a listener gets."""

    view: View
    framing: Framing


class Rendering(Protocol):
    """Who turns changes into HTML; see web/pages/render.py."""

    def entry(self, change: Change) -> str: ...
    def key_event(self, change: Change) -> str: ...
    def furniture(self, change: Change) -> str: ...


def encoder(rendering: Rendering) -> Encode:
    """A function that encodes one change for a `Wire`; what several framings share is made once."""

    def encode(item: Item, variant: Variant) -> bytes:
        wire = cast(Wire, variant)
        text = item.encoded.get(wire.view)
        if text is None:
            text = item.encoded[wire.view] = payload(item.change, wire.view, rendering)
        change = item.change
        return frame(wire.framing, text, event=change.kind, position=str(change.position))

    return encode


def payload(change: Change, view: View, rendering: Rendering) -> bytes:
    """The JSON of a change as docs/protocol.md describes it."""
    data = change.data
    body: dict[str, object] = {
        "position": str(change.position),
        "kind": change.kind,
        "id": change.id,
        "revision": change.revision,
    }
    if "number" in data:
        body |= {"number": data["number"], "pinned": data.get("pinned", False)}
    if change.kind == "blog":
        body["status"] = data["status"]
    if view == "json":
        name = "blog" if change.kind == "blog" else "entry"
        body[name] = {k: v for k, v in data.items() if k not in ("slug", "language", "time_zone")}
        if change.kind == "blog":
            body["blog"] = data
    elif change.kind == "blog":
        body["html"] = rendering.furniture(change)
    elif "number" in data:
        body |= {"html": rendering.entry(change), "key_html": rendering.key_event(change)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


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


LAST_CHUNK = b"0\r\n\r\n"


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
    squeezer = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
    return squeezer.compress(data) + squeezer.flush(flush)


PING = websocket_frame(0x89, b"sp")
_BEAT = b'{"kind":"beat"}'
_beats: dict[Wire, bytes] = {}


def beat(variant: Variant) -> bytes:
    """A heartbeat that scripts can see, without a position; for bare WebSockets with a ping before it."""
    wire = cast(Wire, variant)
    data = _beats.get(wire)
    if data is None:
        data = frame(wire.framing, _BEAT, event="beat", position=None)
        if wire.framing in ("ws.framed", "ws.deflated"):
            data = PING + data
        _beats[wire] = data
    return data


def reset(variant: Variant, position: str | None = None) -> bytes:
    """Load afresh. With `position`, where the feed stands now."""
    wire = cast(Wire, variant)
    body = {"kind": "reset"} | ({"position": position} if position else {})
    data = frame(wire.framing, json.dumps(body).encode(), event="reset", position=position)
    return data + ending(wire)


def farewell(variant: Variant, wait_ms: int) -> bytes:
    """The last bytes of a stream that shall be resumed elsewhere, after `wait_ms`."""
    wire = cast(Wire, variant)
    if wire.framing.startswith("ws"):
        return close_frame(SERVICE_RESTART, "restart") if wire.framing != "ws" else b""
    return sse_bytes(b"retry: %d\n\n" % wait_ms, wire.framing) + ending(wire)


def opening(retry_ms: int, at: str | None) -> bytes:
    """The first lines of an event stream: how long to wait before coming back and, for who came without one,
    a position. An event without data sets the position and dispatches nothing."""
    place = f"id: {at}\n" if at else ""
    return f"retry: {retry_ms}\n{place}\n".encode()


def hello(epoch: str, seq: int) -> bytes:
    """The first message on a WebSocket: where it stands."""
    return b'{"kind":"hello","position":"%b.%d"}' % (epoch.encode(), seq)


@functools.lru_cache(maxsize=1024)
def first_event(framing: Framing, retry_ms: int, at: str | None) -> bytes:
    """`opening` in its framing. Many come to the same place: it is compressed once."""
    return sse_bytes(opening(retry_ms, at), framing)


@functools.lru_cache(maxsize=1024)
def first_message(framing: Framing, epoch: str, seq: int) -> bytes:
    """`hello` in its framing, likewise."""
    return websocket_message(hello(epoch, seq), framing)


def ending(wire: Wire) -> bytes:
    """What ends the HTTP body or the WebSocket."""
    if wire.framing.endswith("chunked"):
        return LAST_CHUNK
    if wire.framing in ("ws.framed", "ws.deflated"):
        return close_frame(SERVICE_RESTART, "reset")
    return b""


SIGNALS = Signals(beat=beat, reset=reset, farewell=farewell)
